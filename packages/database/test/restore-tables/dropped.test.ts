import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffCatalogs } from '@holdfast/database/drift';
import { readCatalog, sql } from '@holdfast/postgres';
import { installedVersions, startSystemPostgres } from '../system-postgres.ts';
import { clonedPair, clonedPairOn, conflictsOf, type Pair, rowsOf } from './pair.ts';

const RICH = `
  create table tenants (id int primary key);
  create type state as enum ('open', 'closed');
  create sequence ticket_numbers start 1000;
  create function touch() returns trigger language plpgsql as 'begin new.note := coalesce(new.note, ''touched''); return new; end';
  create table tickets (
    id bigint generated always as identity (start with 10 increment by 5) primary key, number int not null default nextval('ticket_numbers'),
    old_id serial, tenant int not null references tenants, duplicate_of bigint references tickets, state state not null default 'open',
    note text check (note <> ''), place int4range, label text generated always as ('#' || note) stored,
    constraint apart exclude using gist (place with &&)
  ) with (fillfactor = 80);
  alter sequence ticket_numbers owned by tickets.number;
  create unique index tickets_open on tickets (tenant, lower(note)) where state = 'open';
  create index tickets_state on tickets (state) include (number);
  create statistics tickets_stats on tenant, state from tickets;
  create trigger touch before insert on tickets for each row execute function touch();
  create trigger sleeps after update on tickets for each row execute function touch();
  alter table tickets disable trigger sleeps;
  alter table tickets enable row level security;
  create policy own on tickets for select to holdfast_app using (tenant = 1);
  comment on table tickets is 'What people ask'; comment on column tickets.note is 'their words';
  comment on index tickets_state is 'for the board';
  grant select, insert on tickets to holdfast_app; grant update (note) on tickets to holdfast_app;
  create table comments (id int primary key, ticket bigint references tickets on delete cascade, body text);
  create view open_tickets as select id, note from tickets where state = 'open';
  insert into tenants values (1), (2);
  insert into tickets (tenant, note, place) select 1 + n % 2, 'note ' || n, int4range(n, n + 1) from generate_series(1, 50) n;
  update tickets set duplicate_of = 10 where id > 200;
  delete from tickets where id = 255;
  insert into comments select n, 10 + 5 * (n % 49), 'c' from generate_series(1, 60) n;
`;

async function driftOf(pair: Pair): Promise<unknown> {
  const { differences, notes } = diffCatalogs({
    expected: await readCatalog(pair.backup, { schemas: 'all' }),
    live: await readCatalog(pair.live, { schemas: 'all' }),
  });
  return { differences, notes };
}

async function comesBackWhole(pair: Pair): Promise<void> {
  const expected = await rowsOf(pair.backup, 'tickets');
  await pair.live.script(`drop table tickets cascade; drop type state; insert into tenants values (3);
    insert into comments values (1000, 15, 'later'); delete from comments where id = 1`);
  const comments = await rowsOf(pair.live, 'comments');
  const plan = await pair.plan({ tables: ['tickets'] });
  assert.equal(plan.outcome, 'planned');
  assert.deepEqual([plan.tables[0]?.created, plan.tables[0]?.inserts], [true, 49]);
  assert.equal((await pair.live.many(sql`select 1 from pg_class where relname like 'tickets%'`)).length, 0);
  const done = await pair.restore({ tables: ['tickets'] });
  assert.equal(done.outcome, 'restored');
  assert.deepEqual(done.notes, []);
  assert.deepEqual(await driftOf(pair), { differences: [], notes: [] });
  assert.deepEqual(await rowsOf(pair.live, 'tickets'), expected);
  assert.deepEqual(await rowsOf(pair.live, 'comments'), comments);
  const [next] = await pair.live.many(
    sql<Record<string, number>>`insert into tickets (tenant) values (3) returning id, number, old_id`,
  );
  assert.deepEqual(next, { id: 260, number: 1050, old_id: 51 });
}

test('a dropped table comes back with all that hung on it, and nothing else changes', async t => {
  await comesBackWhole(await clonedPair(t, RICH));
});

const [old] = await installedVersions();

test('the same on another PostgreSQL', {
  skip: old === undefined && 'no other PostgreSQL is installed',
}, async t => {
  assert.ok(old);
  const server = await startSystemPostgres(old);
  t.after(() => server.stop());
  await comesBackWhole(await clonedPairOn(t, server.superuserUrl, `create role holdfast_app; ${RICH}`));
});

test('children without their parent keep a foreign key for new rows, and are named', async t => {
  const pair = await clonedPair(t, RICH);
  await pair.live.script(`drop table tickets cascade; insert into comments values (1000, 12345, 'nobody')`);
  const done = await pair.restore({ tables: ['tickets'] });
  assert.equal(done.outcome, 'restored');
  assert.equal(done.notes.length, 1);
  assert.match(
    done.notes[0] ?? '',
    /^public.comments has rows whose parent did not come back either; its foreign key comments_ticket_fkey/,
  );
  const key = await pair.live.one(
    sql`select convalidated from pg_constraint where conname = 'comments_ticket_fkey'`,
  );
  assert.deepEqual(key, { convalidated: false });
});

