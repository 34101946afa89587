import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { makeDirectory } from './make-directory.ts';

it('makes what is missing, and says which was the first', async t => {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-make-directory-'));
  t.after(() => rm(root, { recursive: true }));
  const deep = join(root, 'a', 'b', 'c');
  assert.equal(await makeDirectory(deep, 0o700), join(root, 'a'));
  assert.equal((await stat(join(root, 'a', 'b'))).mode & 0o777, 0o700);
  assert.equal(await makeDirectory(deep), undefined);
  const both = await Promise.all([makeDirectory(join(root, 'd', 'e')), makeDirectory(join(root, 'd', 'e'))]);
  assert.equal(both.length, 2);
  await writeFile(join(root, 'file'), '');
  await assert.rejects(makeDirectory(join(root, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeDirectory(join(root, 'file', 'under')), { code: 'ENOTDIR' });
});

it('refuses where no directory can be made, and does not try for ever', {
  skip: process.platform !== 'linux',
}, async () => {
  await assert.rejects(makeDirectory('/proc/holdfast/report'), { code: 'ENOENT' });
});
