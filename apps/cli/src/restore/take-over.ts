import { HoldfastError, isHoldfastError, systemClock } from '@holdfast/core';
import { discardRestore, switchRestore } from '@holdfast/database/restore';
import { cleanUpServer, epochRecorder, findRunningKeeper, homePaths } from '@holdfast/keeper';
import { connect, sql } from '@holdfast/postgres';
import {
  type ClusterState,
  lockHome,
  readClusterState,
  startCluster,
  stopCluster,
  type Takeover,
} from '@holdfast/postgres/cluster';
import type { Configuration } from '../env.ts';
import type { Terminal } from '../terminal.ts';
import { version } from '../version.ts';
import { askKeeper, untilApiServes } from './ask-keeper.ts';

export interface TakeOverOptions {
  readonly configuration: Configuration;
  readonly terminal: Terminal;
  readonly cluster: ClusterState;
  readonly takeover: Takeover;
  readonly signal: AbortSignal;
}

/**
 * Lets what was prepared take over: through the keeper that runs on the state directory, or, without one, here. Resolves
 * to what is to be told when the API does not serve on it yet.
 */
export async function takeOver(options: TakeOverOptions): Promise<string | undefined> {
  const { configuration, terminal, takeover, signal } = options;
  const { home } = configuration;
  const keeper = findRunningKeeper(homePaths(home));
  let restarts: number;
  try {
    if (keeper === undefined) {
      await takeOverHere(options);
      return undefined;
    }
    terminal.progress(`asking the keeper (pid ${keeper.run.pid}) to switch`);
    restarts = await askKeeper({ home, run: keeper.run }, takeover.id);
    terminal.progress('waiting until it serves');
  } catch (error) {
    // a keeper that was lost may be at it still; what it leaves is settled by the next start
    if (!isHoldfastError(error, 'upstream_unavailable')) await discardRestore(home, takeover);
    throw error;
  }
  await untilServed(options);
  return untilApiServes({ home, run: keeper.run }, signal, restarts);
}

const SERVED_MS = 120_000;
const POLL_MS = 100;

/** The keeper answers when the switch is done, and starts PostgreSQL after it: who is told that it is done can use it. */
async function untilServed({ configuration, signal }: TakeOverOptions): Promise<void> {
  const { home } = configuration;
  const until = systemClock.monotonic() + SERVED_MS;
  for (;;) {
    const url = (await readClusterState(home))?.appUrl;
    try {
      return await prove(url ?? '');
    } catch (cause) {
      if (signal.aborted) throw notWaitedFor(cause);
      if (systemClock.monotonic() >= until) throw notServed(home, cause);
    }
    await systemClock.sleep(POLL_MS, signal).catch(() => undefined);
  }
}

function notWaitedFor(cause: unknown): HoldfastError {
  const message =
    'Interrupted after the restored database has taken over, before it answered. holdfast status tells whether it serves; holdfast restore --undo --yes brings the former one back';
  return new HoldfastError('interrupted', message, { cause });
}

function notServed(home: string, cause: unknown): HoldfastError {
  const message = `The restored database has taken over and does not answer within ${SERVED_MS / 1_000} s. holdfast status and ${home}/logs/postgres.log say why; holdfast restore --undo --yes brings the former one back`;
  return new HoldfastError('database_unavailable', message, { cause });
}

async function takeOverHere(options: TakeOverOptions): Promise<void> {
  const { configuration, terminal, cluster, takeover, signal } = options;
  const { home, settings } = configuration;
  const lock = await lockHome(home);
  try {
    await cleanUpServer(homePaths(home), { clock: systemClock, graceMs: settings.drainTimeout });
    const ran = await stopCluster(home);
    await switchRestore({
      home,
      takeover,
      cluster,
      sharedDir: settings.postgresDir,
      recordEpoch: epochRecorder({ home, settings, version: version() }),
      clock: systemClock,
      signal,
      onProgress: terminal.progress,
    });
    const started = await startCluster({
      home,
      port: settings.postgresPort,
      systemUser: settings.postgresUser,
      sharedDir: settings.postgresDir,
      lock,
      onProgress: terminal.progress,
    });
    await prove(started.appUrl);
    if (!ran) await started.stop();
  } finally {
    await lock.release();
  }
}

/** One round trip as the application makes it. */
async function prove(url: string): Promise<void> {
  const connection = await connect({ url, applicationName: 'holdfast restore' });
  try {
    await connection.one(sql`select 1 as alive`);
  } finally {
    await connection.close();
  }
}
