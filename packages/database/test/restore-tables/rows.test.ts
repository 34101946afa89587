import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { undoTableRestore } from '@holdfast/database/restore/tables';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { eventually } from '../fixtures.ts';
import { clonedPair, conflictsOf, numbersOf, type Pair, rowsOf } from './pair.ts';

const SHOP = `
  create table customers (id bigint generated always as identity primary key, email text not null unique, name text);
  create table orders (id serial primary key, customer bigint not null references customers, total numeric(10, 2) check (total >= 0));
  create table notes (body text);
  insert into customers (email, name) select 'c' || n || '@example.com', 'customer ' || n from generate_series(1, 100) n;
  insert into orders (customer, total) select 1 + n % 100, n from generate_series(1, 300) n;
  insert into notes select 'note ' || n / 2 from generate_series(0, 9) n;
`;

test('a DELETE without WHERE is undone, and later writes elsewhere stay', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script(`
    delete from orders;
    insert into customers (email) values ('later@example.com');
    update customers set name = 'renamed' where id = 5;
    insert into orders (customer, total) values (101, 7);
  `);
  const customers = await rowsOf(pair.live, 'customers');
  const before = await rowsOf(pair.live, 'orders');
  const other = await pair.open();
  const preview = await pair.plan({ tables: ['orders'] });
  assert.equal(preview.outcome, 'planned');
  assert.deepEqual(numbersOf(preview, 'orders'), {
    inserts: 300,
    updates: 0,
    deletes: 0,
    unchanged: 0,
    differing: 0,
  });
  assert.deepEqual(await rowsOf(pair.live, 'orders'), before);
  const writing = (async () => {
    for (let n = 0; n < 50; n += 1) await other.execute(sql`insert into notes values (${`meanwhile ${n}`})`);
  })();
  const done = await pair.restore({ tables: ['orders'] });
  await writing;
  assert.equal(done.outcome, 'restored');
  assert.deepEqual(
    await rowsOf(pair.live, 'orders'),
    [...(await rowsOf(pair.backup, 'orders')), ...before].sort(),
  );
  assert.deepEqual(await rowsOf(pair.live, 'customers'), customers);
  assert.equal((await rowsOf(pair.live, 'notes')).length, 60);
  const [next] = await pair.live.many(
    sql<{ id: number }>`insert into orders (customer, total) values (1, 1) returning id`,
  );
  assert.equal(next?.id, 302);
});

test('the three modes', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script(`
    delete from orders where id <= 10;
    update orders set total = 999 where id between 11 and 15;
    insert into orders (customer, total) values (1, 1), (2, 2);
  `);
  const missing = await pair.plan({ tables: ['orders'], mode: 'missing' });
  assert.deepEqual(numbersOf(missing, 'orders'), {
    inserts: 10,
    updates: 0,
    deletes: 0,
    unchanged: 285,
    differing: 5,
  });
  const overwrite = await pair.plan({ tables: ['orders'], mode: 'overwrite' });
  assert.deepEqual(numbersOf(overwrite, 'orders'), {
    inserts: 10,
    updates: 5,
    deletes: 0,
    unchanged: 285,
    differing: 0,
  });
  const exact = await pair.restore({ tables: ['orders'], mode: 'exact' });
  assert.deepEqual(numbersOf(exact, 'orders'), {
    inserts: 10,
    updates: 5,
    deletes: 2,
    unchanged: 285,
    differing: 0,
  });
  assert.deepEqual(await rowsOf(pair.live, 'orders'), await rowsOf(pair.backup, 'orders'));
  assert.deepEqual(exact.tables[0]?.samples.filter(({ action }) => action === 'update')[0], {
    action: 'update',
    key: { id: '11' },
    before: { total: '999.00' },
    after: { total: '11.00' },
  });
});

