import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { migrationsDirectory } from '../directories.ts';
import type { Migration } from './migration.ts';
import { readMigrations } from './read-migrations.ts';

const made: string[] = [];
after(() => Promise.all(made.map(dir => rm(dir, { recursive: true }))));

async function directory(files: Record<string, string | Uint8Array>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-migrations-'));
  made.push(dir);
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  return dir;
}

async function read(files: Record<string, string | Uint8Array>): Promise<Migration[]> {
  return readMigrations(await directory(files));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const UP = '-- migrate:up\nselect 1;\n';

describe('readMigrations', () => {
  it('orders by number, keeps gaps, and leaves other files alone', async () => {
    const dir = await directory({
      '10_c.sql': UP,
      '2_b.sql': UP,
      '0001_a.sql': UP,
      '20260101120000.sql': UP,
      'README.md': 'x',
      '.0003_x.sql': 'x',
      '0004_x.sql~': 'x',
    });
    await mkdir(join(dir, '0005_directory.sql'));
    const migrations = await readMigrations(dir);
    assert.deepEqual(
      migrations.map(({ version, name }) => [version, name]),
      [
        ['0001', 'a'],
        ['2', 'b'],
        ['10', 'c'],
        ['20260101120000', ''],
      ],
    );
  });

  it('takes the checksum that sha256sum prints', async () => {
    const [migration] = await read({ '0001_a.sql': UP });
    assert.equal(migration?.checksum, sha256(UP));
  });

  it('gives the same checksum and statements whatever the line endings and the byte order mark', async () => {
    const text = '-- migrate:up\ncreate function f() returns text language sql as $$\nselect 1\n$$;\n';
    const [plain] = await read({ '0001_a.sql': text });
    const [windows] = await read({ '0001_a.sql': `\ufeff${text.replaceAll('\n', '\r\n')}` });
    assert.deepEqual(windows, plain);
  });

  it('reads pairs of files, whose checksum covers both', async () => {
    const up = 'create table a ();\n';
    const down = 'drop table a;\n';
    const [both, onlyUp] = await read({
      '0001_a.up.sql': up,
      '0001_a.down.sql': down,
      '0002_b.up.sql': up,
    });
    assert.equal(both?.name, 'a');
    assert.equal(both?.up.file, '0001_a.up.sql');
    assert.deepEqual(
      both?.down?.statements.map(({ text }) => text),
      ['drop table a'],
    );
    assert.equal(both?.checksum, sha256(`${sha256(up)}\n${sha256(down)}\n`));
    assert.equal(onlyUp?.checksum, sha256(up));
    assert.equal(onlyUp?.down, undefined);
  });

  it('reads the migrations of Holdfast itself', async () => {
    const migrations = await readMigrations(migrationsDirectory());
    assert.equal(migrations[0]?.file, '0001_identity.sql');
    for (const migration of migrations)
      assert.ok((migration.down?.statements.length ?? 0) > 0, migration.file);
  });

  const REFUSED: readonly (readonly [string, Record<string, string | Uint8Array>, RegExp])[] = [
    [
      'all names that are no migration',
      { 'a.sql': UP, 'b_1.sql': UP, '0001_a.SQL': UP, '0001_a.sql': UP },
      /Not named like a migration \(0001_name\.sql\): 0001_a\.SQL, a\.sql, b_1\.sql in /,
    ],
    [
      'a version used twice',
      { '0001_a.sql': UP, '1_b.sql': UP },
      /The version 0001 is used more than once: 0001_a\.sql, 1_b\.sql/,
    ],
    ['a single file beside a pair', { '0001_a.sql': UP, '0001_a.up.sql': UP }, /used more than once/],
    ['a pair of different names', { '0001_b.down.sql': UP, '0001_a.up.sql': UP }, /used more than once/],
    [
      'a down file alone',
      { '0001_a.down.sql': 'x' },
      /0001_a\.down\.sql: no up file: 0001_a\.up\.sql is missing/,
    ],
    ['Latin-1', { '0001_a.sql': Buffer.from('-- \xe9', 'latin1') }, /0001_a\.sql: not UTF-8/],
    ['NUL', { '0001_a.sql': `${UP}\0` }, /0001_a\.sql, line 3: a NUL character/],
    ['a broken section', { '0001_a.sql': UP, '0002_b.sql': 'x' }, /0002_b\.sql: no up section/],
  ];
  for (const [name, files, problem] of REFUSED) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(
        read(files),
        error => isHoldfastError(error, 'sql_file_invalid') && problem.test(error.message),
      );
    });
  }

  it('refuses an empty directory', async () => {
    const dir = await directory({});
    await assert.rejects(
      readMigrations(dir),
      error => isHoldfastError(error, 'usage') && error.message.includes(dir),
    );
  });

  it('refuses a directory that is not there', async () => {
    const dir = join(await directory({}), 'missing');
    await assert.rejects(
      readMigrations(dir),
      error => isHoldfastError(error, 'usage') && error.message.includes(dir),
    );
  });
});
