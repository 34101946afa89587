import { join } from 'node:path';
import { errorMessage, redactText, systemClock } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import type { HealthReport } from '@holdfast/database/health';
import { migrationStatus, readMigrations } from '@holdfast/database/migrate';
import type { Diagnosis } from '@holdfast/doctor';
import { auditDependencies } from '@holdfast/doctor/dependencies';
import { analyzeLogs, fileSource, findFiles, type LogAnalysis } from '@holdfast/doctor/logs';
import {
  type AppliedMigration,
  type BackupRun,
  type KeptIncident,
  type KnownBackup,
  type LatencyReading,
  measureLatency,
  type Reading,
  type Readings,
} from '@holdfast/doctor/report';
import { homePaths, readIncidents, readRuns } from '@holdfast/keeper';
import { readBackupFacts } from '../backup/backup-facts.ts';
import { onConnection } from '../database-access.ts';
import type { Configuration, Environment, SettingFlags } from '../env.ts';
import { examineTarget, findHealthTarget } from '../health/examine-target.ts';
import { readHealthRequest } from '../health/health-options.ts';
import type { ReportRequest } from './report-options.ts';

/** Where the readings come from. */
export interface ReadingContext {
  readonly configuration: Configuration;
  readonly flags: SettingFlags;
  readonly environment: Environment;
  readonly request: ReportRequest;
  readonly diagnosis: Diagnosis;
}

const READING_MS = 20_000;
const MAX_INCIDENTS = 100;
const DAY_MS = 86_400_000;

/** Reads what a report needs beyond the diagnosis. Never rejects: what cannot be read within its time says why. */
export async function takeReadings(context: ReadingContext): Promise<Readings> {
  const { configuration, request } = context;
  const paths = homePaths(configuration.home);
  const [database, api, incidents, backups, backupRuns, dependencies] = await Promise.all([
    readDatabase(context),
    readApi(context, paths.logs),
    reading(() => readKept(paths.incidents)),
    reading(() => readBackups(configuration)),
    reading(() => readBackupRuns(paths.backupRuns)),
    reading(signal => readDependencies(request, signal)),
  ]);
  return { ...database, ...api, incidents, backups, backupRuns, dependencies };
}

/** Why a reading is not there, when that is no error. */
class Missing extends Error {}

async function reading<T>(read: (signal: AbortSignal) => Promise<T>): Promise<Reading<T>> {
  const over = new AbortController();
  const tooLate = systemClock.sleep(READING_MS, over.signal).then(() => {
    throw new Missing(`it took longer than ${READING_MS / 1_000} s`);
  });
  try {
    return { read: await Promise.race([read(over.signal), tooLate]) };
  } catch (error) {
    return { missing: redactText(errorMessage(error)).replace(/\.$/, '') };
  } finally {
    over.abort();
    await tooLate.catch(() => undefined);
  }
}

/** The logs first: they shall not tell of the requests that measure. */
async function readApi(
  { request, diagnosis }: ReadingContext,
  own: string,
): Promise<Pick<Readings, 'logs' | 'latency'>> {
  const logs = await reading(signal => readLogs(request, own, signal));
  const latency = await reading(signal => readLatency(diagnosis, signal));
  return { logs, latency };
}

/** One after the other, so that two connections are enough. */
async function readDatabase(context: ReadingContext): Promise<Pick<Readings, 'health' | 'migrations'>> {
  const health = await reading(() => readHealth(context));
  const migrations = await reading(() => readApplied(context));
  return { health, migrations };
}

async function targetOf({ configuration, flags }: ReadingContext): Promise<{ readonly url: string }> {
  const target = await findHealthTarget(configuration, flags);
  if (target === undefined) throw new Missing('no database is known');
  return target;
}

async function readHealth(context: ReadingContext): Promise<HealthReport> {
  const { configuration, flags, environment } = context;
  const target = await findHealthTarget(configuration, flags);
  if (target === undefined) throw new Missing('no database is known');
  return examineTarget(target, readHealthRequest({}, [], configuration, environment), { quickOnly: false });
}

async function readApplied(context: ReadingContext): Promise<AppliedMigration[]> {
  const { url } = await targetOf(context);
  return onConnection(url, async db => {
    const { ledger, entries } = await migrationStatus(db, await readMigrations(migrationsDirectory()));
    if (!ledger) throw new Missing('the database has no migration ledger');
    return entries.flatMap(entry =>
      entry.state !== 'applied'
        ? []
        : [
            {
              name: entry.name === '' ? entry.version : `${entry.version}_${entry.name}`,
              appliedAt: (entry.finishedAt ?? entry.startedAt).toISOString(),
              durationMs: entry.durationMs,
              appliedBy: entry.appliedBy,
            },
          ],
    );
  });
}

async function readLogs(
  { logs, directory }: ReportRequest,
  own: string,
  signal: AbortSignal,
): Promise<LogAnalysis> {
  const patterns = logs ?? ['server.log*', 'postgres.log*'].map(name => join(own, name));
  const { files } = await findFiles(patterns, directory);
  if (files.length === 0) throw new Missing(`there is no such file: ${patterns.join(', ')}`);
  const sources = await Promise.all(files.map(file => fileSource(file)));
  const until = systemClock.now();
  // the logs of others are read as they are; those of this system up to now, so that what is over counts as over
  const window = logs === undefined ? { since: until - 7 * DAY_MS, until } : {};
  return analyzeLogs(sources, { ...window, signal });
}

async function readLatency(
  { target, observations }: Diagnosis,
  signal: AbortSignal,
): Promise<LatencyReading> {
  if (target.apiUrl === null) throw new Missing('the address of the API is not known');
  const health = observations.find(({ id }) => id === 'api.health');
  const saw: Readonly<Record<string, unknown>> = health !== undefined && 'saw' in health ? health.saw : {};
  if (saw.result !== 'answered') throw new Missing('the API does not answer');
  const paths = saw.isHoldfast === true ? {} : { paths: [new URL(target.apiUrl).pathname] };
  return measureLatency(target.apiUrl, { clock: systemClock, signal, ...paths });
}

async function readKept(path: string): Promise<KeptIncident[]> {
  const incidents = await readIncidents(path, MAX_INCIDENTS);
  return incidents.map(({ id: _, ...incident }) => incident);
}

async function readBackups(configuration: Configuration): Promise<KnownBackup[]> {
  const facts = await readBackupFacts(configuration);
  return facts.map(({ id, createdAt, bytes, validation }) => ({
    id,
    createdAt,
    bytes,
    validation: validation ?? null,
  }));
}

async function readBackupRuns(path: string): Promise<BackupRun[]> {
  const { backup, drill } = await readRuns(path);
  const runs = [backup.last, backup.lastGood, drill.last, drill.lastGood].filter(run => run !== null);
  return [...new Map(runs.map(run => [`${run.kind} ${run.at}`, run])).values()];
}

async function readDependencies({ project }: ReportRequest, signal: AbortSignal) {
  if (project === undefined) throw new Missing('no project was named: --dependencies DIR does');
  return auditDependencies({ directory: project, node: process.versions.node, signal });
}