test('rows by condition: exact also finds rows that fell under it or out of it', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script(`
    update orders set customer = 50 where id = 1;
    update orders set customer = 8 where id = 9;
    update orders set total = 0 where id = 2;
    insert into orders (customer, total) values (8, 8), (9, 9);
    delete from orders where id = 107;
  `);
  // 7, 107 and 207 are of customer 8, and so was nothing else; 9 came to it
  const expected = (await rowsOf(pair.live, 'orders'))
    .filter(line => line !== '(301,8,8.00)' && line !== '(9,8,9.00)')
    .concat('(9,10,9.00)', '(107,8,107.00)')
    .sort();
  const done = await pair.restore({ tables: ['orders'], rows: 'customer = 8 -- only theirs', mode: 'exact' });
  assert.deepEqual(numbersOf(done, 'orders'), {
    inserts: 1,
    updates: 1,
    deletes: 1,
    unchanged: 2,
    differing: 0,
  });
  assert.deepEqual(await rowsOf(pair.live, 'orders'), expected);
});

test('a condition that is more than one is refused', async t => {
  const pair = await clonedPair(t, SHOP);
  for (const rows of [
    'true) to stdout; drop table orders; --',
    'id = 1 order by id',
    'id = 1; select 1',
    ' ',
    'id = ',
  ]) {
    await assert.rejects(pair.plan({ tables: ['orders'], rows }), { code: 'usage' }, rows);
  }
});

test('without a key as many equal rows as in the backup are made', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script(`
    delete from notes where ctid in (select ctid from notes where body in ('note 1', 'note 3') limit 3);
    insert into notes values ('new'), ('note 4'), (null);
  `);
  const missing = await pair.plan({ tables: ['notes'] });
  assert.equal(missing.tables[0]?.matchedBy, null);
  assert.deepEqual(numbersOf(missing, 'notes'), {
    inserts: 3,
    updates: 0,
    deletes: 0,
    unchanged: 7,
    differing: 0,
  });
  const done = await pair.restore({ tables: ['notes'], mode: 'exact' });
  assert.deepEqual(numbersOf(done, 'notes'), {
    inserts: 3,
    updates: 0,
    deletes: 3,
    unchanged: 7,
    differing: 0,
  });
  assert.deepEqual(await rowsOf(pair.live, 'notes'), await rowsOf(pair.backup, 'notes'));
});

test('conflicts are counted, refuse all, or are left out', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script(`
    delete from orders;
    delete from customers where id in (1, 2, 3);
    insert into customers (email) values ('c1@example.com');
    alter table orders drop constraint orders_total_check;
    alter table orders add constraint small check (total < 290);
  `);
  const before = await rowsOf(pair.live, 'customers');
  const result = await pair.restore({ tables: ['customers', 'orders'] });
  assert.equal(result.outcome, 'refused');
  assert.deepEqual(conflictsOf(result), [
    'customers: unique customers_email_key 1',
    'orders: check small 11',
  ]);
  assert.deepEqual(await rowsOf(pair.live, 'customers'), before);
  // the orders of customer 1 go with it: 100, 200 and 300, of which the last is too large as well
  const skipped = await pair.restore({ tables: ['customers', 'orders'], skipConflicts: true });
  assert.equal(skipped.outcome, 'restored');
  assert.deepEqual(conflictsOf(skipped), [
    'customers: unique customers_email_key 1',
    'orders: check small 11',
    'orders: missing parent orders_customer_fkey 2',
  ]);
  assert.deepEqual(numbersOf(skipped, 'orders').inserts, 287);
});

