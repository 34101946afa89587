import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { emptyDatabase, testDatabase } from '@holdfast/testing';
import { eventually } from './eventually.ts';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

interface Found {
  readonly drift: boolean;
  readonly differences: readonly { readonly kind: string; readonly type: string; readonly name: string }[];
}

const dir = await mkdtemp(join(tmpdir(), 'holdfast-drift-'));
after(() => rm(dir, { recursive: true }));

/** Those of tests that run beside this one come and go. */
function noScratchDatabase(db: Connection): Promise<void> {
  return eventually('no scratch database is left', async () => {
    const { left } = await db.one(
      sql<{
        left: boolean;
      }>`select exists (select from pg_database where datname like 'holdfast\\_scratch\\_%') as "left"`,
    );
    return !left;
  });
}

describe('holdfast drift on our own schema', async () => {
  const database = await testDatabase();
  const url = ['--database-url', database.superuserUrl];
  const role = database.ownerUrl;
  let admin: Connection;
  before(async () => {
    admin = await connect({ url: database.superuserUrl });
  });
  after(() => admin.close());

  it('finds none on a database that was only migrated, and leaves no scratch database', async () => {
    const { code, result } = await runHoldfastJson<Found>([
      'drift',
      ...url,
      '--scratch-url',
      database.superuserUrl,
    ]);
    assert.deepEqual([code, result.differences], [0, []]);
    await noScratchDatabase(admin);
  });

  it('finds none against the ledger and a saved snapshot, also of a role that may only read', async () => {
    const file = join(dir, 'schema.json');
    assert.equal((await runHoldfast(['drift', ...url, '--save', file])).code, 0);
    assert.equal((JSON.parse(await readFile(file, 'utf8')) as { format: string }).format, 'holdfast-catalog');
    assert.deepEqual(
      (await runHoldfastJson<Found>(['drift', ...url, '--snapshot', file])).result.differences,
      [],
    );
    assert.deepEqual((await runHoldfastJson<Found>(['drift', ...url, '--ledger'])).result.differences, []);
    assert.equal((await runHoldfast(['drift', '--database-url', database.url, '--ledger'])).code, 0);
  });

  it('cannot examine without the right to make a scratch database, and says what to do', async () => {
    const { code, stderr } = await runHoldfast(['drift', '--database-url', role]);
    assert.equal(code, 3);
    assert.match(
      stderr,
      /alter role holdfast_owner createdb; or give with --scratch-url.*compare with --ledger or --snapshot/s,
    );
  });

  it('names a change, ignores it when asked, and writes SQL that undoes it', async t => {
    await admin.script('drop index if exists extra; create index extra on users (created_at)');
    t.after(() => admin.script('drop index if exists extra'));
    const { code, result } = await runHoldfastJson<Found>(['drift', ...url, '--ledger']);
    assert.equal(code, 1);
    assert.deepEqual(
      result.differences.map(({ kind, type, name }) => [kind, type, name]),
      [['unexpected', 'index', 'public.extra']],
    );
    const text = await runHoldfast(['drift', ...url, '--ledger']);
    assert.match(
      text.stdout,
      /^1 difference from the snapshot in the ledger:\n\+ index public\.extra is unexpected$/m,
    );
    assert.equal((await runHoldfast(['drift', ...url, '--ledger', '--ignore', 'index:public.ex*'])).code, 0);
    const file = join(dir, 'reconcile.sql');
    assert.equal((await runHoldfast(['drift', ...url, '--ledger', '--sql', '--output', file])).code, 1);
    const script = await readFile(file, 'utf8');
    assert.match(script, /^-- migrate:up transaction:false\ndrop index concurrently public\.extra;/);
    for (const statement of script.split(/;\n/).slice(0, 1)) await admin.script(statement);
    assert.equal((await runHoldfast(['drift', ...url, '--ledger'])).code, 0);
  });

  it('refuses what makes no sense and cannot read what is no catalog', async () => {
    const broken = join(dir, 'broken.json');
    await writeFile(broken, '{"catalog": {}}');
    assert.equal((await runHoldfast(['drift', ...url, '--ledger', '--snapshot', broken])).code, 2);
    assert.equal((await runHoldfast(['drift', ...url, '--allow-destructive'])).code, 2);
    const { code, stderr } = await runHoldfast(['drift', ...url, '--snapshot', broken]);
    assert.deepEqual([code, /has no catalog in it/.test(stderr)], [3, true]);
    assert.equal((await runHoldfast(['drift', ...url, '--snapshot', join(dir, 'none.json')])).code, 3);
  });
});

describe("holdfast drift on somebody else's database", () => {
  it('compares it with its migrations, and with another database', async t => {
    const [one, other] = [await emptyDatabase(t), await emptyDatabase(t)];
    const migrations = join(dir, 'theirs');
    await mkdir(migrations);
    await writeFile(
      join(migrations, '0001_a.sql'),
      '-- migrate:up\ncreate schema s; create table s.a (id int primary key, b text default lower($$X$$));\n',
    );
    const connection = await connect({ url: one.superuserUrl });
    t.after(() => connection.close());
    await connection.script('create schema s; create table s.a (id int primary key, b text)');
    const { code, result } = await runHoldfastJson<Found>([
      'drift',
      '--database-url',
      one.superuserUrl,
      '--migrations',
      migrations,
    ]);
    assert.equal(code, 1);
    assert.deepEqual(
      result.differences.map(({ kind, name }) => [kind, name]),
      [['changed', 's.a.b']],
    );
    await noScratchDatabase(connection);
    const against = await runHoldfastJson<Found>([
      'drift',
      '--database-url',
      one.superuserUrl,
      '--against',
      other.superuserUrl,
    ]);
    assert.deepEqual(
      against.result.differences.map(({ kind, type, name }) => [kind, type, name]),
      [['unexpected', 'schema', 's']],
    );
  });
});
