import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TableDifference } from '@holdfast/database/backup';
import type { TableRestore } from '@holdfast/database/restore/tables';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { storePhysicalBackup, throwawayHome } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

interface Differences {
  readonly databases: readonly { readonly tables: readonly TableDifference[] }[];
}

async function listRows(live: Connection): Promise<unknown[]> {
  return live.many(
    sql`select o.id, o.total, i.name from orders o left join items i on i.orders = o.id order by 1, 3`,
  );
}

test('out of a physical backup: a dropped table and a DELETE without WHERE, while later writes stay', async t => {
  const place = await throwawayHome(t);
  const cluster = await place.start();
  const live = await connect({ url: cluster.ownerUrl });
  t.after(() => live.close());
  await live.script(`
    create table orders (id int primary key, total numeric); insert into orders values (1, 1.50), (2, 2.50);
    create table items (id serial primary key, orders int references orders, name text);
    insert into items (orders, name) values (1, 'a'), (2, 'b');
  `);
  const before = await listRows(live);
  const main = new URL(cluster.superuserUrl);
  main.pathname = '/holdfast';
  await storePhysicalBackup(main.href, join(place.home, 'backups'));
  await live.script('drop table items; delete from orders; insert into orders values (3, 3.50)');
  const restore = (...args: string[]) =>
    runHoldfastJson<TableRestore>(['restore', '--home', place.home, '--table', 'orders,items', ...args]);
  const differences = await runHoldfastJson<Differences>(['backup', 'diff', '--home', place.home]);
  assert.equal(differences.code, 1);
  const [{ tables } = { tables: [] }] = differences.result.databases;
  assert.deepEqual(
    tables.filter(({ schema, kind }) => schema === 'public' && kind !== 'same'),
    [
      { schema: 'public', name: 'items', kind: 'missing', rowsBefore: 2, rowsAfter: null },
      { schema: 'public', name: 'orders', kind: 'rows', rowsBefore: 2, rowsAfter: 1 },
    ],
  );
  const misspelt = await runHoldfast(['restore', '--home', place.home, '--table', 'ordres']);
  assert.equal(misspelt.code, 2);
  assert.equal(misspelt.stderr, 'error: ordres is not in the backup. Did you mean public.orders?\n');
  const plan = await restore('--plan');
  assert.equal(plan.code, 0);
  assert.deepEqual(
    plan.result.tables.map(({ name, created, inserts }) => [name, created, inserts]),
    [
      ['orders', false, 2],
      ['items', true, 2],
    ],
  );
  assert.equal((await restore('--undo', '--yes')).code, 2);
  const done = await restore('--yes');
  assert.equal(done.code, 0);
  assert.equal(done.result.outcome, 'restored');
  assert.deepEqual(await listRows(live), [...before, { id: 3, total: '3.50', name: null }]);
  const left = await readdir(dirname(cluster.dataDir));
  assert.deepEqual(
    left.filter(name => name.startsWith('tables-')),
    [],
  );
  const list = () =>
    runHoldfastJson<{ tableRestores: readonly unknown[] }>(['restore', '--list', '--home', place.home]);
  const [shown] = (await list()).result.tableRestores;
  assert.deepEqual((shown as { tables: unknown }).tables, ['public.orders', 'public.items']);
  const undone = await runHoldfastJson([
    'restore',
    String(done.result.id),
    '--undo',
    '--skip-conflicts',
    '--yes',
    '--home',
    place.home,
  ]);
  assert.equal(undone.code, 0);
  assert.deepEqual((await list()).result.tableRestores, []);
  assert.deepEqual(await listRows(live), [{ id: 3, total: '3.50', name: null }]);
});

test('a table of another database of the backup is told to be there, with commands for that one', async t => {
  const place = await throwawayHome(t);
  const cluster = await place.start();
  const urlOf = (name: string) => Object.assign(new URL(cluster.superuserUrl), { pathname: `/${name}` }).href;
  const admin = await connect({ url: cluster.superuserUrl });
  t.after(() => admin.close());
  await admin.query(sql`create database shop`);
  const shop = await connect({ url: urlOf('shop') });
  t.after(() => shop.close());
  await shop.script('create table animals (id int primary key); insert into animals values (1), (2)');
  await storePhysicalBackup(urlOf('holdfast'), join(place.home, 'backups'));
  await shop.script('delete from animals');
  const masked = urlOf('shop').replace(/:[^:@]+@/, ':***@');
  const difference = await runHoldfast([
    ...['backup', 'diff', '--home', place.home],
    ...['--database-url', urlOf('shop')],
  ]);
  assert.match(difference.stdout, /--table public\.animals --database-url /);
  assert.ok(difference.stdout.includes(masked), difference.stdout);
  const there = await runHoldfast(['restore', '--home', place.home, '--table', 'animals', '--plan']);
  assert.equal(there.code, 2);
  assert.match(
    there.stderr,
    /animals is not in the backup.*\n.*database shop of this backup has it; holdfast is the one/,
  );
});
