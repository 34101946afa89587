import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '@holdfast/postgres';
import { installedVersions, startSystemPostgres } from '../system-postgres.ts';
import { clonedPair, clonedPairOn, join, numbersOf, type Pair, rowsOf } from './pair.ts';
import { EQUAL_BUT_OTHER, TYPES } from './types.ts';

const DIFFERENT_SETTINGS = `
  alter role current_user set datestyle = 'SQL, DMY'; alter role current_user set intervalstyle = 'sql_standard';
  alter role current_user set extra_float_digits = 0; alter role current_user set bytea_output = 'escape';
  alter role current_user set timezone = 'America/New_York';
`;

async function comesBackExactly(pair: Pair): Promise<void> {
  const expected = await rowsOf(pair.live, 'kinds');
  await pair.live.script('delete from kinds');
  const done = await pair.restore({ tables: ['kinds'] });
  assert.equal(done.outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'kinds'), expected);
  const { same } = await pair.live.one(
    sql<{
      same: boolean;
    }>`select n::text = '1.00' and f8::text = '-0' and j::text = '{"a":1, "a":  1.00}' and array_lower(a, 1) = 0
      and num_nulls(p) = 0 and octet_length(c) = 5 and t like E'%\\\\\\\\N' as same from kinds where num = 1`,
  );
  assert.equal(same, true);
}

async function smallDamageIsSeen(pair: Pair): Promise<void> {
  await pair.live.script(EQUAL_BUT_OTHER);
  const done = await pair.restore({ tables: ['kinds'], mode: 'overwrite' });
  assert.deepEqual(numbersOf(done, 'kinds'), {
    inserts: 0,
    updates: 1,
    deletes: 0,
    unchanged: 3,
    differing: 0,
  });
  assert.deepEqual(Object.keys(done.tables[0]?.samples[0]?.after ?? {}), ['n', 'f8', 'j', 'jb']);
  assert.deepEqual(await rowsOf(pair.live, 'kinds'), await rowsOf(pair.backup, 'kinds'));
}

test('values of every kind come back to the bit, and the smallest difference is seen', async t => {
  const pair = await clonedPair(t, TYPES);
  await comesBackExactly(pair);
  await smallDamageIsSeen(pair);
});

const [old] = await installedVersions();

test('the same on the oldest PostgreSQL of this machine, and from it into the newest', {
  skip: old === undefined && 'no other PostgreSQL is installed',
}, async t => {
  assert.ok(old);
  const server = await startSystemPostgres(old);
  t.after(() => server.stop());
  const older = await clonedPairOn(t, server.superuserUrl, TYPES);
  await comesBackExactly(older);
  await smallDamageIsSeen(older);
  await (await older.open()).script(DIFFERENT_SETTINGS);
  const newer = await clonedPair(t, TYPES);
  await comesBackExactly(await join(t, newer.liveUrl, older.backupUrl));
});

test('columns that were added, dropped, moved and given another type', async t => {
  const pair = await clonedPair(
    t,
    `create table things (id int primary key, a text, b int, gone text, twice int generated always as (b * 2) stored);
     insert into things values (1, 'x', 10, 'old'), (2, 'y', 20, 'old');`,
  );
  await pair.live.script(`
    delete from things; alter table things drop column gone; alter table things add column later text not null default 'new';
    alter table things drop column a; alter table things add column a text; alter table things drop column twice;
    alter table things alter column b type text; alter table things add column thrice text generated always as (b || b || b) stored;
  `);
  const done = await pair.restore({ tables: ['things'] });
  assert.deepEqual(done.tables[0]?.notes, [
    'gone is in the backup alone and is left out',
    'later was added after the backup: rows that are inserted get its default, others keep their value',
    'b was integer and is text now',
    'thrice is generated and computed anew',
  ]);
  assert.deepEqual(await rowsOf(pair.live, 'things'), ['(1,10,new,x,101010)', '(2,20,new,y,202020)']);
  await pair.live.script(
    'alter table things add column must int not null default 1; alter table things alter must drop default',
  );
  await assert.rejects(pair.plan({ tables: ['things'] }), /must was added since, must have a value/);
});

