import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { newMigration, readMigrations } from '@holdfast/database/migrate';
import { failure } from './fixtures.ts';

const clock = { now: () => Date.UTC(2026, 2, 4, 5, 6, 7) };

async function next(t: TestContext, files: readonly string[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-migrations-'));
  t.after(() => rm(dir, { recursive: true }));
  for (const file of files) {
    const marker = file.includes('.down.') ? '' : '-- migrate:up\n';
    await writeFile(join(dir, file), marker);
  }
  const { path } = await newMigration(dir, 'Add invoices, & more!', clock);
  assert.equal(await readFile(path, 'utf8'), '-- migrate:up\n\n\n-- migrate:down\n\n');
  assert.equal((await readMigrations(dir)).at(-1)?.file, basename(path), 'it is the last one');
  return basename(path, '_add_invoices_more.sql');
}

for (const [what, files, version] of [
  ['an empty directory', [], '0001'],
  ['numbers of one width', ['0001_a.sql', '0009_b.sql'], '0010'],
  ['pairs', ['007_a.up.sql', '007_a.down.sql'], '008'],
  ['numbers without a width', ['9_a.sql', '10_b.sql'], '11'],
  ['a number that outgrows its width', ['99_a.sql'], '100'],
  ['timestamps of the past', ['20240101000000_a.sql'], '20260304050607'],
  ['timestamps of the future', ['20990101000000_a.sql'], '20990101000001'],
] as const) {
  it(`the version after ${what}`, async t => assert.equal(await next(t, files), version));
}

it('refuses a name without anything in it, and makes the directory', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-migrations-'));
  t.after(() => rm(dir, { recursive: true }));
  await failure(newMigration(dir, '—', clock), 'usage');
  const made = await newMigration(join(dir, 'db', 'migrations'), 'a', clock);
  assert.deepEqual([basename(made.path), made.madeDirectory], ['0001_a.sql', join(dir, 'db')]);
  assert.equal((await newMigration(join(dir, 'db', 'migrations'), 'b', clock)).madeDirectory, undefined);
});
