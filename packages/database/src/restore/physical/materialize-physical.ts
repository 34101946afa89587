import { join } from 'node:path';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { connect, parseLsn } from '@holdfast/postgres';
import {
  claimScratchDirectory,
  removeScratchDirectory,
  type ScratchCluster,
  scratchUser,
  startScratchCluster,
} from '@holdfast/postgres/cluster';
import type { MaterializeOptions } from '../../backup/backup-engine.ts';
import type { ProgramPlaces } from '../../backup/engines/programs/find-program.ts';
import { checkTarget, rangeOf } from '../check-target.ts';
import { withoutLosing } from '../lost-beside.ts';
import type { MaterializedBackup } from '../materialized-backup.ts';
import { type PhysicalPoint, recoverySettings } from '../recovery-settings.ts';
import { readReached } from './reached-queries.ts';
import { stageHistories, stageWal } from './stage-wal.ts';
import { type UnpackBackupOptions, unpackBackup } from './unpack-backup.ts';

export interface MaterializePhysicalOptions extends MaterializeOptions {
  /** Where pgBackRest is, which alone can unpack what it made. */
  readonly programs: ProgramPlaces;
  /** A directory with the programs of PostgreSQL. */
  readonly binDir?: string | undefined;
  /** The password of the superuser; a random one when it is not given. */
  readonly password?: string | undefined;
}

/**
 * Unpacks a physical backup and lets PostgreSQL recover it up to the target, alone and with its own settings.
 * @throws HoldfastError `restore_refused` for a target out of reach, before anything is made; `restore_failed`, `backup_damaged`:
 *   nothing is left then
 */
export async function materializePhysical(options: MaterializePhysicalOptions): Promise<MaterializedBackup> {
  const { backup, target, directory } = options;
  const point = physicalPoint(options);
  const { id } = backup.manifest;
  if (target.kind !== 'backup') checkTarget(target, { id, point }, (await options.archive?.ranges()) ?? []);
  await claimScratchDirectory(directory);
  try {
    const dataDir = join(directory, 'data');
    const wal = await unpack(options, dataDir, point);
    const cluster = await recover(options, dataDir, wal, point);
    return await materialized(options, cluster);
  } catch (error) {
    await removeScratchDirectory(directory);
    throw explain(error, id);
  }
}

function physicalPoint({ backup }: MaterializeOptions): PhysicalPoint {
  const { point, id } = backup.manifest;
  if (point.kind === 'physical') return point;
  throw new HoldfastError('restore_failed', `Backup ${id} is not a physical one`);
}

/** What recovery gets from the archive. */
interface StagedWal {
  /** Undefined when there is none. */
  readonly walDir: string | undefined;
  /** To follow. */
  readonly timeline: number | 'current';
}

async function unpack(
  options: MaterializePhysicalOptions,
  dataDir: string,
  point: PhysicalPoint,
): Promise<StagedWal> {
  const { repository, backup, directory, signal, target, archive } = options;
  const totalBytes = backup.manifest.files.reduce((sum, file) => sum + (file.originalBytes ?? file.bytes), 0);
  const owner = await scratchUser({ dataDir: directory, systemUser: options.systemUser });
  let doneBytes = 0;
  const onBytes = (bytes: number): void => {
    doneBytes += bytes;
    options.onProgress({ step: 'unpacking', doneBytes, totalBytes });
  };
  const unpacking: UnpackBackupOptions = {
    ...{ directory: dataDir, owner, signal, onBytes, programs: options.programs, jobs: options.jobs },
    tablespaces: options.purpose === 'takeover' ? 'refused' : 'beside',
  };
  await unpackBackup(repository, backup, unpacking);
  const range = archive === undefined ? undefined : rangeOf(point, await archive.ranges());
  const continues =
    range !== undefined && parseLsn(range.toLsn) >= parseLsn(point.consistentLsn ?? point.stopLsn);
  if (archive === undefined) return { walDir: undefined, timeline: 'current' };
  const walDir = join(directory, 'wal');
  if (target.kind === 'backup' || !continues) {
    // so that the timeline that begins with it has a number that none had before
    if (options.purpose === 'takeover') await stageHistories(archive, { ...unpacking, walDir });
    return { walDir: options.purpose === 'takeover' ? walDir : undefined, timeline: 'current' };
  }
  options.onProgress({ step: 'fetching the WAL from the archive' });
  const until = target.kind === 'lsn' ? target.lsn : undefined;
  await stageWal(archive, { ...unpacking, onBytes: () => undefined, walDir, dataDir, point, until });
  return { walDir, timeline: range.timeline };
}

