import type { AdministratorResult } from '@holdfast/auth/accounts';
import { equalJitter, errorMessage, isHoldfastError } from '@holdfast/core';
import { readClusterState } from '@holdfast/postgres/cluster';
import type { KeeperCore } from './keeper-core.ts';
import type { KeeperMode, Readiness } from './keeper-options.ts';
import { supervisePostgres, superviseServer } from './managed-parts.ts';
import { prepareDatabase } from './prepare-database.ts';
import { oneLine } from './process/log-reason.ts';
import { rolledBackWarning } from './rolled-back-warning.ts';
import { pidOf } from './supervision/part-state.ts';
import { askReady } from './supervision/readiness.ts';
import type { Supervisor } from './supervision/supervise.ts';

type FullMode = KeeperMode & { kind: 'full' };

const RETRY = { baseMs: 500, maxMs: 10_000 };
const POLL_MS = 50;

/**
 * Starts everything in order: PostgreSQL, schema and first rows, the server. On a state directory that was used before,
 * trouble that may pass is waited for while the keeper already serves; on a new one it is an error.
 */
export async function bringUp(core: KeeperCore, mode: FullMode, keeperUrl: string): Promise<Readiness> {
  const isNew = await isNewHome(core);
  if (core.settings.databaseUrl === undefined) await startPostgres(core, isNew);
  let server: Supervisor | undefined;
  const startServer = (): Supervisor => {
    core.stopping.signal.throwIfAborted();
    server ??= superviseServer(core, mode, keeperUrl);
    return server;
  };
  const admin = await prepared(core, mode, isNew ? undefined : startServer);
  if (!isNew) await warnWhenRolledBack(core);
  core.tell('starting the API server');
  await startServer().firstAttempt.catch(error => {
    if (isNew) throw error;
  });
  await untilReady(core);
  return readiness(core, keeperUrl, admin);
}

async function isNewHome({ options, settings }: KeeperCore): Promise<boolean> {
  return settings.databaseUrl === undefined && (await readClusterState(options.home)) === undefined;
}

async function startPostgres(core: KeeperCore, isNew: boolean): Promise<void> {
  const state = await readClusterState(core.options.home);
  if (state !== undefined) core.database.locate(state.appUrl);
  try {
    await supervisePostgres(core).firstAttempt;
  } catch (error) {
    if (isNew || core.stopping.signal.aborted) throw error;
  }
}

/** Prepares the database, again and again while it is only unavailable. The server does not wait for it forever. */
async function prepared(
  core: KeeperCore,
  mode: FullMode,
  startServer: (() => Supervisor) | undefined,
): Promise<AdministratorResult> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await prepareDatabase({ ...(await databaseUrls(core)), ...preparation(core, mode) });
    } catch (error) {
      if (!isHoldfastError(error, 'database_unavailable', 'database_timeout', 'pool_exhausted')) throw error;
      if (attempt === 0)
        core.tell(
          `the database is not available: ${oneLine(errorMessage(error))}; waiting for it`,
          'trouble',
        );
      startServer?.();
    }
    await core.clock.sleep(equalJitter(attempt, RETRY), core.stopping.signal);
  }
}

async function warnWhenRolledBack(core: KeeperCore): Promise<void> {
  const { appUrl: url } = await databaseUrls(core);
  const { options, settings } = core;
  const warning = await rolledBackWarning({ url, home: options.home, settings }).catch(() => undefined);
  if (warning !== undefined) core.tell(warning, 'trouble');
}

function preparation(
  core: KeeperCore,
  mode: FullMode,
): Omit<Parameters<typeof prepareDatabase>[0], 'ownerUrl' | 'appUrl'> {
  const { home, version } = core.options;
  const onProgress = (message: string): void => core.tell(message);
  return { home, settings: core.settings, version, migrate: mode.migrate, clock: core.clock, onProgress };
}

async function databaseUrls({
  options,
  settings,
}: KeeperCore): Promise<{ readonly ownerUrl: string; readonly appUrl: string }> {
  const { databaseUrl, ownerDatabaseUrl } = settings;
  if (databaseUrl !== undefined) return { ownerUrl: ownerDatabaseUrl ?? databaseUrl, appUrl: databaseUrl };
  const state = await readClusterState(options.home);
  if (state === undefined) throw new Error('the embedded PostgreSQL has no cluster.json');
  return state;
}

async function untilReady({ upstream, clock, stopping }: KeeperCore): Promise<void> {
  for (;;) {
    const ready = upstream.url === undefined ? undefined : await askReady(upstream.url);
    upstream.noteReadiness(ready);
    if (ready === true) return;
    await clock.sleep(POLL_MS, stopping.signal);
  }
}

function readiness(core: KeeperCore, url: string, admin: AdministratorResult): Readiness {
  const pid = (name: 'server' | 'postgres'): number | null => {
    const supervisor = core.supervisors.get(name);
    return (supervisor === undefined ? undefined : pidOf(supervisor.state)) ?? null;
  };
  return {
    url,
    apiUrl: core.upstream.url ?? url,
    databaseUrl: core.database.url ?? '',
    home: core.options.home,
    admin: { email: admin.email, ...(admin.password === undefined ? {} : { password: admin.password }) },
    pids: { keeper: process.pid, server: pid('server'), postgres: pid('postgres') },
  };
}