test('partitioned tables go through their parent, and a row finds another partition', async t => {
  const pair = await clonedPair(
    t,
    `create table events (id int, at date, kind text, primary key (id, at)) partition by range (at);
     create table events_1 partition of events for values from ('2026-01-01') to ('2026-02-01');
     create table events_2 partition of events for values from ('2026-02-01') to ('2026-03-01');
     create table logs (at date, line text) partition by list (line);
     create table logs_rest partition of logs default;
     insert into events select n, date '2026-01-01' + n % 50, 'k' from generate_series(1, 100) n;
     insert into logs select '2026-01-01', 'x' from generate_series(1, 5);`,
  );
  await pair.live.script(`
    delete from events where id <= 30; update events set kind = 'spoilt' where id between 31 and 40;
    update events set at = '2026-02-03' where id = 41; delete from logs where ctid = (select min(ctid) from logs);
    create table logs_y partition of logs for values in ('y'); insert into logs values ('2026-01-02', 'y');
  `);
  const done = await pair.restore({ tables: ['events', 'logs'], mode: 'exact' });
  assert.deepEqual(numbersOf(done, 'events'), {
    inserts: 31,
    updates: 10,
    deletes: 1,
    unchanged: 59,
    differing: 0,
  });
  assert.deepEqual(numbersOf(done, 'logs'), {
    inserts: 1,
    updates: 0,
    deletes: 1,
    unchanged: 4,
    differing: 0,
  });
  assert.deepEqual(await rowsOf(pair.live, 'events'), await rowsOf(pair.backup, 'events'));
  await assert.rejects(pair.plan({ tables: ['events', 'events_1'] }), /events_1 is a partition of events/);
  await pair.live.script('delete from events_1');
  assert.equal((await pair.restore({ tables: ['events_1'] })).outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'events'), await rowsOf(pair.backup, 'events'));
});

test('exclusion constraints, partial and expression indexes, and NULLS NOT DISTINCT are looked at', async t => {
  const pair = await clonedPair(
    t,
    `create table rooms (id int primary key, during int4range, exclude using gist (during with &&));
     create table names (id int primary key, name text, closed boolean default false, code int unique nulls not distinct);
     create unique index names_lower on names (lower(name)) where not closed;
     insert into rooms values (1, '[1,5)'), (2, '[5,9)');
     insert into names values (1, 'Ann', false, null), (2, 'Bob', true, 2), (3, 'Cy', false, 3);`,
  );
  await pair.live.script(`
    delete from rooms; insert into rooms values (3, '[4,6)'); delete from names;
    insert into names values (4, 'ANN', false, 4), (5, 'bob', false, 5), (6, 'cy', true, null);
  `);
  const plan = await pair.plan({ tables: ['rooms', 'names'] });
  assert.deepEqual(
    plan.tables.flatMap(({ name, conflicts }) =>
      conflicts.map(({ kind, subject, rows }) => [name, kind, subject, rows]),
    ),
    [
      ['rooms', 'exclusion', 'rooms_during_excl', 2],
      ['names', 'unique', 'names_code_key', 1],
      ['names', 'unique', 'names_lower', 1],
    ],
  );
  const done = await pair.restore({ tables: ['names'], skipConflicts: true });
  assert.equal(done.outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'names'), [
    '(2,Bob,t,2)',
    '(3,Cy,f,3)',
    '(4,ANN,f,4)',
    '(5,bob,f,5)',
    '(6,cy,t,)',
  ]);
});

test('row level security that would hide rows refuses', async t => {
  const pair = await clonedPair(
    t,
    `
    create table secrets (id int primary key); insert into secrets values (1), (2);
    alter table secrets enable row level security; create policy few on secrets using (id = 1);
    alter table secrets owner to holdfast_owner; grant all on secrets to holdfast_app;`,
  );
  await pair.live.script('set role holdfast_app');
  await assert.rejects(
    pair.plan({ tables: ['secrets'] }),
    /Row level security would hide rows of public.secrets in the live/,
  );
});