test('parents that are missing are named, or brought along with theirs', async t => {
  const pair = await clonedPair(
    t,
    `create table countries (code text primary key);
     create table towns (id int primary key, part_of int references towns, country text not null references countries);
     create table people (id int primary key, town int references towns);
     insert into countries values ('de'), ('fr');
     insert into towns values (1, null, 'de'), (2, 1, 'de'), (3, 2, 'de'), (4, null, 'fr');
     insert into people values (1, 3), (2, 3), (3, null), (4, 4);`,
  );
  await pair.live.script(`delete from people; delete from towns; delete from countries where code = 'de'`);
  const refused = await pair.plan({ tables: ['people'], rows: 'id < 4' });
  assert.equal(refused.outcome, 'refused');
  assert.deepEqual(conflictsOf(refused), ['people: missing parent people_town_fkey 2']);
  const done = await pair.restore({ tables: ['people'], rows: 'id < 4', withParents: true });
  assert.equal(done.outcome, 'restored');
  assert.deepEqual(
    done.tables.map(({ name, role, inserts }) => [name, role, inserts]),
    [
      ['people', 'selected', 3],
      ['towns', 'parent', 3],
      ['countries', 'parent', 1],
    ],
  );
  assert.deepEqual(await rowsOf(pair.live, 'towns'), ['(1,,de)', '(2,1,de)', '(3,2,de)']);
});

test('rows that others refer to are not deleted under them', async t => {
  const pair = await clonedPair(
    t,
    `create table a (id int primary key); create table b (id int primary key, a int references a on delete cascade);
     insert into a values (1); insert into b values (1, 1);`,
  );
  await pair.live.script('insert into a values (2), (3); insert into b values (2, 2)');
  const refused = await pair.restore({ tables: ['a'], mode: 'exact' });
  assert.deepEqual(conflictsOf(refused), ['a: referenced b_a_fkey 1']);
  const skipped = await pair.restore({ tables: ['a'], mode: 'exact', skipConflicts: true });
  assert.equal(skipped.outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'a'), ['(1)', '(2)']);
  const both = await pair.restore({ tables: ['a', 'b'], mode: 'exact' });
  assert.equal(both.outcome, 'restored');
  assert.deepEqual([await rowsOf(pair.live, 'a'), await rowsOf(pair.live, 'b')], [['(1)'], ['(1,1)']]);
});

test('references that a deletion emptied are told of, and come back with their own table', async t => {
  const pair = await clonedPair(
    t,
    `${SHOP}
    create table visits (id serial primary key, customer bigint constraint visits_of references customers on delete set null);
    insert into visits (customer) select n from generate_series(1, 20) n;
    create table calls (id serial primary key, customer bigint references customers on delete set null);
    insert into calls (customer) select 90 from generate_series(1, 5);`,
  );
  await pair.live.script('delete from orders; delete from customers where id <= 10');
  const { notes } = await pair.plan({ tables: ['customers'] });
  assert.deepEqual(notes, [
    'rows of public.visits without customer may have lost it with the rows of customers (visits_of, on delete set null), and do not get it back: --table public.visits --mode overwrite shows which',
  ]);
  const both = { tables: ['customers', 'visits'], mode: 'overwrite' } as const;
  assert.deepEqual((await pair.restore(both)).notes, []);
  assert.deepEqual(await rowsOf(pair.live, 'visits'), await rowsOf(pair.backup, 'visits'));
  assert.deepEqual((await pair.plan({ tables: ['orders'] })).notes, []);
});

test('what a cascade took with the rows is told of, unless it comes as well', async t => {
  const pair = await clonedPair(
    t,
    `${SHOP}
    create table carts (id serial primary key, customer bigint not null references customers on delete cascade);
    create table items (cart int not null references carts on delete cascade, article text);
    insert into carts (customer) select n from generate_series(1, 20) n;
    insert into items select n, 'tea' from generate_series(1, 20) n;`,
  );
  await pair.live.script('delete from orders; delete from customers where id <= 10');
  const told =
    /^rows of public\.customers come back without .* name public\.carts, public\.items with --table$/;
  assert.match((await pair.plan({ tables: ['customers'] })).notes.join(), told);
  const orders = await pair.plan({ tables: ['orders'], withParents: true });
  assert.match(orders.notes.join(), told);
  assert.deepEqual((await pair.plan({ tables: ['customers', 'carts', 'items'] })).notes, []);
});

