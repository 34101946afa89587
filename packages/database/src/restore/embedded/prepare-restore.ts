import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import {
  adoptRestored,
  type ClusterState,
  cancelTakeover,
  embeddedMajorVersion,
  prepareTakeover,
  readTakeover,
  removeAbandonedScratch,
  removeScratchDirectory,
  restoreConfiguration,
  syncDataDirectory,
  type Takeover,
} from '@holdfast/postgres/cluster';
import { type Examination, examineRestored } from '../drill/examine-restored.ts';
import { withoutLosing } from '../lost-beside.ts';
import { type MaterializeBackupOptions, materializeBackup } from '../materialize-backup.ts';
import type { MaterializedBackup } from '../materialized-backup.ts';

export interface PrepareOptions
  extends Pick<
    MaterializeBackupOptions,
    'repository' | 'backup' | 'archive' | 'target' | 'programs' | 'jobs' | 'signal' | 'onProgress'
  > {
  /** The state directory. */
  readonly home: string;
  /** From `placeRestore`. */
  readonly cluster: ClusterState;
  readonly sharedDir: string | undefined;
  /** Whether to go on when the restored database is not as its manifest says. */
  readonly acceptProblems: boolean;
}

export interface PreparedRestore {
  readonly takeover: Takeover;
  readonly examination: Examination;
  readonly reached: MaterializedBackup['reached'];
}

export const SCRATCH_PREFIX = 'restore-';

/**
 * Restores a backup beside the embedded database, examines it and makes it ready to take over; the old one is not touched and may
 * be running. @throws HoldfastError `restore_refused`, `restore_failed`, `backup_damaged`: nothing is left then
 */
export async function prepareRestore(options: PrepareOptions): Promise<PreparedRestore> {
  const { home, cluster, backup } = options;
  await requireEmbedded(options);
  const parent = dirname(cluster.dataDir);
  await removeAbandonedScratch(parent, SCRATCH_PREFIX);
  const id = newRestoreId();
  const directory = join(parent, `${SCRATCH_PREFIX}${id}`);
  try {
    const { examination, reached } = await restoreBeside(options, directory);
    const { point } = backup.manifest;
    const takeover = await prepareTakeover(home, {
      id,
      dataDir: cluster.dataDir,
      prepared: join(directory, 'data'),
      scratch: directory,
      replaced: `${cluster.dataDir}.replaced-${id}`,
      what: `backup ${backup.manifest.id}`,
      restoredTo: restoredTo(options, reached) ?? point.snapshotAt,
    });
    return { takeover, examination, reached };
  } catch (error) {
    await removeScratchDirectory(directory);
    throw error;
  }
}

/** Gives up what was prepared, unless it is taking over by now. */
export async function discardRestore(home: string, { id, scratch }: Takeover): Promise<void> {
  const current = await readTakeover(home);
  if (current?.id !== id || current.state !== 'prepared') return;
  await cancelTakeover(home);
  if (scratch !== null) await removeScratchDirectory(scratch);
}

export function newRestoreId(): string {
  return `${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(2).toString('hex')}`;
}

async function requireEmbedded({ backup }: PrepareOptions): Promise<void> {
  const { manifest } = backup;
  const [major, embedded] = [
    String(Math.floor(manifest.server.versionNumber / 10_000)),
    await embeddedMajorVersion(),
  ];
  if (major === embedded) return;
  const message = `Backup ${manifest.id} is of PostgreSQL ${major}, and the embedded one is ${embedded}: its files cannot be used. A logical backup can`;
  throw new HoldfastError('restore_refused', message);
}

async function restoreBeside(
  options: PrepareOptions,
  directory: string,
): Promise<Omit<PreparedRestore, 'takeover'>> {
  const { home, cluster, sharedDir, signal, jobs, target, onProgress } = options;
  const password = new URL(cluster.superuserUrl).password;
  const place = { systemUser: cluster.systemUser, sharedDir };
  const restored = await materializeBackup({
    ...options,
    ...place,
    directory,
    purpose: 'takeover',
    password,
  });
  try {
    await requireConfiguration(restored);
    const examination = await withoutLosing(restored, () =>
      examineRestored(restored, {
        jobs,
        signal,
        compare: target.kind === 'backup',
        onProgress: step => onProgress({ step }),
      }),
    );
    if (examination.problems.length > 0 && !options.acceptProblems) throw damaged(options, examination);
    await withoutLosing(restored, () => adoptRestored(home, restored.superuserUrl));
    await restored.stop();
    await restoreConfiguration(restored.dataDir);
    onProgress({ step: 'writing it through to the disk' });
    const majorVersion = await embeddedMajorVersion();
    await syncDataDirectory({ ...place, dataDir: restored.dataDir, majorVersion });
    return { examination, reached: restored.reached };
  } catch (error) {
    await restored.discard();
    throw error;
  }
}

/** The configuration goes with the directory, so it must be one that Holdfast made. */
async function requireConfiguration({ dataDir, manifest }: MaterializedBackup): Promise<void> {
  const own = await access(join(dataDir, 'holdfast.conf')).then(
    () => true,
    () => false,
  );
  if (own) return;
  const message = `Backup ${manifest.id} is of a PostgreSQL that Holdfast did not set up, so it cannot become the embedded one. Restore it with --database-url, or drill it to look into it`;
  throw new HoldfastError('restore_refused', message);
}

function restoredTo(
  { target, backup }: PrepareOptions,
  reached: MaterializedBackup['reached'],
): string | undefined {
  return target.kind === 'backup' ? backup.manifest.point.snapshotAt : (reached?.lastCommitAt ?? undefined);
}

function damaged({ backup }: PrepareOptions, { problems }: Examination): HoldfastError {
  const [first] = problems;
  const more = problems.length > 1 ? ` and ${problems.length - 1} more` : '';
  const message = `Backup ${backup.manifest.id} was restored beside and is not sound: ${first?.subject}: ${first?.message}${more}. Nothing was changed. Choose another backup, or take this one as it is with --accept-problems`;
  return new HoldfastError('backup_damaged', message, { details: { problems } });
}
