import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackupFacts } from '@holdfast/database/health';
import { sql } from '@holdfast/postgres';
import type { Stack } from '@holdfast/testing';
import { type Diagnosis, examine, renderDiagnosis, resolveTarget } from '../src/index.ts';
import { PATIENTLY, stackWithUsers } from './examination.ts';

const USERS = 200;

/** What a backup made now would say about the rows of two tables. */
function factsOf(stack: Stack): Promise<BackupFacts> {
  return stack.asSuperuser(async db => {
    const { users, roles } = await db.one(sql<{ users: number; roles: number }>`
      select (select count(*)::int from users) as users, (select count(*)::int from roles) as roles
    `);
    const table = (name: string, rows: number) => ({ schema: 'public', name, rows, checksum: `${rows}` });
    const tables = [table('users', users), table('roles', roles)];
    return { id: '20260101T000000Z-physical-abcd', createdAt: new Date().toISOString(), bytes: 1, tables };
  });
}

async function diagnoseWith(stack: Stack, backups: readonly BackupFacts[]): Promise<Diagnosis> {
  const settings = await stack.settings();
  return examine(
    await resolveTarget({ home: stack.home, settings, backups: async () => backups }),
    PATIENTLY,
  );
}

test('rows that the last backup holds and that are gone are named with their table', async t => {
  const stack = await stackWithUsers();
  t.after(() => stack.close());
  await stack.asSuperuser(db =>
    db.query(sql`
      insert into users (id, email)
      select gen_random_uuid(), format('user-%s@example.com', n) from generate_series(1, ${USERS}) n
    `),
  );
  const backup = await factsOf(stack);
  assert.deepEqual((await diagnoseWith(stack, [backup])).rootCauses, []);

  await stack.asSuperuser(db => db.query(sql`delete from users where email like 'user-%'`));
  const { rootCauses, unexplained, ...diagnosis } = await diagnoseWith(stack, [backup]);
  assert.deepEqual(
    rootCauses.map(({ code, layer, subject }) => [code, layer, subject]),
    [['rows_lost', 'data', 'table:users']],
  );
  assert.deepEqual(unexplained, []);
  assert.match(
    renderDiagnosis({ rootCauses, unexplained, ...diagnosis }),
    new RegExp(
      `${USERS + 1} before, 1 now[\\s\\S]*holdfast restore ${backup.id} --table public\\.users,public\\.sessions,public\\.refresh_tokens --with-parents # shows`,
    ),
  );
});

test('small tables that lost nearly all are named; ordinary deletions are a weakness with counts at most', async t => {
  const stack = await stackWithUsers();
  t.after(() => stack.close());
  const notes = async (statement: string) => {
    await stack.asSuperuser(db => db.script(statement));
    return stack.asSuperuser(db =>
      db.one(sql<{ small: number; large: number }>`
        select (select count(*)::int from small) as small, (select count(*)::int from large) as large
      `),
    );
  };
  const full = await notes(
    'create table small as select generate_series(1, 15) n; create table large as select generate_series(1, 400) n; grant select on small, large to public',
  );
  const tables = (['small', 'large'] as const).map(name => ({
    ...{ schema: 'public', name, rows: full[name], checksum: '1' },
  }));
  const backup = {
    id: '20260101T000000Z-logical-abcd',
    createdAt: new Date().toISOString(),
    bytes: 1,
    tables,
  };
  const findings = async () => {
    const found = await diagnoseWith(stack, [backup]);
    return [
      ...found.rootCauses.map(({ code, subject }) => `${code} ${subject}`),
      ...found.degraded.filter(({ check }) => check === 'data.rows').map(({ detail }) => detail),
    ];
  };

  await notes('delete from small where n > 4');
  assert.deepEqual(await findings(), []);
  await notes('delete from large where n > 300');
  const [weak = '', ...more] = await findings();
  assert.deepEqual(more, []);
  assert.match(
    weak,
    /^large: 25% of the rows are gone \(400 before, 300 now\); 1 table lost rows; .*: holdfast restore \S+ --table public\.large --with-parents, which shows what would come back$/,
  );

  await notes(`delete from small where n > 1; insert into large select generate_series(301, 400)`);
  assert.deepEqual(await findings(), ['rows_lost table:small']);
  await notes('truncate small');
  assert.deepEqual(await findings(), ['rows_lost table:small']);
});

test('the first table that is named is the one that the others refer to', async t => {
  const stack = await stackWithUsers();
  t.after(() => stack.close());
  await stack.asSuperuser(db =>
    db.script(`
      create table orders (id int primary key);
      create table order_items (id int primary key, order_id int not null references orders on delete cascade);
      create table item_notes (id int primary key, item_id int not null references order_items on delete cascade);
      insert into orders select generate_series(1, 50);
      insert into order_items select n, n from generate_series(1, 50) n;
      insert into item_notes select n, n from generate_series(1, 50) n;
      grant select on orders, order_items, item_notes to public`),
  );
  const tables = ['item_notes', 'order_items', 'orders'].map(name => ({
    ...{ schema: 'public', name, rows: 50, checksum: '1' },
  }));
  const id = '20260101T000000Z-logical-abcd';
  const backup = { id, createdAt: new Date().toISOString(), bytes: 1, tables };
  await stack.asSuperuser(db => db.script('delete from orders'));
  const { headline, rootCauses } = await diagnoseWith(stack, [backup]);
  assert.match(headline, /^The table orders has lost rows \(and 2 more like it\)/);
  assert.deepEqual(
    rootCauses.map(({ subject }) => subject),
    ['table:orders', 'table:order_items', 'table:item_notes'],
  );
  assert.deepEqual(rootCauses[0]?.repair.steps, [
    `holdfast restore ${id} --table public.orders,public.order_items,public.item_notes --with-parents # shows what would come back; add --yes to do it`,
  ]);
});
