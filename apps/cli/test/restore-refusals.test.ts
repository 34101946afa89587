import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { connect } from '@holdfast/postgres';
import { emptyDatabase, type TestDatabase } from '@holdfast/testing';
import { IDENTITY, OTHER_IDENTITY, RECIPIENT } from './age-identities.ts';
import { type Output, runHoldfast } from './run-command-line.ts';
import { storeBackup } from './store-backup.ts';

let database: TestDatabase;
let home: string;
before(async () => {
  database = await emptyDatabase();
  home = await mkdtemp(join(tmpdir(), 'holdfast-refusals-'));
  return () => rm(home, { recursive: true });
});

const restore = (...args: string[]): Promise<Output> =>
  runHoldfast(['--database-url', database.superuserUrl, '--home', home, 'restore', ...args]);

async function execute(script: string): Promise<void> {
  const connection = await connect({ url: database.superuserUrl });
  await connection.script(script).finally(() => connection.close());
}

test('a plan is status 0; the same without --yes is 1, because nothing was done', async () => {
  const file = join(home, 'shop.sql');
  await writeFile(file, 'select 1;\n');
  const plan = await restore(file, '--plan');
  assert.deepEqual([plan.code, plan.stdout.includes('--yes')], [0, false], plan.stderr);
  const shown = await restore(file);
  assert.equal(shown.code, 1);
  assert.match(shown.stdout, /Nothing was done\. To do it, add --yes\./);
  assert.ok(shown.stdout.startsWith(plan.stdout.trimEnd()));
});

test('what is named and not there is wrong usage, before anything is made', async () => {
  await storeBackup(home, 1);
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [['nosuch', '--plan'], /There is no backup "nosuch"/],
    [['nosuch.sql', '--plan'], /There is no file .*nosuch\.sql/],
    [['--table', 'orders', '--rows', 'id = = 3'], /not one expression: syntax error/],
    [['--plan', '--yes'], /--plan or --yes, not both/],
    [['20261121T133045Z-physical-k3f9', '--undo'], /--undo takes the last restore .* is none/],
    [['latest', '--list'], /--list is about what restores have replaced/],
  ];
  for (const [args, message] of wrong) {
    const { code, stderr } = await restore(...args);
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, message);
  }
});

test('a plan names the backup, and what the role lacks', async () => {
  const id = await storeBackup(home, 0);
  const admin = new URL(database.superuserUrl);
  const { stdout, code } = await restore(id, '--plan');
  assert.equal(code, 1);
  assert.ok(stdout.startsWith(`Loads backup ${id}, of `), stdout);
  assert.match(stdout, /Not possible as things are: the server has no role shop, named in what is restored/);
  await execute(`drop role if exists refused_role; create role refused_role login password 'x'`);
  admin.username = 'refused_role';
  admin.password = 'x';
  const file = join(home, 'other.sql');
  await writeFile(file, 'select 1;\n');
  const args = ['--database-url', admin.href, '--home', home, 'restore', file, '--plan'];
  const refused = await runHoldfast(args);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /Not possible as things are: refused_role may not create databases/);
  assert.match(refused.stdout, /Not possible as things are: test_\w+ belongs to \w+, and refused_role is no/);
  await execute('drop role refused_role');
});

test('a plan of an encrypted backup ends as --yes does without an identity, or with a wrong one', async () => {
  const id = await storeBackup(home, 0, undefined, {}, [RECIPIENT]);
  const [mine, other] = [join(home, 'mine'), join(home, 'other')];
  await writeFile(mine, IDENTITY);
  await writeFile(other, OTHER_IDENTITY);
  for (const mode of [['--plan'], ['--yes'], []]) {
    const none = await restore(id, ...mode);
    assert.equal(none.code, 3, none.stdout);
    assert.match(none.stderr, /encrypted, and no identity to decrypt it was given/);
    const wrong = await restore(id, ...mode, '--identity', other);
    assert.equal(wrong.code, 3, wrong.stdout);
    assert.match(wrong.stderr, /encrypted for other recipients/);
  }
  const able = await restore(id, '--plan', '--identity', mine);
  assert.ok(able.stdout.startsWith(`Loads backup ${id}, of `), able.stdout);
});

test('--undo looks whether there is something, and names a restore of tables that is there instead', async () => {
  const nothing = await restore('--undo');
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /so there is nothing to undo\n$/);
  await execute(`
    create schema if not exists holdfast_ledger;
    create table holdfast_ledger.table_restores (id text, restored_at timestamptz, source text, mode text, tables jsonb,
      undone_at timestamptz);
    insert into holdfast_ledger.table_restores values ('20261121T133045Z-tables-k3f9', '2026-11-21 13:30:45Z', 'x', 'missing',
      '[{"schema": "sales", "name": "orders"}]')`);
  const { code, stderr } = await restore('--undo', '--yes');
  assert.equal(code, 1);
  assert.match(
    stderr,
    /restore of sales\.orders at .* taken back with: holdfast restore 20261121T133045Z-tables-k3f9 --undo\n$/,
  );
});

test('--list shows the restores of tables that can be undone, too', async () => {
  await execute(`
    drop schema if exists holdfast_ledger cascade; create schema holdfast_ledger;
    create table holdfast_ledger.table_restores (id text, restored_at timestamptz, source text, mode text, tables jsonb,
      undone_at timestamptz);
    insert into holdfast_ledger.table_restores values
      ('20261121T133045Z-tables-k3f9', '2026-11-21 13:30:45Z', 'a backup', 'missing', '[{"schema": "Odd Schema", "name": "orders"}]', null),
      ('20261121T143045Z-tables-k3f8', '2026-11-21 14:30:45Z', 'a backup', 'exact', '[{"schema": "public", "name": "users"}]', now())`);
  const shown = await restore('--list');
  assert.equal(
    shown.stdout,
    [
      'No replaced database is kept.',
      '20261121T133045Z-tables-k3f9  "Odd Schema".orders restored 2026-11-21T13:30:45.000Z out of a backup: holdfast restore 20261121T133045Z-tables-k3f9 --undo',
      '',
    ].join('\n'),
  );
  const { replaced, tableRestores } = JSON.parse((await restore('--list', '--json')).stdout);
  assert.deepEqual(replaced, []);
  assert.deepEqual(tableRestores, [
    {
      id: '20261121T133045Z-tables-k3f9',
      source: 'a backup',
      mode: 'missing',
      restoredAt: '2026-11-21T13:30:45.000Z',
      tables: ['"Odd Schema".orders'],
    },
  ]);
});
