import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { makeDirectory } from '@holdfast/postgres';

/** The files of one state directory that the keeper reads and writes. */
export interface HomePaths {
  readonly home: string;
  readonly keyring: string;
  readonly breakGlass: string;
  readonly run: string;
  readonly keeperRun: string;
  readonly serverRun: string;
  readonly parts: string;
  readonly walStatus: string;
  readonly logs: string;
  readonly keeperLog: string;
  readonly serverLog: string;
  readonly postgresLog: string;
  readonly reports: string;
  readonly incidents: string;
  readonly health: string;
  readonly cleanups: string;
  readonly backupRuns: string;
  readonly healthMetrics: string;
}

/** Where everything lies in the state directory `home` (absolute). */
export function homePaths(home: string): HomePaths {
  const run = join(home, 'run');
  const logs = join(home, 'logs');
  const reports = join(home, 'reports');
  return {
    home,
    keyring: join(home, 'keyring.json'),
    breakGlass: join(home, 'break-glass.token'),
    run,
    keeperRun: join(run, 'keeper.json'),
    serverRun: join(run, 'server.json'),
    parts: join(run, 'parts.json'),
    walStatus: join(reports, 'wal.json'),
    logs,
    keeperLog: join(logs, 'keeper.log'),
    serverLog: join(logs, 'server.log'),
    postgresLog: join(logs, 'postgres.log'),
    reports,
    incidents: join(reports, 'incidents.ndjson'),
    health: join(reports, 'health.ndjson'),
    cleanups: join(reports, 'cleanups.ndjson'),
    backupRuns: join(reports, 'backups.ndjson'),
    healthMetrics: join(reports, 'health-metrics.ndjson'),
  };
}

/**
 * Creates the directories of a state directory that are missing. New ones belong to this user alone; root lets others pass
 * through the outermost, so that PostgreSQL, which never runs as root, can live inside.
 */
export async function ensureHome(paths: HomePaths): Promise<void> {
  try {
    await makeDirectory(paths.home, process.getuid?.() === 0 ? 0o711 : 0o700);
    for (const directory of [paths.run, paths.logs, paths.reports]) {
      await makeDirectory(directory, 0o700);
    }
  } catch (error) {
    throw new HoldfastError(
      'configuration_invalid',
      `The state directory ${paths.home} cannot be created: ${errorMessage(error)}. Choose another one with --home.`,
      { cause: error, details: { home: paths.home } },
    );
  }
  await refuseOpenHome(paths.home);
}

const WRITABLE_BY_OTHERS = 0o002;

/** Whoever may write to the state directory may put a keyring of their own in it. */
async function refuseOpenHome(home: string): Promise<void> {
  if (process.platform === 'win32' || ((await stat(home)).mode & WRITABLE_BY_OTHERS) === 0) return;
  throw new HoldfastError(
    'configuration_invalid',
    `Everybody can write to the state directory ${home}, and so replace its keys. Run: chmod o-w '${home}'`,
    { details: { home } },
  );
}
