import type { AddressInfo } from 'node:net';
import { type Keyring, type KeyringSource, openKeyring, type RevocationJournal } from '@holdfast/auth';
import { type Clock, HoldfastError, type Settings, systemClock } from '@holdfast/core';
import { createPool, type Pool } from '@holdfast/postgres';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApp, type RequestTimeouts } from './app.ts';
import { createLogger } from './logger.ts';
import { openJournal } from './open-journal.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { VERSION } from './version.ts';

export interface ServerOptions {
  readonly settings: Settings;
  /** The state directory, for the keyring and run/server.json. */
  readonly home: string;
  /** Default: HOLDFAST_PORT. 0 picks a free one. */
  readonly port?: number;
  readonly host?: string;
  /** Default: the keyring of the settings or of the state directory, read again when its file changes. */
  readonly keyring?: Keyring;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly timeouts?: Partial<RequestTimeouts>;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /**
   * Stops: /ready turns 503, no more connections are accepted, running requests get the drain timeout to finish, the pool
   * is closed, run/server.json is removed. May be called again.
   */
  close(): Promise<void>;
}

/**
 * Listens. Starts without its database, answers 503 meanwhile and recovers by itself; installs no signal handlers.
 * @throws HoldfastError `configuration_invalid` without DATABASE_URL, `keyring_invalid`, `port_in_use`.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { settings, home, clock = systemClock } = options;
  const logger = options.logger ?? createLogger({ level: settings.logLevel });
  const keys = await openKeys(options, logger, clock);
  const journal = openJournal(settings, home);
  const pool = openPool(settings, logger);
  const app = await buildApp({ ...options, keyring: keys.current, pool, journal, logger });
  try {
    const { url, port } = await listen(app, options);
    const startedAt = new Date(clock.now()).toISOString();
    await writeRunFile(home, { pid: process.pid, url, port, version: VERSION, startedAt });
    const { issuer, audience } = settings;
    logger.info({ url, version: VERSION, issuer, audience }, 'listening');
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closing ??= stop({ app, pool, keys, journal, logger, home, clock, settings });
      return closing;
    };
    return { url, port, close };
  } catch (error) {
    await app.close();
    await closeAll({ pool, keys, journal });
    throw error;
  }
}

/** Follows the keyring's file: a rotation takes effect without a restart, and a damaged file changes nothing. */
async function openKeys(
  { home, settings, keyring }: ServerOptions,
  logger: Logger,
  clock: Clock,
): Promise<KeyringSource> {
  if (keyring !== undefined) return { current: () => keyring, close: async () => undefined };
  return openKeyring({
    home,
    setting: settings.keyring,
    clock,
    onChange: ({ keys }) => logger.info({ keys: keys.length }, 'keyring read again'),
    onError: err => logger.error({ err }, 'the keyring file is not usable; the last good one stays in use'),
  });
}

function openPool(settings: Settings, logger: Logger): Pool {
  if (settings.databaseUrl === undefined) {
    throw new HoldfastError('configuration_invalid', 'DATABASE_URL is not set; the server needs a database.');
  }
  return createPool({
    url: settings.databaseUrl,
    max: settings.poolMax,
    maxWaiting: settings.poolQueue,
    applicationName: 'holdfast-server',
    onError: err => logger.warn({ err }, 'idle database connection lost'),
    onAfterCommitError: err => logger.warn({ err }, 'what was to follow a commit failed'),
  });
}

async function listen(
  app: FastifyInstance,
  { settings, port = settings.port, host = settings.host }: ServerOptions,
): Promise<{ url: string; port: number }> {
  try {
    await app.listen({ port, host });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const message = `Port ${port} of ${host} is in use. Stop what uses it, or choose another with --port.`;
    throw new HoldfastError('port_in_use', message, { cause: error });
  }
  const address = app.server.address() as AddressInfo;
  return { url: `http://${urlHost(host)}:${address.port}`, port: address.port };
}

/** An address to call, for hosts that mean all addresses. */
function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

interface Opened {
  readonly pool: Pool;
  readonly keys: KeyringSource;
  readonly journal: RevocationJournal;
}

async function closeAll({ pool, keys, journal }: Opened): Promise<void> {
  await Promise.all([pool.close(), keys.close(), journal.close()]);
}

interface Stopping extends Opened {
  readonly app: FastifyInstance;
  readonly logger: Logger;
  readonly home: string;
  readonly clock: Clock;
  readonly settings: Settings;
}

const IDLE_SWEEP_MS = 50;

async function stop(stopping: Stopping): Promise<void> {
  const { app, logger, home, clock, settings } = stopping;
  const { drainDelay, drainTimeout } = settings;
  app.lifecycle.drain();
  logger.info({ drainDelay, drainTimeout }, 'draining');
  await clock.sleep(drainDelay);
  const cut = setTimeout(() => {
    logger.warn('drain timeout passed; closing what is still open');
    app.server.closeAllConnections();
  }, drainTimeout);
  // A request that was running when the draining began leaves its connection idle and open.
  const sweep = setInterval(() => app.server.closeIdleConnections(), IDLE_SWEEP_MS);
  await app.close();
  clearTimeout(cut);
  clearInterval(sweep);
  await closeAll(stopping);
  await removeRunFile(home, process.pid);
  logger.info('stopped');
  await new Promise<void>(resolve => logger.flush(() => resolve()));
}
