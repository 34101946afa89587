import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { migrationsDirectory } from '@holdfast/database';
import { runHoldfast } from './run-command-line.ts';

async function directory(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-new-'));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

describe('holdfast migrate new outside of Holdfast’s own checkout', () => {
  it('does not write among the migrations of Holdfast, and says what to type', async t => {
    const dir = await directory(t);
    const before = await readdir(migrationsDirectory());
    const { code, stderr } = await runHoldfast(['migrate', 'new', "Bob's table"], {}, dir);
    assert.equal(code, 2);
    assert.match(stderr, /holdfast migrate new 'Bob'\\''s table' --migrations db\/migrations$/m);
    await mkdir(join(dir, 'migrations'));
    const again = await runHoldfast(['migrate', 'new', 'bobs'], {}, dir);
    assert.match(again.stderr, /holdfast migrate new bobs --migrations migrations$/m);
    assert.deepEqual(await readdir(migrationsDirectory()), before);
    assert.deepEqual(await readdir(join(dir, 'migrations')), []);
  });

  it('writes where it is told to', async t => {
    const dir = await directory(t);
    const { code, stdout, stderr } = await runHoldfast(
      ['migrate', 'new', 'a', '--migrations', 'db/migrations'],
      {},
      dir,
    );
    assert.deepEqual([code, stdout], [0, `${join(dir, 'db/migrations/0001_a.sql')}\n`]);
    assert.equal(stderr, `warning: there was no directory ${join(dir, 'db/migrations')}; it was made\n`);
    const again = await runHoldfast(['migrate', 'new', 'b', '--migrations', 'db/migrations'], {}, dir);
    assert.deepEqual([again.code, again.stderr], [0, '']);
  });
});
