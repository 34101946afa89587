import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '@holdfast/postgres/cluster';

const PAUSE_MS = 20;
const MAX_PAUSES = 100;

export function killQuietly(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // it has ended before
  }
}

/** Ends a PostgreSQL at once, a suspended one as well, and waits for it without anything asynchronous. */
export function killPostgresNow({ pid, dataDir }: Pick<Cluster, 'pid' | 'dataDir'>): void {
  killQuietly(pid, 'SIGQUIT');
  killQuietly(pid, 'SIGCONT');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let pauses = 0; pauses < MAX_PAUSES && existsSync(join(dataDir, 'postmaster.pid')); pauses += 1) {
    Atomics.wait(pause, 0, 0, PAUSE_MS);
  }
}
