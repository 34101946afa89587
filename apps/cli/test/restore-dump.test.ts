import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { connect, type SqlQuery, sql } from '@holdfast/postgres';
import { storePhysicalBackup } from '@holdfast/testing';
import { runHoldfast } from './run-holdfast.ts';
import { systemScene } from './system-scene.ts';

const run = promisify(execFile);
const PROGRAMS = '/usr/lib/postgresql';

interface Scene {
  readonly home: string;
  readonly url: string;
  readonly version: string;
  restore(...args: string[]): Promise<Readonly<Record<string, unknown>>>;
}

async function execute(url: string, ...statements: SqlQuery[]): Promise<void> {
  const connection = await connect({ url });
  for (const statement of statements) await connection.query(statement);
  await connection.close();
}

async function ids(url: string): Promise<number[]> {
  const connection = await connect({ url });
  try {
    const rows = await connection.many(sql<{ id: number }>`select id from "order items" order by id`);
    return rows.map(({ id }) => id);
  } finally {
    await connection.close();
  }
}

async function scene(t: TestContext): Promise<Scene | undefined> {
  const system = await systemScene(t);
  if (system === undefined) return undefined;
  const { home, superuserUrl, version } = system;
  await execute(superuserUrl, sql`create role shop login createdb`);
  await execute(superuserUrl, sql`create database shop owner shop`);
  const url = superuserUrl.replace(/\/postgres$/, '/shop').replace('//postgres@', '//shop@');
  await execute(
    url,
    sql`create table "order items" (id int primary key, name text not null)`,
    sql`create index on "order items" (name)`,
    sql`insert into "order items" select g, 'item ' || g from generate_series(1, 3) g`,
  );
  return {
    home,
    url,
    version,
    restore: async (...args) => {
      const admin = args.includes('--destination') ? url.replace('//shop@', '//postgres@') : undefined;
      const common = ['--json', '--no-env-file', '--home', home, '--database-url', admin ?? url];
      const { code, stdout, stderr } = await runHoldfast(['restore', ...common, ...args]);
      if (code === 0) return JSON.parse(stdout) as Record<string, unknown>;
      throw new Error(`it ended with status ${code}: ${stdout}${stderr}`);
    },
  };
}

async function dump({ url, version, home }: Scene, name: string, ...args: string[]): Promise<string> {
  const path = join(home, name);
  await run(join(PROGRAMS, version, 'bin', 'pg_dump'), ['-f', path, ...args, url]);
  return path;
}

test('files of pg_dump are restored as an ordinary role, on a server in use, and undone', {
  timeout: 290_000,
}, async t => {
  const at = await scene(t);
  if (at === undefined) return;
  const plain = await dump(at, 'plain.sql');
  const zipped = join(at.home, 'backup_20240121_143022.sql.gz');
  await writeFile(zipped, gzipSync(await readFile(plain)));
  const paths = [zipped, plain, await dump(at, 'custom.dump', '-Fc'), await dump(at, 'directory', '-Fd')];
  for (const path of paths) {
    await execute(at.url, sql`insert into "order items" values (4, 'late')`);
    const client = await connect({ url: at.url });
    const { done, rows, replaced } = await at.restore(path, '--yes');
    assert.deepEqual([done, rows], [true, 3], path);
    assert.deepEqual(await ids(at.url), [1, 2, 3]);
    assert.deepEqual(await ids(at.url.replace(/shop$/, String(replaced))), [1, 2, 3, 4]);
    await client.close();
  }
  await at.restore('--undo', '--yes');
  assert.deepEqual(await ids(at.url), [1, 2, 3, 4]);
  const { replaced } = await at.restore('--list');
  assert.equal((replaced as unknown[]).length, paths.length);
  await assert.rejects(at.restore('--forget', 'all'), /status 1: .*"done":\s*false.*"wouldRemove"/s);
  assert.equal(((await at.restore('--list')).replaced as unknown[]).length, paths.length);
  await at.restore('--forget', 'all', '--yes');
  assert.deepEqual((await at.restore('--list')).replaced, []);
  assert.deepEqual(await ids(at.url), [1, 2, 3, 4]);
});

test('an ordinary role restores a dump with an extension that only a superuser makes, unless something needs it', {
  timeout: 290_000,
}, async t => {
  const at = await scene(t);
  if (at === undefined) return;
  const superuser = at.url.replace('//shop@', '//postgres@');
  await execute(superuser, sql`create extension amcheck`, sql`create extension citext`);
  const paths = [await dump(at, 'plain.sql'), await dump(at, 'custom.dump', '-Fc')];
  for (const path of paths) {
    const { done, rows, leftOut } = await at.restore(path, '--yes');
    assert.deepEqual([done, rows, leftOut], [true, 3, ['amcheck']], path);
    await execute(at.url, sql`select 'A'::citext = 'a'`);
  }
  await execute(
    superuser,
    sql`create extension amcheck`,
    sql`create extension file_fdw`,
    sql`create server files foreign data wrapper file_fdw`,
  );
  const needing = await dump(at, 'needing.dump', '-Fc');
  await assert.rejects(
    at.restore(needing, '--yes'),
    /foreign-data wrapper .*file_fdw.* left out \(file_fdw\).* as a superuser/s,
  );
  assert.deepEqual(await ids(at.url), [1, 2, 3]);
});

