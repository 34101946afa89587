import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chown, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { type Clock, systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import type { Cluster } from '@holdfast/postgres/cluster';
import { throwawayHome } from '@holdfast/testing';
import { eventually } from '../fixtures.ts';
import {
  examine,
  expectLevel,
  type HealthCase,
  openCluster,
  openDatabase,
  openSession,
  quietOnHoldfast,
  slowRelay,
} from './examine.ts';

const run = promisify(execFile);

/** A clock that is some seconds wrong. */
function wrongClock(seconds: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + seconds * 1_000 };
}

async function roundTripFires(t: TestContext): Promise<void> {
  const { url } = await openDatabase(t);
  const slow = await slowRelay(t, url, 120);
  const report = expectLevel(await examine(slow, 'round-trip', { limits: { warnMs: 100 } }), 'warn');
  assert.ok((report.metrics.round_trip_seconds ?? 0) >= 0.12, report.summary);
  const unreachable = new URL(url);
  unreachable.port = '1';
  const none = await examine(unreachable.href, 'round-trip');
  assert.equal(none.level, 'critical');
  assert.match(none.summary, /ECONNREFUSED/);
}

/** A standby without a primary: the data directory of a server that was stopped, told to stay in recovery. */
async function startStandby(t: TestContext): Promise<Cluster> {
  const { start } = await throwawayHome(t);
  const first = await start({ settings: { fsync: 'off' } });
  await first.stop();
  await writeFile(join(first.dataDir, 'standby.signal'), '');
  return start({ settings: { fsync: 'off' } });
}

async function recoveryFires(t: TestContext): Promise<void> {
  const { superuserUrl: standby } = await startStandby(t);
  const report = expectLevel(await examine(standby, 'recovery-state'), 'warn');
  assert.match(report.summary, /^a standby: it takes no writes/);
  expectLevel(await examine(standby, 'recovery-state', { limits: { standbyAllowed: 1 } }), 'ok');
  const db = await openSession(t, standby);
  await db.query(sql`select pg_wal_replay_pause()`);
  await eventually('the replay is paused', async () => {
    const row = await db.one(sql<{ state: string }>`select pg_get_wal_replay_pause_state() as state`);
    return row.state === 'paused' || undefined;
  });
  const paused = await examine(standby, 'recovery-state', { limits: { standbyAllowed: 1 } });
  assert.match(expectLevel(paused, 'critical').summary, /replay is paused/);
  await readOnlyDatabaseFires(t);
}

async function readOnlyDatabaseFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  const name = new URL(url).pathname.slice(1);
  await db.query(sql`alter database ${sql.id(name)} set default_transaction_read_only = on`);
  const report = expectLevel(await examine(url, 'recovery-state'), 'critical');
  assert.match(report.summary, new RegExp(`alter database ${name} set`));
  assert.match(
    report.remedy ?? '',
    new RegExp(`^alter database ${name} reset default_transaction_read_only`),
  );
}

async function uptimeFires(t: TestContext): Promise<void> {
  const { url } = await openCluster(t);
  expectLevel(await examine(url, 'uptime'), 'warn');
}

async function uptimeQuiet(t: TestContext): Promise<void> {
  const { url } = await openCluster(t);
  const limits = { warnSeconds: 0.5 };
  await eventually('it has been up for longer than that', async () => {
    const { level } = await examine(url, 'uptime', { limits });
    return level === 'ok' || undefined;
  });
}

/** Gives a running server a self-signed certificate for so many days. */
async function serveTls({ dataDir, superuserUrl }: Cluster, t: TestContext, days: number): Promise<void> {
  const [certificate, key] = [join(dataDir, 'test.crt'), join(dataDir, 'test.key')];
  const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=holdfast-test'];
  await run('openssl', [...make, '-days', String(days), '-keyout', key, '-out', certificate]);
  const { uid, gid } = await stat(dataDir);
  for (const path of [certificate, key]) await chown(path, uid, gid);
  const db = await openSession(t, superuserUrl);
  for (const [name, value] of [
    ['ssl_cert_file', certificate],
    ['ssl_key_file', key],
    ['ssl', 'on'],
  ] as const) {
    await db.query(sql`alter system set ${sql.id(name)} = ${sql.literal(value)}`);
  }
  await db.query(sql`select pg_reload_conf()`);
  await eventually('TLS is on', async () => {
    const row = await db.one(sql<{ ssl: string }>`select current_setting('ssl') as ssl`);
    return row.ssl === 'on' || undefined;
  });
}

async function tlsFires(t: TestContext): Promise<void> {
  const { cluster, url } = await openCluster(t);
  const without = await examine(url, 'tls-expiry');
  assert.deepEqual([without.level, without.summary], ['skipped', 'the server at 127.0.0.1 offers no TLS']);
  await serveTls(cluster, t, 20);
  const report = await eventually('new connections are offered TLS', async () => {
    const found = await examine(url, 'tls-expiry');
    return found.level === 'skipped' ? undefined : found;
  });
  expectLevel(report, 'warn');
  assert.match(report.summary, /^expires in (20|19\.9) days/);
  assert.equal(report.evidence[0]?.subject, 'CN=holdfast-test');
  const inADay = await examine(url, 'tls-expiry', { clock: wrongClock(14 * 86_400) });
  expectLevel(inADay, 'critical');
  const expired = await examine(url, 'tls-expiry', { clock: wrongClock(21 * 86_400) });
  assert.match(expectLevel(expired, 'critical').summary, /^expired at/);
}

async function tlsQuiet(t: TestContext): Promise<void> {
  const { cluster, url } = await openCluster(t);
  await serveTls(cluster, t, 365);
  const report = await eventually('new connections are offered TLS', async () => {
    const found = await examine(url, 'tls-expiry');
    return found.level === 'skipped' ? undefined : found;
  });
  expectLevel(report, 'ok');
}

async function clockFires(t: TestContext): Promise<void> {
  const { url } = await openDatabase(t);
  const ahead = expectLevel(await examine(url, 'clock-skew', { clock: wrongClock(3) }), 'warn');
  assert.match(ahead.summary, /^(3|2\.9\d*|3\.0\d*) s behind ours/);
  const behind = expectLevel(await examine(url, 'clock-skew', { clock: wrongClock(-60) }), 'critical');
  assert.match(behind.summary, /s ahead of ours/);
}

export const CONNECTIVITY_CASES: readonly HealthCase[] = [
  { number: 1, fires: roundTripFires, quiet: quietOnHoldfast('round-trip') },
  { number: 2, fires: recoveryFires, quiet: quietOnHoldfast('recovery-state') },
  { number: 3, fires: uptimeFires, quiet: uptimeQuiet },
  { number: 4, fires: tlsFires, quiet: tlsQuiet },
  { number: 5, fires: clockFires, quiet: quietOnHoldfast('clock-skew') },
];