test('a row that moves to another parent is not taken along by the cascade', async t => {
  const pair = await clonedPair(
    t,
    `create table a (id int primary key); create table b (id int primary key, a int references a on delete cascade);
     insert into a values (1); insert into b values (1, 1);`,
  );
  await pair.live.script('insert into a values (2); update b set a = 2; delete from a where id = 1');
  const done = await pair.restore({ tables: ['a', 'b'], mode: 'exact' });
  assert.equal(done.outcome, 'restored');
  assert.deepEqual([await rowsOf(pair.live, 'a'), await rowsOf(pair.live, 'b')], [['(1)'], ['(1,1)']]);
});

test('circles of foreign keys, which cannot be deferred, go in together', async t => {
  const pair = await clonedPair(
    t,
    `create table teams (id int primary key, head int not null);
     create table members (id int primary key, team int not null references teams, mentor int references members);
     begin; alter table teams add constraint head foreign key (head) references members deferrable initially deferred;
     insert into teams values (1, 10), (2, 20); insert into members values (10, 1, 11), (11, 1, 10), (20, 2, null); commit;
     alter table teams alter constraint head not deferrable;`,
  );
  await pair.live.script(
    'begin; set local session_replication_role = replica; delete from teams; delete from members; commit',
  );
  const done = await pair.restore({ tables: ['teams', 'members'] });
  assert.equal(done.outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'members'), await rowsOf(pair.backup, 'members'));
  assert.deepEqual(await rowsOf(pair.live, 'teams'), await rowsOf(pair.backup, 'teams'));
});

test('triggers that change rows refuse the restore, unless they are off or accepted', async t => {
  const pair = await clonedPair(
    t,
    `create table docs (id int primary key, body text, modified_at timestamptz not null default now());
     insert into docs values (1, 'one', '2026-01-01'), (2, 'two', '2026-01-01');
     create function touch() returns trigger language plpgsql as 'begin new.modified_at := now(); return new; end';
     create trigger touch before update on docs for each row execute function touch();
     create trigger silent before update on docs for each row execute function touch();
     alter table docs disable trigger silent;`,
  );
  await pair.live.script(`update docs set body = 'spoilt'`);
  await assert.rejects(pair.restore({ tables: ['docs'], mode: 'overwrite' }), (error: Error) => {
    assert.match(error.message, /^2 rows of public.docs .*its triggers \(touch\)/);
    assert.match(error.message, /--disable-triggers.*--accept-trigger-changes/);
    return true;
  });
  const action = { kind: 'plan', tryTriggers: true } as const;
  const changes = { tables: ['docs'], mode: 'overwrite', action } as const;
  await assert.rejects(
    pair.restore(changes),
    /^HoldfastError: 2 rows of public.docs .*its triggers \(touch\)/,
  );
  for (const how of [{ disableTriggers: true }, { acceptTriggerChanges: true }, { mode: 'missing' as const }])
    assert.equal((await pair.restore({ ...changes, ...how })).outcome, 'planned');
  const writer = await pair.open();
  await writer.script('begin; update docs set id = id');
  const locked = await pair.restore(changes);
  await writer.script('rollback');
  assert.equal(locked.outcome, 'planned');
  assert.match(locked.notes.join(), /whether triggers \(touch\) change the rows, .* others are writing them/);
  assert.deepEqual(await pair.live.many(sql<{ body: string }>`select distinct body from docs`), [
    { body: 'spoilt' },
  ]);
  const done = await pair.restore({ tables: ['docs'], mode: 'overwrite', disableTriggers: true });
  assert.equal(done.outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'docs'), await rowsOf(pair.backup, 'docs'));
  const states = await pair.live.many(
    sql`select tgname, tgenabled from pg_trigger where not tgisinternal order by 1`,
  );
  assert.deepEqual(states, [
    { tgname: 'silent', tgenabled: 'D' },
    { tgname: 'touch', tgenabled: 'O' },
  ]);
  await pair.live.script(`update docs set body = 'spoilt'`);
  const accepted = await pair.restore({ tables: ['docs'], mode: 'overwrite', acceptTriggerChanges: true });
  assert.equal(accepted.outcome, 'restored');
});

