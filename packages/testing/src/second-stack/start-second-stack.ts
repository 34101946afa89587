import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { findFreePort } from '../free-port.ts';
import { atForcedExit } from '../process-end.ts';
import { type OwnProcess, ownProcess } from './own-process.ts';
import { FORWARDING, type ProxySettings } from './proxy/proxy-settings.ts';
import { startProxy } from './proxy/start-proxy.ts';
import { prepareShop, SHOP_ACCOUNT, withClient } from './shop-database.ts';

/** A running system with nothing of Holdfast in it: its own schema, its own server process, a reverse proxy before it. */
export interface SecondStack {
  /** Holds the log of the server and the files of the proxy. */
  readonly home: string;
  readonly databaseUrl: string;
  /** The server itself. */
  readonly serverUrl: string;
  /** The same through the proxy. */
  readonly proxyUrl: string;
  readonly proxyKind: 'nginx' | 'node';
  readonly serverPid: number | undefined;
  /** The OpenAPI document of the shop, a file. */
  readonly openapi: string;
  /** The directory of its migrations, in the form of dbmate. */
  readonly migrations: string;
  readonly serverLog: string;
  /** An account that may sign in. */
  readonly account: { readonly email: string; readonly password: string };
  /** The origin that its CORS settings allow. */
  readonly origin: string;
  /** Runs work on the database, as the owner of the tables. */
  asOwner<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** Sets or removes variables of the server and restarts it. */
  setVariables(variables: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** Changes settings of the proxy. */
  configureProxy(settings: Partial<ProxySettings>): Promise<void>;
  stopProxy(): Promise<void>;
  startProxy(): Promise<void>;
  signalServer(name: NodeJS.Signals): void;
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  /** Stops everything and removes the directory; the database stays. */
  close(): Promise<void>;
}

export interface SecondStackOptions {
  /** Default: the owner's. */
  readonly serverDatabaseUrl?: string;
  /** Called when the schema is there, and before the server is started. */
  readonly afterSchema?: () => Promise<void>;
}

const ORIGIN = 'https://shop.example';
const SERVER = join(import.meta.dirname, 'server', 'shop-server.ts');

/**
 * Starts the shop on an empty database, given by the URL of its owner; the server connects by `serverDatabaseUrl`, as a
 * role that has rights on the tables by then. Whoever starts it closes it.
 */
export async function startSecondStack(
  databaseUrl: string,
  { serverDatabaseUrl = databaseUrl, afterSchema }: SecondStackOptions = {},
): Promise<SecondStack> {
  await prepareShop(databaseUrl);
  await afterSchema?.();
  const home = await mkdtemp(join(tmpdir(), 'hf-second-'));
  // nginx started by root works as another user, who reads the error page
  await chmod(home, 0o755);
  const letGo = atForcedExit(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  const shop = await startShop(home, serverDatabaseUrl);
  let settings: ProxySettings = { ...FORWARDING, upstreamPort: shop.port };
  const proxy = await startProxy(home, settings).catch(async error => {
    await shop.process.stop('SIGKILL');
    throw error;
  });
  return {
    home,
    databaseUrl,
    serverUrl: shop.url,
    proxyUrl: proxy.url,
    proxyKind: proxy.kind,
    get serverPid() {
      return shop.process.pid;
    },
    openapi: join(import.meta.dirname, 'openapi.yaml'),
    migrations: join(import.meta.dirname, 'migrations'),
    serverLog: shop.log,
    account: SHOP_ACCOUNT,
    origin: ORIGIN,
    asOwner: work => withClient(databaseUrl, work),
    setVariables: async changes => {
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined) shop.variables.delete(name);
        else shop.variables.set(name, value);
      }
      await shop.process.stop();
      await shop.start();
    },
    configureProxy: async changes => {
      settings = { ...settings, ...changes };
      await proxy.configure(settings);
    },
    stopProxy: () => proxy.close(),
    startProxy: () => proxy.configure(settings),
    signalServer: name => shop.process.signal(name),
    stopServer: () => shop.process.stop(),
    startServer: shop.start,
    close: async () => {
      await proxy.close();
      await shop.process.stop('SIGKILL');
      letGo();
      await rm(home, { recursive: true, force: true });
    },
  };
}

interface Shop {
  readonly port: number;
  readonly url: string;
  readonly log: string;
  /** Its environment when it is started the next time. */
  readonly variables: Map<string, string>;
  readonly process: OwnProcess;
  start(): Promise<void>;
}

async function startShop(home: string, databaseUrl: string): Promise<Shop> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(home, 'server.log');
  const variables = new Map<string, string>([
    ['SHOP_DATABASE_URL', databaseUrl],
    ['SHOP_PORT', String(port)],
    ['SHOP_JWT_SECRET', 'a secret of this test alone'],
    ['SHOP_ORIGINS', ORIGIN],
  ]);
  const server = ownProcess(() =>
    spawnServer(log, { PATH: '/usr/bin:/bin', ...Object.fromEntries(variables) }),
  );
  const start = (): Promise<void> =>
    server.start(async () => {
      const response = await fetch(`${url}/v2/status`, { signal: AbortSignal.timeout(2_000) });
      await response.body?.cancel();
      return true;
    });
  await start();
  return { port, url, log, variables, process: server, start };
}

function spawnServer(logFile: string, env: Record<string, string>): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, [SERVER], { env, stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}
