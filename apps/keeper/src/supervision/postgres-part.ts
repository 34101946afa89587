import { stat } from 'node:fs/promises';
import type { Cluster } from '@holdfast/postgres/cluster';
import type { HomePaths } from '../home/home.ts';
import { describeExit, type Exit } from '../process/exit.ts';
import { readLogTail, reasonFromLog } from '../process/log-reason.ts';
import type { Part, PartProcess } from './part.ts';

export interface PostgresPartOptions {
  readonly paths: HomePaths;
  /** Starts or adopts the embedded PostgreSQL. */
  readonly start: () => Promise<Cluster>;
  readonly onCluster: (cluster: Cluster) => void;
}

/** The embedded PostgreSQL as a supervised part. */
export function createPostgresPart({ paths, start, onCluster }: PostgresPartOptions): Part {
  let logOffset = 0;
  return {
    name: 'postgres',
    launch: async () => {
      logOffset = await fileSize(paths.postgresLog);
      const cluster = await start();
      onCluster(cluster);
      return clusterProcess(cluster);
    },
    explain: async exit => explainPostgresExit(exit, await readLogTail(paths.postgresLog, logOffset)),
  };
}

function clusterProcess(cluster: Cluster): PartProcess {
  return {
    pid: cluster.pid,
    adopted: cluster.adopted,
    exited: cluster.exited,
    kill: () => void cluster.stop('immediate').catch(() => undefined),
    stop: async hurry => {
      if (hurry.aborted) return cluster.stop('immediate');
      hurry.addEventListener('abort', () => void cluster.stop('immediate').catch(() => undefined), {
        once: true,
      });
      await cluster.stop('fast');
    },
  };
}

function explainPostgresExit(exit: Exit, log: string): string {
  const why = reasonFromLog(log);
  return `PostgreSQL ${describeExit(exit)}${why === undefined || exit.signal !== null ? '' : `: ${why}`}`;
}

async function fileSize(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