test('a restore is undone where nobody has written since', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script(`
    delete from orders where id <= 10;
    update orders set total = 999 where id between 11 and 15;
    insert into orders (customer, total) values (1, 1), (2, 2);
    delete from notes where body = 'note 1';
  `);
  const before = await rowsOf(pair.live, 'orders');
  const notes = await rowsOf(pair.live, 'notes');
  const { id } = await pair.restore({ tables: ['orders', 'notes'], mode: 'exact' });
  assert.ok(id);
  const options = { target: pair.live, id, partly: false, disableTriggers: false, action: 'apply' } as const;
  await pair.live.script(
    'update orders set total = 3 where id = 3; update orders set total = 12.50 where id = 12',
  );
  const refused = await undoTableRestore(options);
  assert.equal(refused.outcome, 'refused');
  assert.deepEqual(
    refused.tables.map(({ name, inserts, updates, deletes, changedSince }) => [
      name,
      inserts,
      updates,
      deletes,
      changedSince,
    ]),
    // 3 is as before again: a change that left nothing different
    [
      ['orders', 2, 4, 10, 1],
      ['notes', 0, 0, 2, 0],
    ],
  );
  const done = await undoTableRestore({ ...options, partly: true });
  assert.equal(done.outcome, 'undone');
  assert.deepEqual(
    await rowsOf(pair.live, 'orders'),
    before.map(line => (line === '(12,13,999.00)' ? '(12,13,12.50)' : line)).sort(),
  );
  assert.deepEqual(await rowsOf(pair.live, 'notes'), notes);
  await assert.rejects(undoTableRestore(options), { code: 'restore_refused' });
  await assert.rejects(undoTableRestore({ ...options, id: 'unknown' }), { code: 'not_found' });
});

test('the rows kept for the way back are not for everybody', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script('delete from orders where id = 1');
  await pair.restore({ tables: ['orders'] });
  await pair.live.script(
    'grant usage on schema holdfast_ledger to public; grant select on all tables in schema holdfast_ledger to public',
  );
  const seen = await pair.live.transaction(async tx => {
    await tx.execute(sql`set local role holdfast_app`);
    return tx.one(sql`select count(*) from holdfast_ledger.table_restore_rows`);
  });
  assert.deepEqual(seen, { count: 0 });
});

const KEYS = sql<{ columns: string[] }>`
  select array_agg(a.attname::text) as columns from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
  where i.indisprimary and i.indrelid = 'holdfast_ledger.table_restore_rows'::regclass`;

test('the rows kept for the way back have a primary key, also where an earlier version made them without', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script('delete from orders where id = 1');
  const first = await pair.restore({ tables: ['orders'] });
  assert.deepEqual(await pair.live.one(KEYS), { columns: ['id'] });
  await pair.live.script(
    'alter table holdfast_ledger.table_restore_rows drop column id; delete from orders where id = 2',
  );
  // while somebody reads the table, nobody waits for the key
  const reader = await pair.open();
  await reader.script('begin; select from holdfast_ledger.table_restore_rows');
  assert.equal((await pair.restore({ tables: ['orders'] })).outcome, 'restored');
  assert.deepEqual(await pair.live.one(KEYS), { columns: null });
  await reader.script('commit');
  await pair.live.script('delete from orders where id = 3');
  await pair.restore({ tables: ['orders'] });
  assert.deepEqual(await pair.live.one(KEYS), { columns: ['id'] });
  const undone = await undoTableRestore({
    target: pair.live,
    id: first.id ?? '',
    partly: false,
    disableTriggers: false,
    action: 'apply',
  });
  assert.equal(undone.outcome, 'undone');
});