test('a dump that is cut off, or has an error, changes nothing and leaves nothing', {
  timeout: 290_000,
}, async t => {
  const at = await scene(t);
  if (at === undefined) return;
  const whole = await readFile(await dump(at, 'whole.sql'));
  const end = whole.indexOf('\n\\.\n') + 4;
  const cases: [string, Buffer, RegExp][] = [
    ['cut.sql', whole.subarray(0, end), /cut off: .*Nothing was changed\. Restore another one/],
    ['cut.sql.gz', gzipSync(whole.subarray(0, end)), /cut off: .*Nothing was changed\. Restore another one/],
    [
      'torn.sql.gz',
      gzipSync(whole).subarray(0, -30),
      /cannot be read to its end: .*Nothing was changed\. Restore another one/,
    ],
    ['wrong.sql', Buffer.from(whole.toString().replace('item 2', 'item 2\t5')), /psql stopped/],
    ['other.sql', Buffer.from('hello\n'), /psql stopped/],
  ];
  assert.equal(gunzipSync(cases[1]?.[1] ?? '').length, end);
  for (const [name, content, message] of cases) {
    const path = join(at.home, name);
    await writeFile(path, content);
    await assert.rejects(at.restore(path, '--yes'), message, name);
  }
  assert.deepEqual(await ids(at.url), [1, 2, 3]);
  const connection = await connect({ url: at.url });
  const databases = await connection.many(sql<{ name: string }>`
    select datname::text as name from pg_database where datname like 'shop%'`);
  await connection.close();
  assert.deepEqual(databases, [{ name: 'shop' }]);
});

test('a plain dump runs nothing but its SQL', { timeout: 290_000 }, async t => {
  const at = await scene(t);
  if (at === undefined) return;
  const whole = await readFile(await dump(at, 'whole.sql'), 'utf8');
  const touched = join(at.home, 'touched');
  const program = `\\! touch ${touched}`;
  const scripts = [
    `${program}\n${whole}`,
    whole.replace('\n\\.\n', `\n\\.\n${program}\n`),
    `\\restrict key\n\\unrestrict key\n${program}\n${whole}`,
    whole.replace(/\\restrict (\w+)\n/, `$&\\unrestrict $1\n${program}\n`),
    `select 1 \\g | touch ${touched}\n${whole}`,
    `\\connect postgres\n${whole}`,
    `${whole}\n${program}\n`,
  ];
  for (const script of scripts) {
    const path = join(at.home, 'evil.sql');
    await writeFile(path, script);
    await assert.rejects(
      at.restore(path, '--yes'),
      /(wrong key|only \\unrestrict is allowed|holds a command of psql)/,
      script.slice(0, 80),
    );
    await assert.rejects(stat(touched), { code: 'ENOENT' }, script.slice(0, 80));
  }
  assert.deepEqual(await ids(at.url), [1, 2, 3]);
  for (const script of [whole, whole.replaceAll(/^\\(un)?restrict .*$/gm, '')]) {
    const path = join(at.home, 'good.sql');
    await writeFile(path, script);
    assert.equal((await at.restore(path, '--yes')).done, true);
  }
});

test('a physical backup is restored onto a server of its version, through a dump', {
  timeout: 290_000,
}, async t => {
  const at = await scene(t);
  if (at === undefined) return;
  const url = at.url.replace('//shop@', '//postgres@');
  const destination = join(at.home, 'backups');
  await storePhysicalBackup(url, destination);
  await execute(at.url, sql`delete from "order items"`);
  const { done, rows, problems } = await at.restore('latest', '--destination', destination, '--yes');
  assert.deepEqual([done, rows, problems], [true, 3, []]);
  assert.deepEqual(await ids(at.url), [1, 2, 3]);
});

test('damage that a restore meets is noted with the backup, and the next one to try is named', {
  timeout: 290_000,
}, async t => {
  const at = await scene(t);
  if (at === undefined) return;
  const url = at.url.replace('//shop@', '//postgres@');
  const destination = join(at.home, 'backups');
  const sound = await storePhysicalBackup(url, destination);
  const damaged = await storePhysicalBackup(url, destination);
  const file = join(
    destination,
    damaged.id,
    damaged.files.find(({ path }) => path.startsWith('base'))?.path ?? '',
  );
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(file, bytes);
  const place = ['--destination', destination];
  await assert.rejects(
    at.restore('latest', '--yes', ...place),
    new RegExp(
      `status 1: .*is damaged: base\\.tar\\.zst: [^:]*\\. Nothing was changed\\. It is noted with the backup.* The next to try, .*: holdfast restore ${sound.id} --destination \\S+ --database-url \\S+ --plan.*"problems":\\[\\{"code":"does_not_decode","subject":"base\\.tar\\.zst","message":"[^"]*[^."]"`,
      's',
    ),
  );
  const { what, warnings } = await at.restore('--plan', ...place);
  assert.equal(what, `backup ${sound.id}`);
  assert.match(String(warnings), new RegExp(`^Passed over, at .*: Backup ${damaged.id} was found damaged`));
  const named = await at.restore(damaged.id, '--plan', ...place);
  assert.match(String(named.warnings), new RegExp(`^Backup ${damaged.id} was found damaged at .*drill`));
  assert.deepEqual(await ids(at.url), [1, 2, 3]);
  assert.equal((await at.restore('latest', '--yes', ...place)).done, true);
});
