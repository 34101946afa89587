import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { ensureHome, homePaths } from './home.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-home-'));
after(() => rmSync(directory, { recursive: true }));

test('a new state directory is not for others to read', async () => {
  const paths = homePaths(join(directory, 'new'));
  await ensureHome(paths);
  assert.equal(statSync(paths.home).mode & 0o066, 0);
  assert.equal(statSync(paths.run).mode & 0o077, 0);
  await ensureHome(paths);
});

test('one that everybody can write to is refused, with what to do', async () => {
  const home = join(directory, 'open');
  mkdirSync(home);
  chmodSync(home, 0o777);
  await assert.rejects(
    ensureHome(homePaths(home)),
    error => isHoldfastError(error, 'configuration_invalid') && error.message.includes(`chmod o-w '${home}'`),
  );
  chmodSync(home, 0o775);
  await ensureHome(homePaths(home));
});

test('a file in its place is named', async () => {
  const paths = homePaths(join(import.meta.filename, 'home'));
  await assert.rejects(ensureHome(paths), error => isHoldfastError(error, 'configuration_invalid'));
});
