import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError, systemClock } from '@holdfast/core';
import type { Binaries } from './binaries.ts';
import { stopPostmaster } from './postmaster.ts';
import { removeStalePostmasterFile } from './postmaster-file.ts';
import type { ScratchCluster, ScratchClusterOptions, ScratchPlace } from './scratch-cluster.ts';
import { launchScratch, type ScratchRun } from './scratch-launch.ts';
import { type OpenScratch, setScratchPassword } from './scratch-password.ts';
import { chooseSystemUser, isRoot, ownerOf, type SystemUser } from './system-user.ts';
import { findVersionBinaries } from './version-binaries.ts';

const SHARED_DIR = '/var/lib/holdfast';

/**
 * Starts PostgreSQL on a data directory, which may be of any major version whose programs are there, and waits until
 * recovery has ended. It listens on a free port of the loopback interface, asks for a new password, and reads nothing of
 * the configuration in the data directory: see scratch-configuration.ts. Throws `cluster_failed` with the end of the
 * log; then nothing runs.
 */
export async function startScratchCluster(options: ScratchClusterOptions): Promise<ScratchCluster> {
  options.signal.throwIfAborted();
  const user = await scratchUser(options);
  const binaries = await scratchBinaries(options, user);
  const socketDir = await makeSocketDir(user);
  const clock = options.clock ?? systemClock;
  const run: ScratchRun = {
    options,
    binaries,
    user,
    runDir: `${options.dataDir}.run`,
    socketDir,
    clock,
  };
  try {
    await removeStalePostmasterFile(options.dataDir, clock);
    const started = await launchScratch(run);
    return toCluster(run, await setScratchPassword(run, started, newPassword(options)));
  } catch (error) {
    await removeRunFiles(run);
    throw error;
  }
}

/** The system user that runs the programs on a data directory: its owner, unless that is root. Undefined: this process's. */
export async function scratchUser({
  dataDir,
  systemUser,
}: Pick<ScratchPlace, 'dataDir' | 'systemUser'>): Promise<SystemUser | undefined> {
  if (!isRoot()) return undefined;
  const owner = await ownerOf(dataDir).catch(() => undefined);
  return owner === undefined || owner.uid === 0 ? chooseSystemUser(systemUser) : owner;
}

async function scratchBinaries(
  { dataDir, sharedDir = SHARED_DIR, binDir }: ScratchPlace,
  user: SystemUser | undefined,
): Promise<Binaries> {
  const majorVersion = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (majorVersion === '') {
    throw new HoldfastError('cluster_failed', `${dataDir} is not a database directory: it has no PG_VERSION`);
  }
  return findVersionBinaries({ majorVersion, user, sharedDir, binDir });
}

function newPassword({ password }: ScratchClusterOptions): string {
  return password ?? randomBytes(24).toString('base64url');
}

/** Short, since the path of a socket is limited to 107 bytes, and closed to everybody but the server's user. */
async function makeSocketDir(user: SystemUser | undefined): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-'));
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  return directory;
}

async function removeRunFiles({ runDir, socketDir }: ScratchRun): Promise<void> {
  await Promise.all([runDir, socketDir].map(path => rm(path, { recursive: true, force: true })));
}

function toCluster(run: ScratchRun, { postmaster, port, superuserUrl }: OpenScratch): ScratchCluster {
  let stopped: Promise<void> | undefined;
  const stop = async (mode: 'fast' | 'immediate'): Promise<void> => {
    await stopPostmaster(postmaster, mode, run.clock);
    await removeRunFiles(run);
  };
  return {
    dataDir: run.options.dataDir,
    port,
    pid: postmaster.pid,
    superuserUrl,
    exited: postmaster.exited,
    stop: (mode = 'fast') => {
      stopped ??= stop(mode);
      return stopped;
    },
  };
}