test('rows of a dropped table whose parents are gone, too', async t => {
  const pair = await clonedPair(t, RICH);
  await pair.live.script('drop table tickets cascade; delete from tenants where id = 2');
  const refused = await pair.restore({ tables: ['tickets'] });
  assert.equal(refused.outcome, 'refused');
  assert.deepEqual(conflictsOf(refused), ['tickets: missing parent tickets_tenant_fkey 25']);
  assert.equal((await pair.live.many(sql`select 1 from pg_class where relname = 'tickets'`)).length, 0);
  const done = await pair.restore({ tables: ['tickets'], withParents: true });
  assert.equal(done.outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'tenants'), ['(1)', '(2)']);
  assert.deepEqual(await driftOf(pair), { differences: [], notes: [] });
});

test('two dropped tables, of which one is asked for: the foreign key to the other is left out', async t => {
  const pair = await clonedPair(t, RICH);
  await pair.live.script('drop table comments, tickets cascade');
  const comments = await pair.restore({ tables: ['comments'] });
  assert.equal(comments.outcome, 'restored');
  assert.equal(
    (
      await pair.live.many(
        sql`select 1 from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`,
      )
    ).length,
    0,
  );
  const tickets = await pair.restore({ tables: ['tickets'] });
  assert.equal(tickets.outcome, 'restored');
  assert.deepEqual(await driftOf(pair), { differences: [], notes: [] });
});

test('a dropped partitioned table comes back with its partitions; so does a single partition', async t => {
  const pair = await clonedPair(
    t,
    `create table parts (id int, at date, note text default 'n', primary key (id, at)) partition by range (at);
     create table parts_1 partition of parts for values from ('2026-01-01') to ('2026-02-01');
     create table parts_2 partition of parts for values from ('2026-02-01') to ('2026-03-01') partition by list (id);
     create table parts_2_rest partition of parts_2 default;
     create index on parts (note);
     insert into parts select n, date '2026-01-01' + n % 50, 'k' from generate_series(1, 100) n;`,
  );
  const expected = await rowsOf(pair.backup, 'parts');
  await pair.live.script('drop table parts');
  assert.equal((await pair.restore({ tables: ['parts'] })).outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'parts'), expected);
  assert.deepEqual(await driftOf(pair), { differences: [], notes: [] });
  await pair.live.script('drop table parts_1');
  assert.equal((await pair.restore({ tables: ['parts_1'] })).outcome, 'restored');
  assert.deepEqual(await rowsOf(pair.live, 'parts'), expected);
  assert.deepEqual(await driftOf(pair), { differences: [], notes: [] });
});

const ROW_TYPES = `
  create schema shop;
  create table shop.orders (id int primary key, total numeric);
  create table shop.kept (id int primary key, o shop.orders, others shop.orders[]);
  create view shop.large as select * from shop.orders where total > 10;
  create function shop.vat(o shop.orders) returns numeric language sql immutable as 'select o.total * 0.2';
  create function shop.dearest(variadic o shop.orders[]) returns shop.orders language sql as 'select o[1]';
  create function shop.all_orders() returns setof shop.orders language sql as 'select * from shop.orders';
  create function shop.of_large(l shop.large) returns int language sql as 'select l.id';
  create function shop.number() returns bigint language sql begin atomic select count(*) from shop.orders; end;
  create procedure shop.note(o shop.orders) language plpgsql as 'begin end';
  create function shop.more(sum numeric, o shop.orders) returns numeric language sql as 'select sum + o.total';
  create aggregate shop.total(shop.orders) (sfunc = shop.more, stype = numeric, initcond = 0);
  create view shop.taxed as select id, shop.vat(o) from shop.orders o;
  create domain shop.paid as shop.orders check ((value).total > 0);
  create index on shop.orders (shop.vat(orders));
  comment on function shop.vat(shop.orders) is 'of now'; revoke execute on function shop.vat(shop.orders) from public;
  insert into shop.orders values (1, 5), (2, 20);
  insert into shop.kept values (1, (7, 7), array[(8, 8)::shop.orders]);
`;

test('functions and columns of the row type of a dropped table come back with it, and are named', async t => {
  const pair = await clonedPair(t, ROW_TYPES);
  await pair.live.script('drop table shop.orders cascade');
  const done = await pair.restore({ tables: ['shop.orders'] });
  assert.equal(done.outcome, 'restored');
  assert.deepEqual(await driftOf(pair), { differences: [], notes: [] });
  assert.deepEqual(done.created.filter(name => !/ shop\.orders([._]|$)/.test(name)).toSorted(), [
    'column shop.kept.o',
    'column shop.kept.others',
    'function shop.all_orders()',
    'function shop.dearest(VARIADIC o shop.orders[])',
    'function shop.more(sum numeric, o shop.orders)',
    'function shop.note(IN o shop.orders)',
    'function shop.number()',
    'function shop.of_large(l shop.large)',
    'function shop.total(shop.orders)',
    'function shop.vat(o shop.orders)',
    'type shop.paid',
    'view shop.large',
    'view shop.taxed',
  ]);
  assert.deepEqual(done.notes, [
    'shop.kept gets o, others back without the values: --table shop.kept --mode overwrite shows them',
  ]);
});

test('children without their parent are named also where names need quotes', async t => {
  const pair = await clonedPair(
    t,
    `create schema "Odd Schema"; create table "Odd Schema"."A b" (id int primary key);
     create table "Odd Schema"."C d" (a int references "Odd Schema"."A b"); insert into "Odd Schema"."A b" values (1)`,
  );
  await pair.live.script(`drop table "Odd Schema"."A b" cascade; insert into "Odd Schema"."C d" values (2)`);
  const done = await pair.restore({ tables: ['Odd Schema.A b'] });
  assert.equal(done.outcome, 'restored');
  assert.match(done.notes.join(), /^"Odd Schema"\."C d" has rows whose parent did not come back either/);
});
