import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, sql } from '@holdfast/postgres';
import {
  type RecordingApi,
  type RecordingPostgres,
  type ShopSystem,
  startRecordingApi,
  startRecordingPostgres,
  startShopSystem,
} from '@holdfast/testing';
import {
  type DoctorConfig,
  examine,
  resolveOtherTarget,
  resolveTarget,
  takeSystemSnapshot,
} from '../src/index.ts';
import { PROBE_EMAIL_DOMAIN, PROBE_EMAIL_PREFIX } from '../src/probes/probe-account-queries.ts';
import { stackWithUsers } from './examination.ts';

const READER = 'shop_reader';
const READING_METHODS = ['GET', 'HEAD', 'OPTIONS', 'PROPFIND'];
/** What a session is begun and ended with, and what reads. */
const READING =
  /^\s*(select|show|set|reset|begin|start transaction|commit|rollback|savepoint|release|with|values|declare|fetch|close|explain|discard|deallocate)\b/i;
const WRITING =
  /\b(insert\s+into|update\s+(only\s+)?[a-z_".]+\s+set|delete\s+from|merge\s+into|truncate|create\s|alter\s|drop\s|grant\s|revoke\s|copy\s|lock\s+table|select\s+into|nextval|setval|pg_terminate_backend|pg_cancel_backend|lo_create|for\s+update)/i;

const address = (url: string) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });

