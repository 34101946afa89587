import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError, systemClock } from '@holdfast/core';
import { makeDirectory } from '../make-directory.ts';
import { awaitReady } from './await-ready.ts';
import { findBinaries } from './binaries.ts';
import type { Cluster, StartClusterOptions } from './cluster.ts';
import { type HomeLock, lockHome } from './home-lock.ts';
import { initializeDataDir, isInitialized } from './initialize.ts';
import { launch } from './launch.ts';
import { type Placement, placeCluster, recordedDataDir } from './placement.ts';
import { type Postmaster, stopPostmaster, watchPostmaster } from './postmaster.ts';
import {
  findPostmaster,
  type PostmasterFile,
  readPostmasterFile,
  removeStalePostmasterFile,
} from './postmaster-file.ts';
import { provision } from './provision.ts';
import { resetSuperuserPassword } from './reset-password.ts';
import { remember, type Start, superuserUrl } from './start.ts';
import { type ClusterRecord, newPasswords, readRecord, toState } from './state-file.ts';
import { isRoot } from './system-user.ts';
import { settleTakeover } from './takeover.ts';

const SHARED_DIR = '/var/lib/holdfast';

/**
 * Starts the embedded PostgreSQL of a state directory, or adopts it when it runs already: makes the database at the
 * first start, recovers after a crash, and never touches a directory that is not its own. The state directory is this
 * process's until the cluster is stopped, ends, or is detached. Throws `home_in_use`, `port_in_use` (only for a port
 * that was asked for) or `cluster_failed`.
 */
export async function startCluster(options: StartClusterOptions): Promise<Cluster> {
  const home = await makeHome(options.home);
  const lock = options.lock ?? (await lockHome(home));
  try {
    const start = await prepare(home, options);
    const { postmaster, adopted } = await adoptOrStart(start);
    if (!start.record.provisioned) await makeDatabase(start);
    return toCluster(start, postmaster, adopted, options.lock === undefined ? lock : undefined);
  } catch (error) {
    if (options.lock === undefined) await lock.release();
    throw error;
  }
}

/** Ends the embedded PostgreSQL of a state directory, whoever started it. Resolves to false when none was running. */
export async function stopCluster(home: string, mode: 'fast' | 'immediate' = 'fast'): Promise<boolean> {
  const record = await readRecord(home);
  if (record === undefined) return false;
  const { dataDir } = toState(home, record);
  const running = await findPostmaster(dataDir);
  if (running === undefined) return false;
  await stopPostmaster(await watchPostmaster(running.pid, dataDir), mode, systemClock);
  return true;
}

/** Ordinary users keep the directory to themselves; root lets others pass through it, so that PostgreSQL can live inside. */
async function makeHome(path: string): Promise<string> {
  await makeDirectory(resolve(path), isRoot() ? 0o711 : 0o700);
  return realpath(path);
}

async function prepare(home: string, options: StartClusterOptions): Promise<Start> {
  const { systemUser, sharedDir = SHARED_DIR } = options;
  const settled = await settleTakeover(home);
  if (settled !== undefined) options.onProgress?.(settled);
  const found = await readRecord(home);
  const placement = await placeCluster({ home, record: found, systemUser, sharedDir });
  return {
    home,
    requestedPort: options.port ?? 0,
    settings: options.settings ?? {},
    onProgress: options.onProgress ?? (() => undefined),
    clock: systemClock,
    placement,
    binaries: await findBinaries(placement.user, sharedDir),
    isNew: found === undefined,
    record: { ...(found ?? newRecord(home, placement)), systemUser: placement.user?.name ?? null },
  };
}

function newRecord(home: string, { dataDir }: Placement): ClusterRecord {
  return {
    version: 1,
    dataDir: recordedDataDir(home, dataDir),
    port: 0,
    systemUser: null,
    passwords: newPasswords(),
    provisioned: false,
  };
}

async function adoptOrStart(start: Start): Promise<{ postmaster: Postmaster; adopted: boolean }> {
  const running = await findPostmaster(start.placement.dataDir);
  const postmaster = running === undefined ? undefined : await adopt(start, running);
  if (postmaster !== undefined) return { postmaster, adopted: true };
  await prepareDataDir(start);
  return { postmaster: await launch(start), adopted: false };
}

/** Undefined when the running server could not be kept and was stopped. */
async function adopt(start: Start, running: PostmasterFile): Promise<Postmaster | undefined> {
  const { onProgress, clock, requestedPort, placement } = start;
  const postmaster = await watchPostmaster(running.pid, placement.dataDir);
  const isWrongPort = requestedPort !== 0 && running.port !== undefined && running.port !== requestedPort;
  if (start.isNew || isWrongPort) {
    onProgress(`restarting PostgreSQL (pid ${running.pid})`);
    await stopPostmaster(postmaster, 'fast', clock);
    return undefined;
  }
  onProgress(`adopting PostgreSQL (pid ${running.pid})`);
  await remember(start, { port: running.port ?? start.record.port });
  const readiness = await awaitReady({ ...start, postmaster, superuserUrl: superuserUrl(start) });
  if (readiness === 'ready') return postmaster;
  onProgress(`restarting PostgreSQL (pid ${running.pid}), which does not answer`);
  await stopPostmaster(postmaster, 'immediate', clock);
  return undefined;
}

/** Leaves a data directory that a server can start on, and a cluster.json with its passwords. */
async function prepareDataDir(start: Start): Promise<void> {
  const { placement, binaries, record, onProgress, clock } = start;
  const { dataDir, user } = placement;
  const { superuser: password } = record.passwords;
  if (!(await isInitialized(dataDir, binaries.majorVersion))) {
    if (record.provisioned) throw dataDirGone(start);
    await remember(start, {});
    onProgress('creating the database');
    const durable = start.settings.fsync !== 'off';
    return initializeDataDir({ dataDir, user, binaries, password, durable });
  }
  if ((await readPostmasterFile(dataDir)) !== undefined) {
    onProgress('cleaning up after an unclean stop');
    await removeStalePostmasterFile(dataDir, clock);
  }
  if (!start.isNew) return;
  onProgress('making new passwords, since cluster.json is gone');
  await resetSuperuserPassword(binaries, user, dataDir, password);
  await remember(start, {});
}

function dataDirGone({ home, placement }: Start): HoldfastError {
  const message = `The database directory ${placement.dataDir} is gone, although ${home}/cluster.json knows of it. Bring it back; or, to begin with an empty database, remove cluster.json`;
  return new HoldfastError('cluster_failed', message);
}

async function makeDatabase(start: Start): Promise<void> {
  start.onProgress('creating roles');
  await provision(toState(start.home, start.record), start.record.passwords);
  await remember(start, { provisioned: true });
}

function toCluster(
  { home, record, clock }: Start,
  postmaster: Postmaster,
  adopted: boolean,
  lock: HomeLock | undefined,
): Cluster {
  const release = async (): Promise<void> => lock?.release();
  void postmaster.exited.then(release);
  return {
    ...toState(home, record),
    pid: postmaster.pid,
    adopted,
    exited: postmaster.exited,
    stop: async (mode = 'fast') => {
      await stopPostmaster(postmaster, mode, clock);
      await release();
    },
    detach: release,
  };
}
