import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ensureKeyring } from '@holdfast/auth/tokens';
import { type ParsedSettings, parseSettings, systemClock } from '@holdfast/core';
import { migrationsDirectory, seedsDirectory } from '@holdfast/database';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { type Cluster, startCluster } from '@holdfast/postgres/cluster';
import { atProcessEnd } from './process-end.ts';
import { withDatabase } from './test-cluster.ts';

/** A whole running system of its own: embedded PostgreSQL and `holdfast serve` as real processes, in a temporary directory. */
export interface Stack {
  readonly home: string;
  /** Settings of the server, as an env file. */
  readonly envFile: string;
  readonly cluster: Cluster;
  /** The URL of the running server. */
  readonly apiUrl: string;
  /** The process of the running server; undefined when it does not run. */
  readonly serverPid: number | undefined;
  /** The settings as the env file has them. */
  settings(): Promise<ParsedSettings>;
  /** Sets or removes a variable of the env file; takes effect when the server is started again. */
  setVariable(name: string, value: string | undefined): Promise<void>;
  /** Starts the server and waits until it is ready, or only until it listens. */
  startServer(options?: { readonly ready: boolean }): Promise<void>;
  /** Starts the server and waits until it has ended by itself. */
  startServerInVain(): Promise<void>;
  /** Stops the server in order. */
  stopServer(): Promise<void>;
  /** Resolves when the server answers that it is ready. */
  ready(): Promise<void>;
  /** Resolves when the server process is gone. */
  serverGone(): Promise<void>;
  startDatabase(): Promise<void>;
  stopDatabase(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Runs work as superuser in the database of the system. */
  asSuperuser<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Runs work as superuser outside the database of the system. */
  asAdministrator<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Remembers the database as it is now, for {@link Stack.restoreDatabase}. */
  saveDatabase(): Promise<void>;
  /** Puts the database back to what {@link Stack.saveDatabase} remembered. The server lives on. */
  restoreDatabase(): Promise<void>;
  /** Stops everything and removes the directory. Called by itself at the end of the process. */
  close(): Promise<void>;
}

const LAUNCHER = join(import.meta.dirname, '..', '..', '..', 'apps', 'cli', 'bin', 'holdfast.js');
const DATABASE = 'holdfast';
const SAVED = 'holdfast_saved';
const READY_MS = 20_000;
const POLL_MS = 25;

/** Fast and unsafe, as befits data that nobody will miss. */
const CLUSTER_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
};

/** Starts a system with all migrations, the built-in roles and no accounts. */
export async function startStack(): Promise<Stack> {
  const home = await mkdtemp(join(tmpdir(), 'hf-stack-'));
  // run by root, PostgreSQL is another user and must get in
  await chmod(home, 0o755);
  await mkdir(join(home, 'logs'));
  const stack = createStack(home, await startDatabase(home));
  atProcessEnd(() => stack.close());
  await prepare(stack);
  await stack.startServer();
  return stack;
}

function startDatabase(home: string): Promise<Cluster> {
  return startCluster({ home, sharedDir: join(home, 'shared'), settings: CLUSTER_SETTINGS });
}

async function prepare({ home, cluster, setVariable }: Stack): Promise<void> {
  const connection = await connect({ url: cluster.ownerUrl });
  try {
    const migrations = await readMigrations(migrationsDirectory());
    await migrateUp({ connection, migrations, appVersion: 'test' });
    await applySeed({ connection, dir: seedsDirectory(), name: 'built-in', environment: 'test' });
  } finally {
    await connection.close();
  }
  await ensureKeyring(home, systemClock);
  await setVariable('DATABASE_URL', cluster.appUrl);
  await setVariable('HOLDFAST_OWNER_DATABASE_URL', cluster.ownerUrl);
  await setVariable('HOLDFAST_PORT', '0');
}

interface RunningServer {
  readonly pid: number;
  readonly exited: Promise<unknown>;
}

