import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { purgePolicies } from '@holdfast/auth/cleanup';
import {
  type CleanupOptions,
  type CleanupRun,
  type PolicyEntry,
  runCleanup,
} from '@holdfast/database/cleanup';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { column, failure, openConnection } from './fixtures.ts';
import { installedVersions, startSystemPostgres } from './system-postgres.ts';

const DAY_MS = 86_400_000;
const SCHEMA = `
  create table customers (id int primary key, deleted_at timestamptz);
  create table addresses (id int primary key, customer_id int not null references customers on delete cascade);
  create table orders (id int primary key, customer_id int not null references customers on delete cascade, deleted_at timestamptz);
  create table order_lines (order_id int references orders on delete cascade, position int, primary key (order_id, position));
  create table reviews (id int primary key, customer_id int references customers on delete set null);
  create table invoices (id int primary key, order_id int references orders);
  create table folders (id int primary key, parent_id int references folders on delete cascade, deleted_at timestamptz);
  create table events (at timestamptz not null, note text) partition by range (at);
  create table events_old partition of events for values from ('2000-01-01') to ('2020-01-01');
  create table events_new partition of events for values from ('2020-01-01') to ('2100-01-01');
`;

function entry(table: string, columnName: string, owns: readonly string[] = [], deleted = true): PolicyEntry {
  return { kind: 'table', table, column: columnName, deleted, retentionMs: 30 * DAY_MS, owns };
}

const cleanOf =
  (connection: Connection) =>
  (options: Partial<CleanupOptions> = {}): Promise<CleanupRun> =>
    runCleanup({
      connection,
      builtIn: purgePolicies({ refreshTtlMs: 7 * DAY_MS, accessTtlMs: 900_000 }),
      retentionMs: 7 * DAY_MS,
      confirmed: ['deleted', 'record'],
      pauseMs: 0,
      ...options,
    });

async function shop(t: TestContext) {
  const owner = await openConnection(t, (await emptyDatabase(t)).ownerUrl);
  await owner.script(SCHEMA);
  return { owner, clean: cleanOf(owner) };
}

const outcomes = (run: CleanupRun) =>
  Object.fromEntries(run.results.map(({ name, outcome }) => [name, outcome]));
const ids = (db: Connection, table: string) => column(db, sql`select id from ${sql.id(table)} order by id`);

