import { startDailyCleanup } from './cleanup/daily-cleanup.ts';
import type { CleanupSchedule } from './cleanup/schedule-cleanup.ts';
import type { KeeperCore } from './keeper-core.ts';
import type { HealthWatch } from './records/health-watch.ts';
import { type Sampler, startSampler } from './records/sampler.ts';
import { pidOf } from './supervision/part-state.ts';
import { type Reachability, watchReachability } from './supervision/reachability.ts';
import { watchReadiness } from './supervision/readiness.ts';
import { probeServer } from './supervision/upstream.ts';
import { watchHealth } from './watch-health.ts';

/** What the keeper sees of its parts by asking them. */
export interface Observation {
  readonly database: Reachability;
  /** Only of a server that somebody else runs; of its own the supervisor knows. */
  readonly server: Reachability | undefined;
  readonly sampler: Sampler;
  readonly cleanup: CleanupSchedule;
  readonly health: HealthWatch;
  readonly done: Promise<void>;
}

const FAILURES = 3;
const SERVER_TIMEOUT_MS = 2_000;

/** Asks the database, and in the mode `alone` the server, until the keeper stops; takes health samples. */
export function observe(core: KeeperCore): Observation {
  const common = {
    failures: FAILURES,
    incidents: core.incidents,
    clock: core.clock,
    signal: core.stopping.signal,
  };
  const database = watchReachability({
    ...common,
    part: 'postgres',
    intervalMs: core.tuning.databaseProbeMs,
    isWatched: () => core.database.url !== undefined,
    probe: () => core.database.probe(),
  });
  const { upstream } = core;
  const server = watchReachability({
    ...common,
    part: 'server',
    intervalMs: core.tuning.liveness.intervalMs,
    isWatched: () => core.options.mode.kind === 'alone' && upstream.url !== undefined,
    probe: async () => {
      await probeServer(upstream.url ?? '', AbortSignal.timeout(SERVER_TIMEOUT_MS));
      upstream.noteAnswer();
    },
  });
  const { signal } = core.stopping;
  const { intervalMs } = core.tuning.liveness;
  const ready = watchReadiness({ upstream, intervalMs, clock: core.clock, signal });
  const sampler = startSampler({
    file: core.samples,
    intervalMs: core.tuning.sampleMs,
    clock: core.clock,
    signal: core.stopping.signal,
    serverUrl: () => upstream.url,
    serverPid: () => supervisedPid(core, 'server'),
    database: () => database.current,
    databasePid: () => supervisedPid(core, 'postgres'),
  });
  const cleanup = startDailyCleanup(core);
  const health = watchHealth(core, () => sampler.latest?.pool ?? undefined);
  return {
    get database() {
      return database.current;
    },
    get server() {
      return core.options.mode.kind === 'alone' ? server.current : undefined;
    },
    sampler,
    cleanup,
    health,
    done: Promise.all([database.done, server.done, ready, sampler.done, cleanup.done, health.done]).then(
      () => undefined,
    ),
  };
}

function supervisedPid(core: KeeperCore, part: 'server' | 'postgres'): number | undefined {
  const supervisor = core.supervisors.get(part);
  return supervisor === undefined ? undefined : pidOf(supervisor.state);
}
