import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { diffCatalogs, type Reconciliation, reconcile } from '@holdfast/database/drift';
import { connect, readCatalog } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';

const SCHEMA = `
  create type status as enum ('new', 'paid', 'sent');
  create table orders (id int primary key, status status not null default 'paid', n text, other text);
  create view paid as select id, n from orders where status = 'paid';
  create view paid_ids as select id from paid;
  create view named as select id, n || 'x' as n from orders;
  create view others as select other from orders;
  create function is_paid(s status) returns boolean language sql immutable begin atomic select s = any ('{paid,sent}'::status[]); end;
  create index orders_paid on orders (id) where is_paid(status);
  create index orders_n on orders (n)`;

/** What is written without the right to destroy, after all its statements ran; then with it, after which nothing is left. */
async function mended(t: TestContext, change: string): Promise<{ kept: Reconciliation; left: string[] }> {
  const { superuserUrl } = await emptyDatabase(t);
  const db = await connect({ url: superuserUrl });
  t.after(() => db.close());
  const read = () => readCatalog(db, { schemas: ['public'] });
  await db.script(SCHEMA);
  const expected = await read();
  await db.script("insert into orders values (1, 'new', '7', 'o')");
  await db.script(change);
  const kept = reconcile({ expected, live: await read() });
  for (const statement of kept.statements) await db.script(statement);
  const between = { expected, live: await read() };
  const left = diffCatalogs(between).differences.map(({ name, property }) =>
    `${name} ${property ?? ''}`.trim(),
  );
  for (const statement of reconcile(between, { allowDestructive: true }).statements)
    await db.script(statement);
  assert.deepEqual(diffCatalogs({ expected, live: await read() }).differences, []);
  return { kept, left };
}

/** The first lines of the statements, without owners and rights. */
const linesOf = ({ statements }: Reconciliation): string[] =>
  statements.map(text => text.split('\n')[0] ?? '').filter(line => !/^(alter view|revoke)/.test(line));

describe('without the right to destroy', () => {
  it('a label that has another name in its place gets its name back', async t => {
    const { kept, left } = await mended(t, "alter type status rename value 'paid' to 'PAID2'");
    assert.deepEqual([kept.withheld, left], [[], []]);
  });

  it('a label that is only missing is added in its place', async t => {
    const { kept, left } = await mended(
      t,
      `drop view paid cascade; drop index orders_paid; drop function is_paid; alter table orders alter status drop default;
       alter type status rename to old; create type status as enum ('new', 'sent');
       alter table orders alter status type status using status::text::status; drop type old`,
    );
    assert.deepEqual([kept.withheld, left], [[], []]);
  });

  it('what names a label that cannot come back waits with it', async t => {
    const { kept, left } = await mended(
      t,
      `alter type status rename value 'paid' to 'PAID2'; alter type status add value 'odd' before 'sent';
       drop view paid_ids; drop index orders_n; alter view named owner to pg_monitor; alter table orders alter n set not null`,
    );
    assert.deepEqual(linesOf(kept), [
      'alter table public.orders alter column n drop not null',
      'create index concurrently orders_n on public.orders USING btree (n)',
    ]);
    assert.deepEqual(left, [
      'public.orders.status default',
      'public.is_paid(s public.status) definition',
      'public.status labels',
      'public.paid definition',
      'public.paid_ids',
    ]);
  });

  it('what names it waits also where it would only be made anew for another change', async t => {
    const { kept, left } = await mended(
      t,
      `alter type status rename value 'paid' to 'PAID2'; alter type status add value 'odd' before 'sent';
       drop view named, others; drop view paid cascade; alter table orders alter n type varchar(9); alter table orders alter other type varchar(9);
       create view paid as select id, n from orders where status = 'PAID2'`,
    );
    assert.deepEqual(linesOf(kept), [
      'alter table public.orders alter column other type text using other::text',
      'create or replace view public.named as',
      'create or replace view public.others as',
    ]);
    assert.deepEqual(left, [
      'public.orders.n type',
      'public.orders.status default',
      'public.is_paid(s public.status) definition',
      'public.status labels',
      'public.paid definition',
      'public.paid_ids',
    ]);
  });

  it('what needs the other type of a column waits for it', async t => {
    const { kept, left } = await mended(
      t,
      `drop view named, others; drop view paid cascade; drop index orders_n;
       alter table orders alter n type bytea using n::bytea; alter table orders alter other type varchar(9);
       create view paid as select id, n from orders where status = 'paid'`,
    );
    assert.deepEqual(linesOf(kept), [
      'alter table public.orders alter column other type text using other::text',
      'create or replace view public.others as',
      'create or replace view public.paid_ids as',
    ]);
    assert.deepEqual(left, ['public.orders.n type', 'public.orders_n', 'public.named']);
  });
});
