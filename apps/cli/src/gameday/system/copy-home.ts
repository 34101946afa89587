import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { journalPath } from '@holdfast/auth';
import { keyringPath } from '@holdfast/auth/tokens';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { markOwned } from '@holdfast/database/backup';
import type { Launcher } from '@holdfast/keeper';
import { inspectCluster, readClusterState } from '@holdfast/postgres/cluster';
import { COPY_PREFIX, removeAbandonedCopies } from './abandoned-copies.ts';
import { directoryBytes, requireSpace } from './free-space.ts';
import { createRunHoldfast, failureOf } from './holdfast-child.ts';
import { removeCopy } from './remove-copy.ts';

const run = promisify(execFile);

/** What a game day is played on a copy of. */
export type Original =
  | { readonly kind: 'fresh' }
  | {
      readonly kind: 'home';
      readonly home: string;
      /** The file, or the keyring itself as JSON. */
      readonly keyring: string;
      readonly journal: string;
    };

export interface CopyOptions {
  readonly original: Original;
  /** Where the copy is made. */
  readonly place: string;
  /** Whether the copy is somebody's afterwards, and not to be removed. */
  readonly keep: boolean;
  readonly launcher: Launcher;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** A state directory of its own. */
export interface CopiedHome {
  readonly home: string;
  readonly from: 'fresh' | 'cold copy' | 'backup';
}

/**
 * Makes the state directory that is played on, with the keys, the passwords and the database of the original: of a stopped one by copying
 * its data directory, of a running one by a backup that is restored. Nothing is written to the original. Removes what it began when it fails.
 */
export async function copyHome(options: CopyOptions): Promise<CopiedHome> {
  const { original, place, keep } = options;
  const cluster = original.kind === 'home' ? await readClusterState(original.home) : undefined;
  await removeAbandonedCopies(options);
  await requireSpace(place, cluster === undefined ? 0 : await directoryBytes(cluster.dataDir));
  const home = await mkdtemp(join(place, COPY_PREFIX));
  try {
    if (!keep) await markOwned(home, new Date(options.now()));
    // run by root, PostgreSQL is another user and must get in
    if (process.getuid?.() === 0) await chmod(home, 0o711);
    if (original.kind === 'fresh') return { home, from: 'fresh' };
    if (cluster === undefined) throw noDatabase(original.home);
    await copyFiles(original, home);
    const { state } = await inspectCluster(original.home);
    if (state === 'running') await copyByBackup(options, original.home, home);
    else await copyCold(original.home, cluster.dataDir, home);
    return { home, from: state === 'running' ? 'backup' : 'cold copy' };
  } catch (error) {
    await removeCopy(home);
    throw error;
  }
}

function noDatabase(home: string): HoldfastError {
  return new HoldfastError(
    'not_running',
    `There is no embedded database in ${home} to play on a copy of. Use --fresh for a new one.`,
  );
}

/** Keys, passwords and revocations, as private as they were; the data directory is inside, on a port of its own. */
async function copyFiles(original: Extract<Original, { kind: 'home' }>, home: string): Promise<void> {
  const { keyring } = original;
  const keys = keyring.trimStart().startsWith('{') ? keyring : await readFile(keyring, 'utf8');
  await writeFile(keyringPath(home), keys, { mode: 0o600 });
  await copyPrivate(original.journal, journalPath(home)).catch(error => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  const record = JSON.parse(await readFile(join(original.home, 'cluster.json'), 'utf8')) as object;
  const copied = { ...record, dataDir: 'postgres', port: 0 };
  await writeFile(join(home, 'cluster.json'), `${JSON.stringify(copied)}\n`, { mode: 0o600 });
}

async function copyPrivate(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o600);
}

/** With owners and modes. Somebody who starts the original meanwhile makes the copy worthless. */
async function copyCold(originalHome: string, dataDir: string, home: string): Promise<void> {
  try {
    await run('cp', ['-a', '--', dataDir, join(home, 'postgres')]);
  } catch (error) {
    throw new HoldfastError('internal', `${dataDir} cannot be copied: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  await rm(join(home, 'postgres', 'postmaster.pid'), { force: true });
  if ((await inspectCluster(originalHome)).state === 'running')
    throw new HoldfastError('conflict', `${originalHome} was started while it was copied. Try again`);
}

async function copyByBackup(options: CopyOptions, originalHome: string, home: string): Promise<void> {
  const { launcher, now, signal, progress } = options;
  const places = join(home, 'backups');
  progress('taking a backup of the running system');
  const taken = await createRunHoldfast({ launcher, home: originalHome, now })(
    ['backup', '--engine', 'physical', '--to', places],
    signal,
  );
  if (taken.code !== 0) throw new HoldfastError('backup_failed', `${taken.command}: ${failureOf(taken)}`);
  progress('restoring it beside');
  const restored = await createRunHoldfast({ launcher, home, now })(['restore', 'latest', '--yes'], signal);
  if (restored.code !== 0)
    throw new HoldfastError('restore_failed', `${restored.command}: ${failureOf(restored)}`);
}
