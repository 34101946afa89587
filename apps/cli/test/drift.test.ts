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
    // as the embedded PostgreSQL has it
    await admin.script('create extension amcheck schema pg_catalog');
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

  it('takes the manifest of a backup for what is expected', async () => {
    const file = join(dir, 'of-backup.json');
    assert.equal((await runHoldfast(['drift', ...url, '--save', file])).code, 0);
    const catalog = JSON.parse(await readFile(file, 'utf8'));
    const manifest = join(dir, 'manifest.json');
    await writeFile(manifest, JSON.stringify({ manifest: 'holdfast-backup', version: 1, catalog }));
    for (const option of ['--against', '--snapshot']) {
      const { code, result } = await runHoldfastJson<Found & { against: string }>([
        'drift',
        ...url,
        option,
        manifest,
      ]);
      assert.deepEqual([code, result.differences, result.against], [0, [], `the backup ${manifest}`]);
    }
    catalog.catalog.tables = catalog.catalog.tables.filter(({ name }: { name: string }) => name !== 'roles');
    await writeFile(manifest, JSON.stringify({ manifest: 'holdfast-backup', catalog }));
    const { code, result } = await runHoldfastJson<Found>(['drift', ...url, '--against', manifest]);
    assert.equal(code, 1);
    assert.ok(result.differences.some(({ kind, name }) => kind === 'unexpected' && name === 'public.roles'));
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
    assert.deepEqual([code, /has no catalog in it/.test(stderr)], [2, true]);
    assert.equal((await runHoldfast(['drift', ...url, '--snapshot', join(dir, 'none.json')])).code, 2);
    for (const [text, message] of [
      ['{"manifest":"of-a-ship","catalog":{}}', /is the manifest of something else \("of-a-ship"\)/],
      ['{"manifest":"holdfast-backup"}', /has no catalog in it/],
      ['{"format":"holdfast-catalog","version":2,"catalog":{}}', /a catalog of format 2/],
      ['{"manifest":"holdfast-backup","catalog":{"format":"holdfast-catalog","version":9}}', /format 9/],
    ] as const) {
      await writeFile(broken, text);
      const refused = await runHoldfast(['drift', ...url, '--against', broken]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, message);
    }
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

describe('holdfast drift with options that cannot be', () => {
  it('is refused before anything is compared', async t => {
    const { superuserUrl } = await emptyDatabase(t);
    for (const [args, problem] of [
      [['--save', '/nope/schema.json'], /^error: --save cannot be written: ENOENT/],
      [['--save', '/tmp'], /--save cannot be written: \/tmp is a directory/],
      [['--sql', '--output', '/nope/x.sql'], /--output cannot be written: ENOENT/],
      [
        ['--against', 'nonsense'],
        /--against must be the URL of a database .* or a file: there is no file \S*nonsense/,
      ],
      [['--against', 'postgresql://me:secret%@db/x'], /--against has a password that is not percent-encoded/],
      [['--scratch-url', 'mysql://db/x'], /--scratch-url must start with postgresql/],
      [['--migrations', '/nope'], /The migrations directory \/nope cannot be read: ENOENT/],
    ] as const) {
      const { code, stderr } = await runHoldfast(['drift', '--database-url', superuserUrl, ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, problem);
      assert.doesNotMatch(stderr, /secret/);
    }
  });
});

it('holdfast drift names the table of a partition in words', async t => {
  const there = await emptyDatabase(t);
  const here = await emptyDatabase(t);
  for (const [{ superuserUrl }, attached] of [
    [there, true],
    [here, false],
  ] as const) {
    const db = await connect({ url: superuserUrl });
    await db.script(`
      create table "All Events" (at date) partition by range (at);
      create table base (id int);
      create table old (at date);
      create table child (id int);
      ${attached ? `alter table "All Events" attach partition old for values from ('2000-01-01') to ('2001-01-01'); alter table child inherit base` : ''}`);
    await db.close();
  }
  const { code, stdout } = await runHoldfast([
    'drift',
    '--database-url',
    here.superuserUrl,
    '--against',
    there.superuserUrl,
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /^ {4}- parent: public\."All Events"$/m);
  assert.match(stdout, /^ {4}- bound: FOR VALUES FROM /m);
  assert.match(stdout, /^ {4}- public\.base$/m);
  assert.doesNotMatch(stdout, /\[/);
});
