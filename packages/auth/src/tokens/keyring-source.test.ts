import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isHoldfastError, systemClock } from '@holdfast/core';
import { generateKeyring } from './keyring.ts';
import { keyringPath, writeKeyring } from './keyring-file.ts';
import { prepareNextKey, revokeKey, rotateKey } from './keyring-rotation.ts';
import { openKeyring } from './keyring-source.ts';

async function opened(t: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-keyring-'));
  const path = keyringPath(home);
  const first = generateKeyring(systemClock);
  await writeKeyring(path, first);
  const errors: unknown[] = [];
  const source = await openKeyring({ home, pollMs: 10, onError: error => errors.push(error) });
  t.after(async () => {
    await source.close();
    await rm(home, { recursive: true });
  });
  return { path, first, source, errors };
}

async function until(holds: () => boolean): Promise<void> {
  for (let look = 0; !holds(); look += 1) {
    assert.ok(look < 500, 'it did not come true');
    await delay(10);
  }
}

const kids = (keyring: { keys: readonly { kid: string }[] }) => keyring.keys.map(({ kid }) => kid).sort();

test('a rotation is followed, also when the former key is revoked at once', async t => {
  const { path, first, source, errors } = await opened(t);
  const rotated = rotateKey(prepareNextKey(first, 'sign', systemClock), 'sign', systemClock);
  const former = rotated.keys.find(({ status }) => status === 'retiring')?.kid ?? '';
  const latest = revokeKey(rotated, former);
  await writeKeyring(path, latest);
  await until(() => kids(source.current()).join() === kids(latest).join());
  assert.deepEqual(errors, []);
});

test('another keyring in its place is not adopted, and the former file is followed again', async t => {
  const { path, first, source, errors } = await opened(t);
  await writeKeyring(path, generateKeyring(systemClock));
  await until(() => errors.length > 0);
  assert.ok(isHoldfastError(errors[0], 'keyring_invalid'));
  assert.deepEqual(kids(source.current()), kids(first));
  const prepared = prepareNextKey(first, 'sign', systemClock);
  await writeKeyring(path, prepared);
  await until(() => kids(source.current()).join() === kids(prepared).join());
  assert.equal(errors.length, 1);
});