for (const [moment, prepare] of [
  ['there are none', undefined],
  ['they have no key', 'alter table holdfast_ledger.table_restore_rows drop column id'],
] as const)
  test(`several restores at once make the tables of the ledger once, where ${moment}`, async t => {
    const pair = await clonedPair(t, SHOP);
    if (prepare !== undefined) {
      await pair.live.script('delete from notes');
      await pair.restore({ tables: ['notes'] });
      await pair.live.script(prepare);
    }
    await pair.live.script(
      "delete from orders; delete from notes; delete from customers where email like 'c1%'",
    );
    const others = await Promise.all(
      ['notes', 'customers'].map(async table => ({
        table,
        target: await pair.open(),
        source: await open(t, pair),
      })),
    );
    const results = await Promise.all(
      others.map(({ table, ...sides }) => pair.restore({ ...sides, tables: [table] })),
    );
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['restored', 'restored'],
    );
    assert.deepEqual(await pair.live.one(KEYS), { columns: ['id'] });
  });

async function open(t: TestContext, { backupUrl }: Pair): Promise<Connection> {
  const connection = await connect({ url: backupUrl });
  t.after(() => connection.close());
  return connection;
}

test('rows that wait for the unique value of another one are written in turns; a circle is refused', async t => {
  const pair = await clonedPair(
    t,
    `create table people (id int primary key, email text unique, boss int references people);
     insert into people select n, 'e' || n, 1 from generate_series(1, 20) n;`,
  );
  await pair.live.script(`
    begin; update people set email = email || 'x'; update people set email = 'e' || id + 1; commit;
  `);
  assert.equal((await pair.restore({ tables: ['people'], mode: 'overwrite' })).outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'people'), await rowsOf(pair.backup, 'people'));
  await pair.live.script(`
    begin; update people set email = id || 'x' where id < 3; update people set email = 'e' || 3 - id where id < 3; commit;
  `);
  await assert.rejects(
    pair.restore({ tables: ['people'], mode: 'overwrite' }),
    /^HoldfastError: 2 rows of public.people exchange unique values/,
  );
});

test('a plan that was agreed to is not exceeded', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script('update orders set total = 5 where id < 4');
  const confirmed = await pair.plan({ tables: ['orders'], mode: 'overwrite' });
  await pair.live.script('update orders set total = 6 where id = 4');
  await assert.rejects(
    pair.restore({ tables: ['orders'], mode: 'overwrite', action: { kind: 'apply', confirmed } }),
    /4 rows would be changed and 0 deleted, not 3 and 0 as shown/,
  );
});

test('a writer in the way is waited for; one that stays makes it give up with nothing changed', async t => {
  const pair = await clonedPair(t, SHOP);
  await pair.live.script('delete from orders where id = 1');
  const other = await pair.open();
  await other.script('begin; update orders set total = 5 where id = 2');
  await assert.rejects(pair.restore({ tables: ['orders'], lockWaitMs: 0 }), { code: 'lock_timeout' });
  const waiting = pair.restore({ tables: ['orders'], mode: 'overwrite' });
  const { pid } = await eventually('the restore waits for its lock', () =>
    other.maybeOne(
      sql<{ pid: number }>`select pid from pg_locks where not granted and relation = 'orders'::regclass`,
    ),
  );
  assert.equal(pid, pair.live.processId);
  await other.script('commit');
  assert.deepEqual(numbersOf(await waiting, 'orders'), {
    inserts: 1,
    updates: 1,
    deletes: 0,
    unchanged: 298,
    differing: 0,
  });
});

test('names that mean nothing or several things are refused together', async t => {
  const pair = await clonedPair(
    t,
    `${SHOP} create schema a; create table a.twins (id int); create schema b;
    create table b.twins (id int); create view seen as select 1;`,
  );
  await assert.rejects(pair.plan({ tables: ['order', 'twins', 'seen', 'x*'] }), (error: Error) => {
    assert.deepEqual(error.message.split('\n'), [
      'order is not in the backup. Did you mean public.orders?',
      'twins is several tables: a.twins, b.twins. Give the schema.',
      'seen is a view: its rows are elsewhere.',
      'x* matches no table of the backup.',
    ]);
    return true;
  });
  const plan = await pair.plan({ tables: ['*.twins', 'ord*'] });
  assert.deepEqual(
    plan.tables.map(({ schema, name }) => `${schema}.${name}`),
    ['a.twins', 'b.twins', 'public.orders'],
  );
});