/** The rows of every table, as checksums that do not depend on their order. */
async function checksums(url: string, without: readonly string[] = []): Promise<Record<string, string>> {
  const { tables } = await takeSystemSnapshot({
    url,
    takenAt: new Date().toISOString(),
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const named = tables.map(({ schema, name, rows, checksum }) => [
    `${schema}.${name}`,
    `${rows} ${checksum}`,
  ]);
  return Object.fromEntries(named.filter(([name]) => !without.includes(name ?? '')));
}

function writingStatements({ statements }: RecordingPostgres): string[] {
  return statements.filter(statement => {
    const words = statement.replaceAll(/'(?:[^']|'')*'/g, "''").replaceAll(/--.*$/gm, '');
    return words.trim() !== '' && (!READING.test(words) || WRITING.test(words));
  });
}

const writingRequests = ({ requests }: RecordingApi) =>
  requests.filter(({ method }) => !READING_METHODS.includes(method));

/** A role that has the right to read, and no other. */
async function createReader(shop: ShopSystem): Promise<string> {
  await shop.asSuperuser(async db => {
    await db.query(sql`create role ${sql.id(READER)} login password 'reads alone'`);
    await db.query(sql`grant usage on schema shop to ${sql.id(READER)}`);
    await db.query(sql`grant select on all tables in schema shop to ${sql.id(READER)}`);
    await db.query(sql`grant select on all sequences in schema shop to ${sql.id(READER)}`);
  });
  const url = new URL(shop.ownerUrl);
  url.username = READER;
  url.password = 'reads alone';
  return url.href;
}

interface Watched {
  readonly shop: ShopSystem;
  readonly reader: string;
  readonly api: RecordingApi;
  readonly proxy: RecordingApi;
  readonly database: RecordingPostgres;
  readonly directory: string;
}

async function watchShop(t: TestContext): Promise<Watched> {
  const shop = await startShopSystem();
  t.after(() => shop.close());
  const [api, proxy, database] = [
    await startRecordingApi(shop.serverUrl),
    await startRecordingApi(shop.proxyUrl),
    await startRecordingPostgres(address(shop.ownerUrl)),
  ];
  const directory = await mkdtemp(join(tmpdir(), 'hf-read-only-'));
  t.after(async () => {
    await Promise.all([api.close(), proxy.close(), database.close()]);
    await rm(directory, { recursive: true, force: true });
  });
  const snapshot = await takeSystemSnapshot({
    url: shop.ownerUrl,
    takenAt: new Date().toISOString(),
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  await writeFile(join(directory, 'holdfast.snapshot.json'), JSON.stringify(snapshot));
  return { shop, reader: database.urlOf(await createReader(shop)), api, proxy, database, directory };
}

function configOf(
  { shop, reader, api, proxy }: Watched,
  more: Partial<NonNullable<DoctorConfig['api']>>,
): DoctorConfig {
  return {
    database: { url: reader, schemas: ['shop'] },
    api: {
      ...{ urls: [api.url], proxyUrl: proxy.url, health: '/v2/status', openapi: shop.openapi },
      ...more,
    },
  };
}

test('another system is examined by a role that may not write, without a request or statement that does', async t => {
  const watched = await watchShop(t);
  const { shop, api, proxy, database, directory } = watched;
  const before = await checksums(shop.ownerUrl);
  const config = configOf(watched, { origins: [shop.origin] });
  const diagnosis = await examine(
    await resolveOtherTarget({ path: join(directory, 'holdfast.config.ts'), directory, config }, {}),
  );
  assert.deepEqual([diagnosis.rootCauses, diagnosis.unexplained, diagnosis.undecided], [[], [], []]);
  const passed = diagnosis.checks.filter(({ outcome }) => outcome === 'pass').map(({ id }) => id);
  for (const id of ['schema.tables', 'data.rows', 'api.schema', 'proxy.passes', 'database.writable'])
    assert.ok(passed.includes(id), `${id} was examined`);
  assert.ok(api.requests.length > 20 && proxy.requests.length > 20 && database.statements.length > 10);
  assert.deepEqual([writingRequests(api), writingRequests(proxy)], [[], []]);
  assert.deepEqual(writingStatements(database), []);
  assert.deepEqual(await checksums(shop.ownerUrl), before);
  await assertWritesAreSeen(watched);
});

/** Otherwise nothing would be proven by not having seen any. */
async function assertWritesAreSeen({ reader, database, api }: Watched): Promise<void> {
  const session = await connect({ url: reader });
  const write = sql`delete from shop.products where id = ${1}`;
  await assert.rejects(session.query(write), /permission denied/);
  await session.close();
  await fetch(`${api.url}/v2/session`, { method: 'DELETE' }).then(response => response.body?.cancel());
  assert.match(writingStatements(database).join(), /^delete from shop\.products/);
  assert.deepEqual(
    writingRequests(api).map(({ method }) => method),
    ['DELETE'],
  );
}

test('with a probe user of the configuration, its sign-in is the only request that is no read', async t => {
  const watched = await watchShop(t);
  const { shop, api, proxy, database, directory } = watched;
  const config = configOf(watched, {
    signIn: { path: '/v2/session', body: shop.account, token: '/data/access_token' },
  });
  // what the shop itself notes of a sign-in
  const noted = ['shop.sessions', 'shop.audit_events_session'];
  const before = await checksums(shop.ownerUrl, noted);
  const diagnosis = await examine(
    await resolveOtherTarget({ path: join(directory, 'holdfast.config.ts'), directory, config }, {}),
  );
  assert.deepEqual(diagnosis.rootCauses, []);
  const written = [...writingRequests(api), ...writingRequests(proxy)];
  assert.deepEqual(
    [...new Set(written.map(({ method, path }) => `${method} ${path}`))],
    ['POST /v2/session'],
  );
  assert.deepEqual(writingStatements(database), []);
  assert.deepEqual(await checksums(shop.ownerUrl, noted), before);
});

test('of a Holdfast only the marked probe account is written, and nothing of it is left', async t => {
  const stack = await stackWithUsers();
  t.after(() => stack.close());
  const api = await startRecordingApi(stack.server.url);
  t.after(() => api.close());
  const before = await checksums(stack.cluster.ownerUrl);
  const settings = await stack.settings();
  const target = await resolveTarget({ home: stack.home, settings, apiUrl: api.url });
  const diagnosis = await examine(target);
  assert.deepEqual(diagnosis.rootCauses, []);
  assert.ok(diagnosis.checks.some(({ id, outcome }) => id === 'auth.refresh' && outcome === 'pass'));
  const named = writingRequests(api).flatMap(({ body }) => /"email":"([^"]*)"/.exec(body)?.[1] ?? []);
  assert.ok(named.length > 0);
  for (const email of named)
    assert.ok(email.startsWith(PROBE_EMAIL_PREFIX) && email.endsWith(PROBE_EMAIL_DOMAIN), email);
  for (const { path } of writingRequests(api)) assert.match(path, /^\/api\/v1\/auth\//);
  assert.deepEqual(await checksums(stack.cluster.ownerUrl), before);
});
