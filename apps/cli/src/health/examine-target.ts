import { createFieldReader } from '@holdfast/auth';
import { type Keyring, loadKeyring } from '@holdfast/auth/tokens';
import { migrationsDirectory } from '@holdfast/database';
import { type HealthReport, type HealthSources, type PoolFacts, runHealth } from '@holdfast/database/health';
import { homePaths, readMetricsFile, superuserDatabaseUrl } from '@holdfast/keeper';
import { readClusterState } from '@holdfast/postgres/cluster';
import { readBackupFacts } from '../backup/backup-facts.ts';
import type { Configuration, SettingFlags } from '../env.ts';
import { findApiUrl } from '../look.ts';
import type { HealthRequest } from './health-options.ts';

/** Which database is examined, and what is known about it besides. */
export interface HealthTarget {
  readonly url: string;
  readonly apiUrl: string | undefined;
  /** Where the keeper of this database keeps its samples; undefined for one that was only named. */
  readonly samplesPath: string | undefined;
  /** Only of a database that Holdfast runs itself. */
  readonly dataDirectory: string | undefined;
  /** What backups there are of the configured database; undefined when they cannot be listed. */
  readonly backups: HealthSources['backups'];
  /** Of the configured database; undefined where there is no usable one. */
  readonly keyring: Keyring | undefined;
}

const API_TIMEOUT_MS = 2_000;

/**
 * The database of the command line, else of its owner, of the API, or the embedded one; that one as its superuser, who alone
 * sees everything. Undefined when there is none.
 */
export async function findHealthTarget(
  configuration: Configuration,
  flags: SettingFlags,
): Promise<HealthTarget | undefined> {
  const { home, settings } = configuration;
  const given = flags['database-url'] ?? settings.ownerDatabaseUrl ?? settings.databaseUrl;
  const cluster = given === undefined ? await readClusterState(home) : undefined;
  const url = given ?? (cluster === undefined ? undefined : superuserDatabaseUrl(cluster));
  if (url === undefined) return undefined;
  // the API and the samples of the state directory are those of another database when one was named
  const foreign = flags['database-url'] !== undefined;
  return {
    url,
    samplesPath: foreign ? undefined : homePaths(home).healthMetrics,
    apiUrl: foreign ? flags['api-url'] : findApiUrl(configuration),
    dataDirectory: cluster?.dataDir,
    keyring: foreign ? undefined : await usableKeyring(configuration),
    backups: foreign ? undefined : await listedBackups(configuration),
  };
}

/** Without a keyring the encrypted fields are not examined; that it is not usable is for the doctor to say. */
async function usableKeyring({ home, settings }: Configuration): Promise<Keyring | undefined> {
  return loadKeyring({ home, setting: settings.keyring }).catch(() => undefined);
}

/** A place that cannot be read is for `holdfast list-backups` to name. */
async function listedBackups(configuration: Configuration): Promise<HealthSources['backups']> {
  return readBackupFacts(configuration).catch(() => undefined);
}

/** One examination. */
export async function examineTarget(
  target: HealthTarget,
  request: HealthRequest,
  scope: { readonly quickOnly: boolean; readonly signal?: AbortSignal },
): Promise<HealthReport> {
  const { entries, thresholds, schemas, budgetMs, full } = request;
  return runHealth({
    ...{ url: target.url, entries, thresholds, budgetMs, full, ...scope },
    overview: true,
    sources: await collectSources(target, request),
    ...(schemas === undefined ? {} : { schemas }),
  });
}

async function collectSources(
  { apiUrl, samplesPath, dataDirectory, keyring, backups }: HealthTarget,
  { migrationsDirectory: given }: HealthRequest,
): Promise<HealthSources> {
  const pool = apiUrl === undefined ? undefined : await readPool(apiUrl);
  const samples = samplesPath === undefined ? [] : await readMetricsFile(samplesPath);
  return {
    ...(pool === undefined ? {} : { pool }),
    ...(samples.length === 0 ? {} : { samples }),
    ...(given === undefined
      ? { ownMigrationsDirectory: migrationsDirectory() }
      : { migrationsDirectory: given }),
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
    ...(backups === undefined ? {} : { backups }),
    ...(keyring === undefined ? {} : { encryptionKeys: createFieldReader(keyring) }),
  };
}

/** The pool as the API describes it; undefined when it does not answer. */
async function readPool(apiUrl: string): Promise<PoolFacts | undefined> {
  try {
    const response = await fetch(new URL('/api/v1/health/database', apiUrl), {
      signal: AbortSignal.timeout(API_TIMEOUT_MS),
    });
    const body = (await response.json()) as { readonly pool?: PoolFacts };
    return response.ok ? body.pool : undefined;
  } catch {
    return undefined;
  }
}