function recover(
  options: MaterializePhysicalOptions,
  dataDir: string,
  { walDir, timeline }: StagedWal,
  point: PhysicalPoint,
): Promise<ScratchCluster> {
  const { directory, systemUser, sharedDir, binDir, password, signal, onProgress } = options;
  return startScratchCluster({
    dataDir,
    systemUser,
    sharedDir,
    binDir,
    password,
    signal,
    logFile: join(directory, 'postgres.log'),
    onProgress: step => onProgress({ step }),
    settings: {
      ...recoverySettings(options.target, point, timeline),
      restore_command: walDir === undefined ? 'false' : `cp ${shellQuote(walDir)}/%f "%p"`,
      // what is to take over is written through to the disk afterwards, in one go
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'off',
    },
  });
}

/** `%` is special in restore_command. */
function shellQuote(path: string): string {
  return `'${path.replaceAll("'", `'\\''`).replaceAll('%', '%%')}'`;
}

async function materialized(
  { backup, target, directory }: MaterializePhysicalOptions,
  cluster: ScratchCluster,
): Promise<MaterializedBackup> {
  try {
    const reached = await withoutLosing(cluster, async () => {
      const connection = await connect({ url: cluster.superuserUrl, applicationName: 'holdfast restore' });
      return readReached(connection).finally(() => connection.close());
    });
    return toMaterialized({ manifest: backup.manifest, target, directory, reached }, cluster);
  } catch (error) {
    await cluster.stop('immediate');
    throw error;
  }
}

/** The handle on a scratch cluster that holds a backup. */
export function toMaterialized(
  facts: Pick<MaterializedBackup, 'manifest' | 'target' | 'reached'> & { readonly directory: string },
  cluster: ScratchCluster,
): MaterializedBackup {
  const { directory, ...kept } = facts;
  return {
    ...kept,
    superuserUrl: cluster.superuserUrl,
    urlOf: database => {
      const url = new URL(cluster.superuserUrl);
      url.pathname = `/${encodeURIComponent(database)}`;
      return url.href;
    },
    dataDir: cluster.dataDir,
    exited: cluster.exited,
    stop: () => cluster.stop('fast'),
    discard: async () => {
      await cluster.stop('immediate');
      await removeScratchDirectory(directory);
    },
  };
}

/** Trouble of this machine is told from trouble of the backup: only the latter speaks against it. */
function explain(error: unknown, id: string): unknown {
  if (!isHoldfastError(error, 'cluster_failed')) return error;
  const message = errorMessage(error);
  if (error.details?.majorVersion !== undefined || message.includes('No space left on device')) {
    return new HoldfastError('restore_refused', `Backup ${id} cannot be restored here: ${message}`, {
      cause: error,
    });
  }
  const why = REASONS.find(([said]) => message.includes(said))?.[1] ?? 'PostgreSQL does not come up on it';
  return new HoldfastError('restore_failed', `Backup ${id} could not be restored. ${why}. ${message}`, {
    cause: error,
  });
}

const REASONS: readonly (readonly [said: string, meaning: string])[] = [
  [
    'PostgreSQL was ended by SIG',
    'Its recovery was cut off, which says nothing of the backup: see what ends processes here, such as a lack of memory, and try again',
  ],
  [
    'recovery ended before configured recovery target was reached',
    'The WAL ends before the point that was asked for',
  ],
  [
    'requested recovery stop point is before consistent recovery point',
    'The point that was asked for is before the end of this backup; choose an older one',
  ],
];
