import { type Clock, type Settings, systemClock } from '@holdfast/core';
import type { HomeLock } from '@holdfast/postgres/cluster';
import type { Logger } from 'pino';
import { openRunRecords } from './backups/run-record.ts';
import { openCleanupRecords } from './cleanup/cleanup-record.ts';
import { createDatabaseLink, type DatabaseLink } from './database-link.ts';
import { type HomePaths, homePaths } from './home/home.ts';
import { openKeeperLog } from './keeper-log.ts';
import { DEFAULT_TUNING, type KeeperOptions, type KeeperTuning } from './keeper-options.ts';
import { openHealthSamples } from './records/health-samples.ts';
import { type Incidents, openIncidents } from './records/incidents.ts';
import type { LineFile } from './records/line-file.ts';
import { openStoredMetrics } from './records/stored-metrics.ts';
import type { TakeoverRequest } from './restore/take-over-request.ts';
import type { PartName } from './supervision/part-state.ts';
import type { Supervisor } from './supervision/supervise.ts';
import { createUpstream, type Upstream } from './supervision/upstream.ts';

/** What the pieces of one keeper share. */
export interface KeeperCore {
  readonly options: KeeperOptions;
  readonly settings: Settings;
  readonly tuning: KeeperTuning;
  readonly paths: HomePaths;
  readonly clock: Clock;
  readonly lock: HomeLock;
  readonly logger: Logger;
  readonly log: LineFile;
  readonly incidents: Incidents;
  readonly samples: LineFile;
  readonly cleanups: LineFile;
  readonly backupRuns: LineFile;
  readonly healthMetrics: LineFile;
  readonly upstream: Upstream;
  readonly database: DatabaseLink;
  readonly supervisors: Map<PartName, Supervisor>;
  /** What waits for PostgreSQL to be stopped. */
  readonly takeover: { request: TakeoverRequest | undefined };
  readonly startedAt: string;
  /** Aborted when the keeper stops. */
  readonly stopping: AbortController;
  /** Writes to the log and tells whoever started the keeper. */
  readonly tell: (message: string, kind?: 'step' | 'trouble') => void;
}

/** Opens the records of a state directory that this process has claimed. */
export async function createKeeperCore(options: KeeperOptions, lock: HomeLock): Promise<KeeperCore> {
  const { clock = systemClock } = options;
  const { settings } = options.configuration;
  const paths = homePaths(options.home);
  const { logger, file: log } = openKeeperLog(paths.keeperLog, settings.logLevel);
  const onTrouble = (error: unknown): void => logger.error({ err: error }, 'a report could not be written');
  const core: KeeperCore = {
    options,
    settings,
    tuning: { ...DEFAULT_TUNING, ...options.tuning },
    paths,
    clock,
    lock,
    logger,
    log,
    incidents: await openIncidents({ path: paths.incidents, clock, onTrouble }),
    samples: openHealthSamples(paths.health, onTrouble),
    cleanups: openCleanupRecords(paths.cleanups, onTrouble),
    backupRuns: openRunRecords(paths.backupRuns, onTrouble),
    healthMetrics: openStoredMetrics(paths.healthMetrics, onTrouble),
    upstream: createUpstream(clock, options.mode.kind === 'alone' ? settings.apiUrl : undefined),
    database: createDatabaseLink(),
    supervisors: new Map(),
    takeover: { request: undefined },
    startedAt: new Date(clock.now()).toISOString(),
    stopping: new AbortController(),
    tell: (message, kind = 'step') => {
      logger[kind === 'step' ? 'info' : 'warn'](message);
      options.onProgress?.(message, kind);
    },
  };
  if (settings.databaseUrl !== undefined) core.database.locate(settings.databaseUrl);
  return core;
}
