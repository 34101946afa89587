import type { AddressInfo } from 'node:net';
import { type Keyring, loadKeyring } from '@holdfast/auth';
import { type Clock, HoldfastError, type Settings, systemClock } from '@holdfast/core';
import { createPool, type Pool } from '@holdfast/postgres';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApp, type RequestTimeouts } from './app.ts';
import { createLogger } from './logger.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { VERSION } from './version.ts';

export interface ServerOptions {
  readonly settings: Settings;
  /** The state directory, for the keyring and run/server.json. */
  readonly home: string;
  /** Default: HOLDFAST_PORT. 0 picks a free one. */
  readonly port?: number;
  readonly host?: string;
  /** Default: the keyring of the settings or of the state directory. */
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
  const keyring = options.keyring ?? (await loadKeyring({ home, setting: settings.keyring }));
  const logger = options.logger ?? createLogger({ level: settings.logLevel });
  const pool = openPool(settings, logger);
  const app = await buildApp({ ...options, keyring: () => keyring, pool, logger });
  try {
    const { url, port } = await listen(app, options);
    const startedAt = new Date(clock.now()).toISOString();
    await writeRunFile(home, { pid: process.pid, url, port, version: VERSION, startedAt });
    logger.info({ url, version: VERSION }, 'listening');
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closing ??= stop({ app, pool, logger, home, clock, settings });
      return closing;
    };
    return { url, port, close };
  } catch (error) {
    await app.close();
    await pool.close();
    throw error;
  }
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

interface Stopping {
  readonly app: FastifyInstance;
  readonly pool: Pool;
  readonly logger: Logger;
  readonly home: string;
  readonly clock: Clock;
  readonly settings: Settings;
}

async function stop({ app, pool, logger, home, clock, settings }: Stopping): Promise<void> {
  const { drainDelay, drainTimeout } = settings;
  app.lifecycle.drain();
  logger.info({ drainDelay, drainTimeout }, 'draining');
  await clock.sleep(drainDelay);
  const cut = setTimeout(() => {
    logger.warn('drain timeout passed; closing what is still open');
    app.server.closeAllConnections();
  }, drainTimeout);
  await app.close();
  clearTimeout(cut);
  await pool.close();
  await removeRunFile(home, process.pid);
  logger.info('stopped');
  await new Promise<void>(resolve => logger.flush(() => resolve()));
}
