import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { connect, countPurgeable, cutoffBefore, type Purge, purgeRows, sql } from '@holdfast/postgres';
import { emptyDatabase, eventually } from '@holdfast/testing';

const database = await emptyDatabase();
const owner = await connect({ url: database.ownerUrl });
await owner.script(`
  create table parents (id int primary key, ended_at timestamptz, note text);
  create table children (parent_id int references parents on delete cascade);
  create function wait_here() returns boolean language plpgsql volatile as $$
  begin
    perform pg_advisory_xact_lock_shared(4711);
    return true;
  end $$;
`);
after(() => owner.close());
const { pool } = database;

const ended: Purge = {
  schema: 'public',
  table: 'parents',
  condition: row => sql`${row}.ended_at < ${cutoffBefore(86_400_000)}`,
};

async function remaining(): Promise<number[]> {
  const rows = await pool.many(sql<{ id: number }>`select id from parents order by id`);
  return rows.map(({ id }) => id);
}

test('at most so many rows at once, until there are none', async () => {
  await owner.script(`
    insert into parents select n, now() - n * interval '10 hours' from generate_series(1, 10) as n
  `);
  assert.equal(await countPurgeable(pool, ended), 8);
  const counts: number[] = [];
  for (let index = 0; index < 4; index += 1)
    counts.push(await pool.transaction(tx => purgeRows(tx, ended, 3)));
  assert.deepEqual(counts, [3, 3, 2, 0]);
  assert.deepEqual(await remaining(), [1, 2]);
  await owner.script('delete from parents');
});

test('clearing leaves the rows', async () => {
  await owner.script(`insert into parents values (1, '2020-01-01', 'x'), (2, now(), 'y')`);
  const clear: Purge = { ...ended, clear: sql`ended_at = null, note = 'cleared'` };
  assert.equal(await pool.transaction(tx => purgeRows(tx, clear, 10)), 1);
  const rows = await pool.many(sql<{ note: string }>`select note from parents order by id`);
  assert.deepEqual(
    rows.map(({ note }) => note),
    ['cleared', 'y'],
  );
  await owner.script('delete from parents');
});

test('a row that is referred to after it was looked at, and before it is locked, stays', async () => {
  await owner.script(`insert into parents values (1, '2020-01-01')`);
  const unreferenced: Purge = {
    ...ended,
    condition: row => sql`
      (${ended.condition(row)} and not exists (select from children where parent_id = ${row}.id) and wait_here())
    `,
  };
  await owner.query(sql`select pg_advisory_lock(4711)`);
  const purging = pool.transaction(tx => purgeRows(tx, unreferenced, 10), { statementTimeoutMs: 20_000 });
  await eventually(async () => {
    const { waiting } = await owner.one(sql<{ waiting: number }>`
      select count(*) as waiting from pg_locks where locktype = 'advisory' and objid = 4711 and not granted
    `);
    return waiting === 1;
  });
  await owner.execute(sql`insert into children values (1)`);
  await owner.query(sql`select pg_advisory_unlock(4711)`);
  assert.equal(await purging, 0);
  assert.deepEqual(await remaining(), [1]);
});
