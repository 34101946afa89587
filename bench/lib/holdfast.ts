import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, sql } from '@holdfast/postgres';
import { readClusterState } from '@holdfast/postgres/cluster';
import { type RunningProcess, startNode } from './process.ts';

const ROOT = join(import.meta.dirname, '../..');
export const CLI = join(ROOT, 'apps/cli/bin/holdfast.js');

export const ACCOUNT: Credentials = { email: 'bench@example.com', password: 'seven quiet lanterns drift' };

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** A started system with one account, on a state directory of its own. */
export interface BenchSystem {
  readonly apiUrl: string;
  readonly home: string;
  readonly userId: string;
  readonly accessToken: string;
  readonly postgresVersion: string;
  /** As the superuser, for another database of the same PostgreSQL. */
  databaseUrl(name: string): string;
  stop(): Promise<void>;
}

/** Makes the directory readable for the system user that runs PostgreSQL when this is root. */
export async function temporaryHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'hf-bench-'));
  await chmod(home, 0o755);
  return home;
}

export async function startSystem(env: Readonly<Record<string, string>> = {}): Promise<BenchSystem> {
  const home = await temporaryHome();
  const holdfast = await startNode({
    args: [CLI, 'start', '--json', '--port', '0', '--home', home],
    env: { NODE_ENV: 'production', ...env },
  });
  const stop = async () => {
    await holdfast.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    return { ...(await prepare(holdfast, home)), home, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function prepare(holdfast: RunningProcess, home: string) {
  const apiUrl = String(holdfast.ready.apiUrl);
  await call(`${apiUrl}/api/v1/auth/register`, ACCOUNT);
  const login = await call(`${apiUrl}/api/v1/auth/login`, ACCOUNT);
  const cluster = await readClusterState(home);
  if (!cluster) throw new Error(`There is no PostgreSQL in ${home}.`);
  return {
    apiUrl,
    userId: String((login.user as { id: unknown }).id),
    accessToken: String(login.accessToken),
    postgresVersion: await postgresVersion(cluster.superuserUrl),
    databaseUrl: (name: string) =>
      Object.assign(new URL(cluster.superuserUrl), { pathname: `/${name}` }).href,
  };
}

/** Registers so many accounts; their credentials. */
export async function registerMany(apiUrl: string, count: number): Promise<Credentials[]> {
  const accounts = Array.from({ length: count }, (_, index) => ({
    email: `bench-${index}@example.com`,
    password: ACCOUNT.password,
  }));
  for (const account of accounts) await call(`${apiUrl}/api/v1/auth/register`, account);
  return accounts;
}

/** An access token. */
export async function signIn(apiUrl: string, credentials: Credentials): Promise<string> {
  return String((await call(`${apiUrl}/api/v1/auth/login`, credentials)).accessToken);
}

async function postgresVersion(url: string): Promise<string> {
  const connection = await connect({ url });
  try {
    return (await connection.one(sql<{ server_version: string }>`show server_version`)).server_version;
  } finally {
    await connection.close();
  }
}

export async function createDatabase(system: BenchSystem, name: string): Promise<void> {
  const connection = await connect({ url: system.databaseUrl('postgres') });
  try {
    await connection.execute(sql`create database ${sql.id(name)}`);
  } finally {
    await connection.close();
  }
}

async function call(url: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
