import { type BackupSchedule, scheduleBackups } from './backups/schedule-backups.ts';
import { startDailyCleanup } from './cleanup/daily-cleanup.ts';
import type { CleanupSchedule } from './cleanup/schedule-cleanup.ts';
import type { KeeperCore } from './keeper-core.ts';
import { oneLine } from './process/log-reason.ts';
import type { HealthWatch } from './records/health-watch.ts';
import { type Sampler, startSampler } from './records/sampler.ts';
import { pidOf } from './supervision/part-state.ts';
import { type Reachability, watchReachability } from './supervision/reachability.ts';
import { watchReadiness } from './supervision/readiness.ts';
import { probeServer } from './supervision/upstream.ts';
import { archiveWal, type WalArchiving } from './wal/archive-wal.ts';
import { watchHealth } from './watch-health.ts';

/** What the keeper sees of its parts by asking them. */
export interface Observation {
  readonly database: Reachability;
  /** Only of a server that somebody else runs; of its own the supervisor knows. */
  readonly server: Reachability | undefined;
  readonly sampler: Sampler;
  readonly cleanup: CleanupSchedule;
  readonly backups: BackupSchedule;
  readonly health: HealthWatch;
  readonly wal: WalArchiving;
  readonly done: Promise<void>;
}

const FAILURES = 3;
const SERVER_TIMEOUT_MS = 2_000;

/** Asks the database, and in the mode `alone` the server, until the keeper stops; takes health samples. */
export function observe(core: KeeperCore): Observation {
  const { upstream } = core;
  const { database, server } = watchParts(core);
  const { signal } = core.stopping;
  const { intervalMs } = core.tuning.liveness;
  const ready = watchReadiness({ upstream, intervalMs, clock: core.clock, signal });
  const sampler = sample(core, () => database.current);
  const cleanup = startDailyCleanup(core);
  const health = watchHealth(core, () => sampler.latest?.pool ?? undefined);
  const wal = archiveWal(core);
  const backups = startBackups(core, () => database.current, wal);
  return {
    get database() {
      return database.current;
    },
    get server() {
      return core.options.mode.kind === 'alone' ? server.current : undefined;
    },
    sampler,
    cleanup,
    backups,
    health,
    wal,
    done: Promise.all([
      database.done,
      server.done,
      ready,
      sampler.done,
      cleanup.done,
      backups.done,
      health.done,
      wal.done,
    ]).then(() => undefined),
  };
}

function supervisedPid(core: KeeperCore, part: 'server' | 'postgres'): number | undefined {
  const supervisor = core.supervisors.get(part);
  return supervisor === undefined ? undefined : pidOf(supervisor.state);
}

interface WatchedParts {
  readonly database: ReturnType<typeof watchReachability>;
  readonly server: ReturnType<typeof watchReachability>;
}

function watchParts(core: KeeperCore): WatchedParts {
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
  return { database, server };
}

function sample(core: KeeperCore, database: () => Reachability): Sampler {
  return startSampler({
    file: core.samples,
    intervalMs: core.tuning.sampleMs,
    clock: core.clock,
    signal: core.stopping.signal,
    serverUrl: () => core.upstream.url,
    serverPid: () => supervisedPid(core, 'server'),
    database,
    databasePid: () => supervisedPid(core, 'postgres'),
  });
}

function startBackups(core: KeeperCore, database: () => Reachability, wal: WalArchiving): BackupSchedule {
  const { settings, options, clock, stopping, incidents } = core;
  return scheduleBackups({
    plan: options.backups,
    intervals: { backup: settings.backupInterval, drill: settings.drillInterval },
    isReady: () => database().kind === 'reachable',
    neededSince: () =>
      wal.status
        .flatMap(({ begunAnewAt = [] }) => begunAnewAt)
        .toSorted()
        .at(-1),
    file: core.backupRuns,
    incidents,
    clock,
    signal: stopping.signal,
    random: Math.random,
    onRecord: record => {
      core.logger.info({ run: record }, record.kind);
      if (record.outcome === 'failed')
        core.tell(`the scheduled ${record.kind} failed: ${oneLine(record.reason ?? '')}`, 'trouble');
    },
  });
}
