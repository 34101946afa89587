import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { diffCatalogs, reconcile } from '@holdfast/database/drift';
import { type Connection, connect, readCatalog, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';

const TABLES = `
  create table part (id int, region text) partition by list (region);
  create table part_a partition of part for values in ('a');
  create table part_b partition of part for values in ('b') partition by list (id);
  create table part_b_1 partition of part_b for values in (1)`;

interface IndexRow {
  readonly name: string;
  readonly valid: boolean;
  readonly parent: string | null;
}

const indexes = (db: Connection): Promise<IndexRow[]> =>
  db.many(sql<IndexRow>`
    select i.indexrelid::regclass::text as name, i.indisvalid as valid, h.inhparent::regclass::text as parent
    from pg_index i left join pg_inherits h on h.inhrelid = i.indexrelid
    where i.indrelid::regclass::text like 'part%' order by 1`);

/** Makes the indexes, then the change, and runs what reconciles: the indexes are as before. */
async function broughtBack(t: TestContext, make: string, change: string): Promise<void> {
  const { superuserUrl } = await emptyDatabase(t);
  const db = await connect({ url: superuserUrl });
  t.after(() => db.close());
  const read = () => readCatalog(db, { schemas: ['public'] });
  await db.script(`${TABLES}; ${make}`);
  const [expected, before] = [await read(), await indexes(db)];
  await db.script(change);
  const { statements, withheld } = reconcile({ expected, live: await read() }, { allowDestructive: true });
  assert.deepEqual(withheld, []);
  for (const statement of statements) await db.script(statement);
  assert.deepEqual(diffCatalogs({ expected, live: await read() }).differences, [], statements.join('\n'));
  assert.deepEqual(await indexes(db), before, statements.join('\n'));
}

const ATTACHED = `
  create index on_part on only part (region);
  create index on_a on part_a (region); alter index on_part attach partition on_a;
  create index on_b on only part_b (region); alter index on_part attach partition on_b;
  create index on_b_1 on part_b_1 (region); alter index on_b attach partition on_b_1;
  comment on index on_a is 'of a'`;

describe('an index on a partitioned table', () => {
  it('on the table only comes back without indexes on its partitions', async t => {
    await broughtBack(t, 'create index on_part on only part (region)', 'drop index on_part');
  });

  it('comes back with the attached indexes under their names', async t => {
    await broughtBack(t, ATTACHED, 'drop index on_part');
  });

  it('with some partitions still to come is not valid again', async t => {
    await broughtBack(
      t,
      `create index on_part on only part (region); create index on_a on part_a (region);
       alter index on_part attach partition on_a`,
      'drop index on_part',
    );
  });

  it('that has another definition now is built anew with its parts', async t => {
    await broughtBack(t, ATTACHED, 'drop index on_part; create index on_part on part (id)');
  });

  it('that was made at once comes back with the names of its parts', async t => {
    await broughtBack(t, 'create index on part (region)', 'drop index part_region_idx');
  });

  it('is valid again where a partition that nobody expects has come in', async t => {
    const { superuserUrl } = await emptyDatabase(t);
    const db = await connect({ url: superuserUrl });
    t.after(() => db.close());
    const read = () => readCatalog(db, { schemas: ['public'] });
    await db.script(`${TABLES}; ${ATTACHED}`);
    const expected = await read();
    await db.script("drop index on_part; create table part_c partition of part for values in ('c')");
    for (const statement of reconcile({ expected, live: await read() }).statements)
      await db.script(statement);
    const on = (await indexes(db)).find(({ name }) => name === 'on_part');
    assert.equal(on?.valid, true);
  });

  it('becomes valid where an index was never attached', async t => {
    await broughtBack(
      t,
      ATTACHED,
      `drop index on_part; create index on_part on only part (region);
       create index on_a on part_a (region)`,
    );
  });

  it('becomes valid where an index is missing, and nothing is left to do by hand', async t => {
    await broughtBack(
      t,
      ATTACHED,
      `drop index on_part; create index on_part on only part (region);
       create index on_b on only part_b (region); alter index on_part attach partition on_b`,
    );
  });

  it('comes back with the tables', async t => {
    await broughtBack(t, ATTACHED, 'drop table part');
  });

  it('gives its part back the name that is expected', async t => {
    await broughtBack(
      t,
      ATTACHED,
      "drop table part_a; create table part_a partition of part for values in ('a')",
    );
  });

  it('on the table only comes back with the tables', async t => {
    await broughtBack(t, 'create index on_part on only part (region)', 'drop table part');
  });
});