describe('cleanup of any other database', () => {
  it('touches nothing without policies, not even tables that are called like those of Holdfast', async t => {
    const owner = await openConnection(t, (await emptyDatabase(t)).ownerUrl);
    await owner.script(`
      create table sessions (id int, expires_at timestamptz, revoked_at timestamptz);
      create table audit_log (id int, occurred_at timestamptz);
      insert into sessions values (1, '2000-01-01', '2000-01-01');
      insert into audit_log values (1, '2000-01-01');
    `);
    const run = await cleanOf(owner)({ retentionMs: 0, kinds: { record: 0, deleted: 0, expired: 0 } });
    assert.deepEqual([run.isHoldfast, run.rows, run.results], [false, 0, []]);
    assert.deepEqual(await ids(owner, 'sessions'), [1]);
    assert.deepEqual(await ids(owner, 'audit_log'), [1]);
  });

  it('removes children before parents and nothing that live rows need', async t => {
    const { owner, clean } = await shop(t);
    await owner.script(`
      insert into customers values
        (1, now() - interval '40 days'), (2, now() - interval '40 days'), (3, now() - interval '40 days'), (4, null),
        (5, now() - interval '40 days'), (6, now() - interval '40 days');
      insert into addresses select n, n from generate_series(1, 6) as n;
      insert into orders values
        (1, 1, now() - interval '40 days'), -- goes, and its customer after it
        (2, 2, now() - interval '20 days'), -- is kept for now, and so is its customer
        (3, 3, null),                       -- is live
        (4, 4, now() - interval '40 days'), -- goes; its customer is live
        (6, 6, now() - interval '40 days'); -- has an invoice
      insert into order_lines select id, 1 from orders;
      insert into reviews values (1, 1), (5, 5);
      insert into invoices values (6, 6);
    `);
    const entries = [
      entry('customers', 'deleted_at', ['addresses']),
      entry('orders', 'deleted_at', ['order_lines']),
    ];
    const foreseen = await clean({ entries, dryRun: true });
    const run = await clean({ entries });
    assert.deepEqual(outcomes(run), {
      'orders.deleted_at': { kind: 'done', rows: 2, kept: 1 },
      'customers.deleted_at': { kind: 'done', rows: 2, kept: 3 },
    });
    assert.deepEqual(outcomes(foreseen), outcomes(run));
    assert.deepEqual(await ids(owner, 'customers'), [2, 3, 4, 6]);
    assert.deepEqual(await ids(owner, 'orders'), [2, 3, 6]);
    assert.deepEqual(await ids(owner, 'addresses'), [2, 3, 4, 6]);
    assert.deepEqual(await column(owner, sql`select customer_id from reviews order by id`), [null, null]);
  });

  it('a cascade that no policy expects keeps the row', async t => {
    const { owner, clean } = await shop(t);
    await owner.script(`
      insert into customers values (1, '2020-01-01'), (2, '2020-01-01');
      insert into addresses values (1, 1);
    `);
    const run = await clean({ entries: [entry('customers', 'deleted_at')] });
    assert.deepEqual(outcomes(run), { 'customers.deleted_at': { kind: 'done', rows: 1, kept: 1 } });
    assert.deepEqual(await ids(owner, 'customers'), [1]);
  });

  it('what belongs to what belongs to a row is looked at as well', async t => {
    const { owner, clean } = await shop(t);
    await owner.script(`
      insert into customers values (1, '2020-01-01');
      insert into orders values (1, 1, null);
      insert into order_lines values (1, 1);
    `);
    const partly = await clean({ entries: [entry('customers', 'deleted_at', ['orders'])] });
    assert.deepEqual(outcomes(partly), { 'customers.deleted_at': { kind: 'done', rows: 0, kept: 1 } });
    await owner.execute(sql`insert into invoices values (1, 1)`);
    const owns = ['orders', 'order_lines'];
    const invoiced = await clean({ entries: [entry('customers', 'deleted_at', owns)] });
    assert.deepEqual(outcomes(invoiced), { 'customers.deleted_at': { kind: 'done', rows: 0, kept: 1 } });
    await owner.execute(sql`delete from invoices`);
    const all = await clean({ entries: [entry('customers', 'deleted_at', owns)] });
    assert.deepEqual(outcomes(all), { 'customers.deleted_at': { kind: 'done', rows: 1, kept: 0 } });
  });

  it('a tree goes from its leaves', async t => {
    const { owner, clean } = await shop(t);
    await owner.script(`
      insert into folders values (1, null, '2020-01-01'), (2, 1, '2020-01-01'), (3, 2, '2020-01-01'),
        (10, null, '2020-01-01'), (11, 10, null);
    `);
    const run = await clean({ entries: [entry('folders', 'deleted_at')] });
    assert.deepEqual(outcomes(run), { 'folders.deleted_at': { kind: 'done', rows: 3, kept: 1 } });
    assert.deepEqual(await ids(owner, 'folders'), [10, 11]);
  });

  it('a row that gets a reference meanwhile stays', async t => {
    const db = await emptyDatabase(t);
    const [owner, other] = [await openConnection(t, db.ownerUrl), await openConnection(t, db.ownerUrl)];
    await owner.script(SCHEMA);
    await owner.script(`insert into customers values (1, '2020-01-01'), (2, '2020-01-01')`);
    const entries = [entry('customers', 'deleted_at')];
    await other.transaction(async tx => {
      await tx.execute(sql`insert into addresses values (1, 1)`);
      const run = await cleanOf(owner)({ entries });
      assert.deepEqual(outcomes(run), { 'customers.deleted_at': { kind: 'done', rows: 1, kept: 1 } });
    });
    assert.deepEqual(await ids(owner, 'addresses'), [1]);
  });

  it('goes through the partitions of a table', async t => {
    const { owner, clean } = await shop(t);
    await owner.script(`
      insert into events select '2019-06-01'::timestamptz + n * interval '1 day', n from generate_series(0, 400) as n;
      insert into events values (now(), 'now');
    `);
    const run = await clean({
      entries: [entry('events', 'at', [], false)],
      batchSize: 100,
      confirmed: [],
    });
    assert.deepEqual(outcomes(run), { 'events.at': { kind: 'done', rows: 401, kept: 0 } });
    assert.deepEqual(await column(owner, sql`select note from events`), ['now']);
  });

  it('names everything that is wrong with a policy file at once', async t => {
    const { clean } = await shop(t);
    const entries = [
      entry('nowhere', 'at'),
      entry('customers', 'gone_at', ['x', 'y']),
      entry('events', 'note'),
      { kind: 'override', policy: 'sessions', retentionMs: 0 } as const,
    ];
    const error = await failure(clean({ entries }), 'configuration_invalid');
    assert.deepEqual(error.message.split('\n  '), [
      'Policy file:',
      'There is no table "nowhere".',
      '"customers" has no column "gone_at".',
      'There is no table "x" in the schema "public", which "customers" is to own.',
      'There is no table "y" in the schema "public", which "customers" is to own.',
      'The column "note" of "events" is of type text, not a time.',
      'There is no policy "sessions"; this database is not one of Holdfast, so it has none.',
    ]);
  });

  for (const [what, wrong, problem] of [
    ['a table that is not there', entry('nowhere', 'at'), /There is no table "nowhere"/],
    ['a column that is not there', entry('customers', 'gone_at'), /"customers" has no column "gone_at"/],
    ['a column that is no time', entry('events', 'note'), /of type text, not a time/],
    [
      'an owned table that is not there',
      entry('customers', 'deleted_at', ['x']),
      /There is no table "x" in the schema "public"/,
    ],
    ['a catalog', entry('pg_catalog.pg_class', 'relname'), /in the schema pg_catalog, which is not cleaned/],
    ['a view', entry('people', 'deleted_at'), /"people" is no table/],
    [
      'a policy of Holdfast',
      { kind: 'override', policy: 'sessions', retentionMs: 0 } as const,
      /not one of Holdfast/,
    ],
  ] as const) {
    it(`refuses ${what}, before anything is removed`, async t => {
      const { owner, clean } = await shop(t);
      await owner.script(
        `create view people as select * from customers; insert into customers values (1, '2020-01-01')`,
      );
      const entries = [entry('customers', 'deleted_at'), wrong];
      const error = await failure(
        clean({ entries: entries.slice(wrong.kind === 'table' && wrong.table === 'customers' ? 1 : 0) }),
        'configuration_invalid',
      );
      assert.match(error.message, problem);
      assert.deepEqual(await ids(owner, 'customers'), [1]);
    });
  }
});

for (const version of await installedVersions()) {
  it(`works on PostgreSQL ${version}`, async t => {
    const server = await startSystemPostgres(version);
    t.after(() => server.stop());
    const connection = await connect({ url: server.superuserUrl });
    await connection.script(SCHEMA);
    await connection.script(
      `insert into customers values (1, '2020-01-01'); insert into addresses values (1, 1)`,
    );
    const run = await cleanOf(connection)({ entries: [entry('customers', 'deleted_at', ['addresses'])] });
    assert.equal(run.rows, 1);
    await connection.close();
  });
}
