import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { diffCatalogs, type Reconciliation, reconcile } from '@holdfast/database/drift';
import { type Connection, connect, readCatalog, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';

const SCHEMA = `
  create type state as enum ('new', 'done', 'lost');
  create domain status as state check (value <> 'lost');
  create type step as (at date, state state);
  create function is_open(s state) returns boolean language sql immutable return s <> 'done'::state;
  create table parent (id int primary key, state state not null default 'new', history state[] default '{new}');
  create table child (extra int) inherits (parent);
  create table kinds (state state primary key, status status, step step, steps step[], open boolean generated always as (is_open(state)) stored);
  create table uses (kind state references kinds (state), check (kind <> 'lost'));
  create table part (id int, region text, state state default 'new') partition by list (region);
  create table part_a partition of part for values in ('a');
  create table part_b partition of part for values in ('b');
  create index uses_open on uses (kind) where is_open(kind);
  create view open_kinds as select * from kinds where is_open(state);
  create materialized view counted as select state, count(*) as n from open_kinds group by 1;
  comment on type state is 'where it is'`;
const ROWS = `
  insert into kinds (state, status, step, steps) values ('new', 'done', '(2026-01-01,lost)', '{"(,new)","(2026-02-02,done)"}'), ('done', null, null, null);
  insert into uses values ('new');
  insert into part values (1, 'a', 'done'), (2, 'b', 'new');
  insert into parent values (1, 'lost', '{new,lost}');
  insert into child values (2, 'done', '{}', 7)`;

async function database(t: TestContext): Promise<Connection> {
  const { superuserUrl } = await emptyDatabase(t);
  const connection = await connect({ url: superuserUrl });
  t.after(() => connection.close());
  await connection.script(SCHEMA);
  return connection;
}

const read = (db: Connection) => readCatalog(db, { schemas: ['public'] });

/** What brings the schema back after a change, with destruction allowed, and a run of it. */
async function bringBack(db: Connection, change: string): Promise<Reconciliation> {
  const expected = await read(db);
  await db.script(ROWS);
  await db.script(change);
  const reconciliation = reconcile({ expected, live: await read(db) }, { allowDestructive: true });
  for (const statement of reconciliation.statements) await db.script(statement);
  assert.deepEqual(diffCatalogs({ expected, live: await read(db) }).differences, []);
  return reconciliation;
}

describe('an enum with a label that nobody expects', () => {
  it('is left as it is with all that hangs on it when nothing may be destroyed, while the rest is mended', async t => {
    const db = await database(t);
    const expected = await read(db);
    await db.script(ROWS);
    await db.script("alter type state add value 'odd' before 'done'; alter table uses add column stray int");
    await db.script('drop index uses_open');
    const { statements, withheld } = reconcile({ expected, live: await read(db) });
    for (const statement of statements) {
      assert.match(statement, /^create index concurrently uses_open/);
      await db.script(statement);
    }
    assert.equal(statements.length, 1);
    assert.ok(withheld.some(({ sql: text }) => /alter column state type/.test(text)));
    assert.ok(withheld.some(({ sql: text }) => /set default 'new'/.test(text)));
    const left = diffCatalogs({ expected, live: await read(db) }).differences;
    assert.deepEqual(left.map(({ kind, name }) => [kind, name]).toSorted(), [
      ['changed', 'public.state'],
      ['unexpected', 'public.uses.stray'],
    ]);
  });

  it('is replaced in all that has it, with its rows', async t => {
    const db = await database(t);
    await bringBack(
      db,
      "alter type state add value 'odd' before 'done'; alter table part detach partition part_b",
    );
    const { steps, step } = await db.one(sql<{ steps: string; step: string }>`
      select steps::text, step::text from kinds where state = 'new'`);
    assert.deepEqual([steps, step], ['{"(,new)","(2026-02-02,done)"}', '(2026-01-01,lost)']);
    assert.deepEqual(await db.many(sql`select id, state::text, history::text from parent order by id`), [
      { id: 1, state: 'lost', history: '{new,lost}' },
      { id: 2, state: 'done', history: '{}' },
    ]);
    assert.deepEqual(await db.many(sql`select id, state::text from part order by id`), [
      { id: 1, state: 'done' },
      { id: 2, state: 'new' },
    ]);
    await assert.rejects(
      db.query(sql`insert into kinds (state) values ('odd')`),
      /invalid input value for enum/,
    );
    await assert.rejects(db.query(sql`update kinds set status = 'lost'`), /status_check/);
    await assert.rejects(db.query(sql`insert into uses values ('lost')`), /uses_kind_check/);
  });

  it('is replaced in a composite type that has other attributes as well', async t => {
    const db = await database(t);
    await db.script(
      'create type leg as (step step, "to" text, fare int); create table trip (leg leg, legs leg[])',
    );
    const change = `
      insert into trip values ('("(2026-01-01,new)",Oslo,7)', '{"(\\"(,done)\\",Bonn,8)"}');
      alter type state add value 'odd'; alter type step add attribute extra int;
      alter type leg add attribute odd text; alter type leg drop attribute fare; alter type leg add attribute more int`;
    const { withheld, statements } = await bringBack(db, change);
    assert.deepEqual(withheld, []);
    assert.ok(statements.includes('alter type public.step drop attribute extra'));
    assert.deepEqual(await db.many(sql`select leg::text, legs::text from trip`), [
      { leg: '("(2026-01-01,new)",Oslo,)', legs: '{"(\\"(,done)\\",Bonn,)"}' },
    ]);
  });

  it('stays until rows with it are changed', async t => {
    const db = await database(t);
    const expected = await read(db);
    await db.script("alter type state add value 'odd'");
    await db.script("insert into part values (3, 'a', 'odd')");
    const live = await read(db);
    const { withheld } = reconcile({ expected, live });
    assert.equal(
      withheld[0]?.reason,
      "not run, because it destroys the labels 'odd' of public.state; it fails while a row has one of them, so change those rows first",
    );
    const { statements } = reconcile({ expected, live }, { allowDestructive: true });
    const run = async (): Promise<void> => {
      for (const statement of statements) await db.script(statement);
    };
    await assert.rejects(run, /invalid input value for enum state: "odd"/);
    assert.deepEqual(await db.many(sql`select id, state::text from part`), [{ id: 3, state: 'odd' }]);
  });

  it('cannot be replaced where tables are partitioned by it, and says so', async t => {
    const db = await database(t);
    await db.script('create table by_state (state state) partition by list (state)');
    const expected = await read(db);
    await db.script("alter type state add value 'odd'");
    const { withheld } = reconcile({ expected, live: await read(db) }, { allowDestructive: true });
    assert.deepEqual(
      withheld.map(({ reason }) => reason).filter(reason => reason.includes('by_state')),
      ['state', 'status', 'step'].map(
        type =>
          `by hand: type public.${type} has to be replaced, but public.by_state.state has it: no statement changes the type of a column in a partition key; make a new table`,
      ),
    );
  });
});

describe('parts of tables that nobody expects', () => {
  it('are kept with their rows when they are expected on their own', async t => {
    const db = await database(t);
    const expected = await read(db);
    await db.script(`
      create table whole (id int, region text, state state default 'new') partition by list (region);
      alter table part detach partition part_a;
      alter table whole attach partition part_a for values in ('a');
      create table elder (id int, state state, history state[]);
      alter table parent inherit elder;
      insert into part_a values (1, 'a', 'done');
      insert into parent values (1, 'lost', '{}')`);
    const { statements } = reconcile({ expected, live: await read(db) }, { allowDestructive: true });
    for (const statement of statements) await db.script(statement);
    assert.deepEqual(diffCatalogs({ expected, live: await read(db) }).differences, []);
    assert.deepEqual(await db.many(sql`select id from part`), [{ id: 1 }]);
    assert.deepEqual(await db.many(sql`select id from only parent`), [{ id: 1 }]);
  });

  it('a schema with another name and other changes is renamed, not dropped', async t => {
    const db = await database(t);
    await db.script(`
      create schema app; create type app.kind as enum ('a'); create table app.one (id int, kind app.kind);
      create table app.two (id int); create table outside (kind app.kind); create view app.v as select * from uses`);
    const readAll = () => readCatalog(db, { schemas: 'all' });
    const expected = await readAll();
    await db.script(
      'alter schema app rename to other; drop table other.two; insert into outside values (null)',
    );
    const live = await readAll();
    assert.deepEqual(
      diffCatalogs({ expected, live }).differences.map(({ kind, name, property }) => [kind, name, property]),
      [
        ['changed', 'app', 'name'],
        ['missing', 'app.two', null],
      ],
    );
    for (const statement of reconcile({ expected, live }).statements) await db.script(statement);
    assert.deepEqual(diffCatalogs({ expected, live: await readAll() }).differences, []);
  });
});