function createStack(home: string, firstCluster: Cluster): Stack {
  const envFile = join(home, 'stack.env');
  let cluster = firstCluster;
  let server: RunningServer | undefined;
  let apiUrl = '';
  let closed = false;
  const launch = (): RunningServer => {
    const launched = spawnServer(home, envFile);
    server = launched;
    launched.exited.then(() => {
      if (server === launched) server = undefined;
    });
    return launched;
  };
  const stack: Stack = {
    home,
    envFile,
    get cluster() {
      return cluster;
    },
    get apiUrl() {
      return apiUrl;
    },
    get serverPid() {
      return server?.pid;
    },
    settings: async () => parseSettings([{ origin: envFile, values: await readVariables(envFile) }]),
    setVariable: (name, value) => writeVariable(envFile, name, value),
    startServer: async (options = { ready: true }) => {
      const { pid } = launch();
      apiUrl = await untilTrue(() => urlOf(home, pid), 'the server writes its run file');
      if (options.ready) await stack.ready();
    },
    startServerInVain: async () => void (await launch().exited),
    stopServer: async () => {
      const running = server;
      if (running === undefined) return;
      process.kill(running.pid, 'SIGTERM');
      await running.exited;
    },
    ready: async () => {
      await untilTrue(() => isReady(apiUrl), 'the server is ready');
    },
    serverGone: async () => void (await server?.exited),
    startDatabase: async () => {
      cluster = await startDatabase(home);
    },
    stopDatabase: mode => cluster.stop(mode),
    asSuperuser: work => withConnection(withDatabase(cluster.superuserUrl, DATABASE), work),
    asAdministrator: work => withConnection(cluster.superuserUrl, work),
    saveDatabase: () => cloneDatabase(cluster, DATABASE, SAVED),
    restoreDatabase: async () => {
      await cloneDatabase(cluster, SAVED, DATABASE);
      await stack.ready();
    },
    close: async () => {
      if (closed) return;
      closed = true;
      if (server !== undefined) process.kill(server.pid, 'SIGKILL');
      await server?.exited;
      await cluster.stop('immediate');
      await rm(home, { recursive: true, force: true });
    },
  };
  return stack;
}

/** Output goes straight into the log, as under the keeper. */
function spawnServer(home: string, envFile: string): RunningServer {
  const log = openSync(join(home, 'logs', 'server.log'), 'a', 0o600);
  const child = spawn(process.execPath, [LAUNCHER, 'serve', '--home', home, '--env-file', envFile], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error('the server could not be spawned');
  return { pid: child.pid, exited: once(child, 'exit') };
}

async function urlOf(home: string, pid: number): Promise<string | undefined> {
  const text = await readFile(join(home, 'run', 'server.json'), 'utf8').catch(() => '{}');
  const run = JSON.parse(text) as { pid?: number; url?: string };
  return run.pid === pid ? run.url : undefined;
}

async function isReady(url: string): Promise<true | undefined> {
  const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status === 200 ? true : undefined;
}

async function untilTrue<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  const deadline = systemClock.monotonic() + READY_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (systemClock.monotonic() >= deadline) throw new Error(`Waited ${READY_MS} ms in vain until ${what}.`);
    await systemClock.sleep(POLL_MS);
  }
}

async function readVariables(envFile: string): Promise<NodeJS.Dict<string>> {
  return parseEnv(await readFile(envFile, 'utf8').catch(() => ''));
}

async function writeVariable(envFile: string, name: string, value: string | undefined): Promise<void> {
  const variables = { ...(await readVariables(envFile)), [name]: value };
  const lines = Object.entries(variables).flatMap(([key, text]) =>
    text === undefined ? [] : [`${key}="${text}"\n`],
  );
  await writeFile(envFile, lines.join(''), { mode: 0o600 });
}

async function withConnection<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect({ url, applicationName: 'holdfast tests' });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Replaces one database by a copy of another. Cloning needs the source for itself: its sessions are ended. */
async function cloneDatabase({ superuserUrl }: Cluster, from: string, to: string): Promise<void> {
  await withConnection(superuserUrl, async admin => {
    await admin.query(sql`alter database ${sql.id(from)} with allow_connections false`);
    await admin.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${from}`);
    await admin.query(sql`drop database if exists ${sql.id(to)} with (force)`);
    await admin.query(sql`create database ${sql.id(to)} template ${sql.id(from)} owner holdfast_owner`);
    await admin.query(sql`alter database ${sql.id(from)} with allow_connections true`);
  });
}
