import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, startCluster } from '@holdfast/postgres/cluster';

/** The embedded PostgreSQL of a run, on a port that stays, durable as in production. */
export interface Postgres {
  cluster(): Cluster;
  start(): Promise<void>;
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  /** SIGKILL: not even crash handlers run. */
  kill(): Promise<void>;
  /** Suspends every process of it for a while. */
  freeze(ms: number): Promise<void>;
  killNow(): void;
}

const START_TRIES = 20;

export async function startPostgres(home: string, sharedDir: string): Promise<Postgres> {
  const settings = { shared_buffers: '64MB' };
  let cluster = await startCluster({ home, sharedDir, settings });
  const { port } = cluster;
  const start = async (): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        cluster = await startCluster({ home, sharedDir, settings, port });
        return;
      } catch (error) {
        // Backends of a killed postmaster may hold the shared memory for a moment.
        if (attempt === START_TRIES) throw error;
        await delay(250);
      }
    }
  };
  return {
    cluster: () => cluster,
    start,
    stop: mode => cluster.stop(mode),
    kill: async () => {
      process.kill(cluster.pid, 'SIGKILL');
      await cluster.exited;
    },
    freeze: async ms => {
      const frozen = await suspend(cluster.pid);
      await delay(ms).finally(() => signalAll(frozen, 'SIGCONT'));
    },
    killNow: () => signalAll([cluster.pid], 'SIGQUIT'),
  };
}

/** The postmaster first, so that no further backend appears. */
async function suspend(postmaster: number): Promise<number[]> {
  process.kill(postmaster, 'SIGSTOP');
  const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').catch(() => '');
  const pids = children.trim().split(/\s+/).filter(Boolean).map(Number);
  signalAll(pids, 'SIGSTOP');
  return [...pids, postmaster];
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // it has ended
    }
  }
}
