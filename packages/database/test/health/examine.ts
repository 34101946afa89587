import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CATALOGUE,
  type EntryReport,
  type HealthOptions,
  runHealth,
  type Thresholds,
} from '@holdfast/database/health';
import { type Connection, connect, sql } from '@holdfast/postgres';
import type { Cluster } from '@holdfast/postgres/cluster';
import { emptyDatabase, testDatabase, throwawayHome } from '@holdfast/testing';
import { assertPasteable } from './pasteable.ts';

/** What makes one entry fire, and what leaves it quiet: both on real PostgreSQL. */
export interface HealthCase {
  readonly number: number;
  readonly fires: (t: TestContext) => Promise<void>;
  readonly quiet: (t: TestContext) => Promise<void>;
}

type Options = Omit<HealthOptions, 'url' | 'entries' | 'thresholds'> & { readonly limits?: Thresholds };

/** The report of one entry alone. */
export async function examine(url: string, id: string, options: Options = {}): Promise<EntryReport> {
  const { limits, ...rest } = options;
  const report = await runHealth({
    ...rest,
    url,
    entries: CATALOGUE.filter(entry => entry.id === id),
    ...(limits === undefined ? {} : { thresholds: { [id]: limits } }),
  });
  const [entry] = report.entries;
  assert.ok(entry, `there is an entry ${id}`);
  return entry;
}

/** Asserts the level and returns the report for more. */
export function expectLevel(report: EntryReport, level: EntryReport['level']): EntryReport {
  assert.equal(report.level, level, JSON.stringify(report));
  if (level === 'warn' || level === 'critical') {
    assert.ok(report.remedy, 'something can be done about it');
    assertPasteable(report.remedy);
    assert.ok(report.evidence.length > 0, 'there is evidence');
  }
  return report;
}

/** Asserts that one entry is ok on the schema of Holdfast itself, with its seed. */
export function quietOnHoldfast(id: string, options: Options = {}): (t: TestContext) => Promise<void> {
  return async t => {
    const { superuserUrl } = await testDatabase(t);
    expectLevel(await examine(superuserUrl, id, options), 'ok');
  };
}

/** An empty database and a superuser's connection to it. */
export async function openDatabase(
  t: TestContext,
): Promise<{ url: string; db: Connection; open: () => Promise<Connection> }> {
  const { superuserUrl: url } = await emptyDatabase(t);
  const open = (): Promise<Connection> => openSession(t, url);
  return { url, db: await open(), open };
}

export async function openSession(t: TestContext, url: string): Promise<Connection> {
  const connection = await connect({ url });
  t.after(() => connection.close());
  return connection;
}

/** A cluster of its own with these settings, its database `postgres`, and a superuser's connection to it. */
export async function openCluster(
  t: TestContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ cluster: Cluster; url: string; db: Connection; home: string }> {
  const { home, start } = await throwawayHome(t);
  const fast = { fsync: 'off', synchronous_commit: 'off', shared_buffers: '32MB' };
  const cluster = await start({ settings: { ...fast, ...settings } });
  const url = cluster.superuserUrl;
  return { cluster, url, db: await openSession(t, url), home };
}

/** Makes the statistics of what these sessions did visible to others. */
export async function flushStatistics(db: Connection): Promise<void> {
  const { version } = await db.one(
    sql<{ version: number }>`select current_setting('server_version_num')::int4 as version`,
  );
  if (version >= 150_000) await db.query(sql`select pg_stat_force_next_flush()`);
  await db.query(sql`select 1`);
}

/** The URL of a relay that holds back everything the server says for some milliseconds. */
export async function slowRelay(t: TestContext, databaseUrl: string, delayMs: number): Promise<string> {
  const { port, hostname } = new URL(databaseUrl);
  const relay = createServer(client => {
    const server = dial(Number(port), hostname);
    client.pipe(server);
    server.on('data', data => void delay(delayMs).then(() => client.write(data)));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.after(() => {
    relay.close();
  });
  const url = new URL(databaseUrl);
  url.port = String((relay.address() as AddressInfo).port);
  return url.href;
}
