import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, HoldfastError } from '@holdfast/core';
import type { ClusterInspection } from './cluster.ts';
import { isErrno } from './files.ts';
import { findPostgresOn, isPostgresOn } from './process-info.ts';
import { dataDirOf, readRecord } from './state-file.ts';

/** What a server writes into its data directory while it runs (src/include/utils/pidfile.h). */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number | undefined;
  /** `starting`, `ready`, `standby`, `stopping`; undefined in the first moments. */
  readonly status: string | undefined;
}

export async function readPostmasterFile(dataDir: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(postmasterPath(dataDir), 'utf8').catch(error => {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
  });
  const lines = text?.split('\n') ?? [];
  // a negative number is a standalone backend
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10));
  if (!(pid > 0)) return undefined;
  const port = Number.parseInt(lines[3] ?? '', 10);
  return { pid, port: port > 0 ? port : undefined, status: lines[7]?.trim() };
}

/** The server that runs on a data directory, found through its own file and confirmed by the system. */
export async function findPostmaster(dataDir: string): Promise<PostmasterFile | undefined> {
  const file = await readPostmasterFile(dataDir);
  return file !== undefined && (await isPostgresOn(dataDir, file.pid)) ? file : undefined;
}

/** Says in which state the embedded PostgreSQL of a state directory is. Changes nothing. */
export async function inspectCluster(home: string): Promise<ClusterInspection> {
  const record = await readRecord(home);
  if (record === undefined) return { state: 'absent' };
  const dataDir = dataDirOf(home, record);
  const file = await readPostmasterFile(dataDir);
  if (file === undefined) return { state: 'stopped' };
  return { state: (await isPostgresOn(dataDir, file.pid)) ? 'running' : 'stale-pid', pid: file.pid };
}

const ORPHANS_MS = 10_000;
const POLL_MS = 20;

/**
 * Removes the postmaster.pid that a killed server left, so that its process number, which another program may have got
 * by now, does not keep the next server from starting. Two servers on one data directory would destroy it, so it first
 * waits for the killed one's children, who end by themselves, and throws `cluster_failed` when they do not.
 */
export async function removeStalePostmasterFile(dataDir: string, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + ORPHANS_MS;
  for (;;) {
    const orphans = await findPostgresOn(dataDir);
    if (orphans.length === 0) break;
    if (clock.monotonic() >= deadline) {
      const message = `The PostgreSQL on ${dataDir} was killed but processes of it are left: ${orphans.join(', ')}. End them and start again`;
      throw new HoldfastError('cluster_failed', message, { details: { pids: orphans } });
    }
    await clock.sleep(POLL_MS);
  }
  await rm(postmasterPath(dataDir), { force: true });
}

function postmasterPath(dataDir: string): string {
  return join(dataDir, 'postmaster.pid');
}
