import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { readSealKey } from './seal-key.ts';

test('the key is made once, for its owner alone, and never over something else', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-seal-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'backup-seal.key');
  assert.equal(await readSealKey(path, false), undefined);
  const keys = await Promise.all(Array.from({ length: 5 }, () => readSealKey(path, true)));
  const [key] = keys;
  assert.equal(key?.byteLength, 32);
  assert.ok(
    keys.every(other => key !== undefined && other !== undefined && Buffer.compare(key, other) === 0),
  );
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(directory), ['backup-seal.key']);
  await writeFile(path, 'something else\n');
  await assert.rejects(readSealKey(path, true), error => isHoldfastError(error, 'configuration_invalid'));
});
