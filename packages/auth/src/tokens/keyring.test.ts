import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HoldfastError, isHoldfastError, systemClock } from '@holdfast/core';
import { generateKey, generateKeyring, jwks, parseKeyring } from './keyring.ts';
import { ensureKeyring, keyringPath, loadKeyring, writeKeyring } from './keyring-file.ts';
import { prepareNextKey, revokeKey, rotateKey } from './keyring-rotation.ts';

test('a generated keyring survives being written and read', () => {
  const keyring = generateKeyring(systemClock);
  assert.deepEqual(parseKeyring(JSON.stringify(keyring)), keyring);
});

test('the JWKS holds every signing key, the next one included, and nothing private', () => {
  const keyring = prepareNextKey(generateKeyring(systemClock), 'sign', systemClock);
  const published = jwks(keyring).keys;
  assert.deepEqual(
    published.map(key => key.kid),
    keyring.keys.filter(key => key.use === 'sign').map(key => key.kid),
  );
  assert.equal(published.length, 2);
  for (const key of published)
    assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
});

test('16 rotation uses the key that was published before and keeps the former one', () => {
  const prepared = prepareNextKey(generateKeyring(systemClock), 'sign', systemClock);
  const next = prepared.keys.find(key => key.use === 'sign' && key.status === 'next');
  const current = prepared.keys.find(key => key.use === 'sign' && key.status === 'current');
  const rotated = rotateKey(prepared, 'sign', systemClock);
  const statusOf = (kid: string | undefined) => rotated.keys.find(key => key.kid === kid)?.status;
  assert.equal(statusOf(next?.kid), 'current');
  assert.equal(statusOf(current?.kid), 'retiring');
  assert.throws(
    () => rotateKey(generateKeyring(systemClock), 'sign', systemClock),
    (error: unknown) => isHoldfastError(error, 'conflict'),
  );
});

test('a current key cannot be revoked, a retiring one can', () => {
  const rotated = rotateKey(
    prepareNextKey(generateKeyring(systemClock), 'sign', systemClock),
    'sign',
    systemClock,
  );
  const kidOf = (status: string) =>
    rotated.keys.find(key => key.use === 'sign' && key.status === status)?.kid ?? '';
  assert.throws(
    () => revokeKey(rotated, kidOf('current')),
    (error: unknown) => isHoldfastError(error, 'conflict'),
  );
  assert.throws(
    () => revokeKey(rotated, 'nobody'),
    (error: unknown) => isHoldfastError(error, 'not_found'),
  );
  assert.ok(!revokeKey(rotated, kidOf('retiring')).keys.some(key => key.kid === kidOf('retiring')));
});

test('every kind of damage is refused, and no message holds key material', () => {
  const keyring = generateKeyring(systemClock);
  const [sign, refresh, encrypt] = keyring.keys;
  const other = generateKeyring(systemClock).keys;
  const damaged: unknown[] = [
    null,
    {},
    { version: 2, keys: keyring.keys },
    { version: 1, keys: [sign, refresh] },
    { version: 1, keys: [sign, refresh, encrypt, other[0]] },
    { version: 1, keys: [sign, refresh, encrypt, { ...encrypt, status: 'retiring' }] },
    { version: 1, keys: [sign, { ...refresh, secret: 'c2hvcnQ' }, encrypt] },
    { version: 1, keys: [sign, { ...refresh, kid: 'other' }, encrypt] },
    { version: 1, keys: [{ ...sign, algorithm: 'none' }, refresh, encrypt] },
    {
      version: 1,
      keys: [
        { ...sign, privateJwk: { ...(sign as { privateJwk: object }).privateJwk, d: 'AAAA' } },
        refresh,
        encrypt,
      ],
    },
    { version: 1, keys: [{ ...sign, status: 'current!' }, refresh, encrypt] },
  ];
  const secret = (refresh as { secret: string }).secret;
  for (const value of damaged) {
    assert.throws(
      () => parseKeyring(JSON.stringify(value)),
      (error: unknown) => isHoldfastError(error, 'keyring_invalid') && !error.message.includes(secret),
    );
  }
  assert.throws(
    () => parseKeyring('{'),
    (error: unknown) => isHoldfastError(error, 'keyring_invalid'),
  );
});

test('the file is made once, private, and refused when others can read it', async () => {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-keyring-'));
  try {
    const starts = Array.from({ length: 8 }, () => ensureKeyring(home, systemClock));
    const [first, ...others] = await Promise.all(starts);
    for (const other of others) assert.deepEqual(other.keyring, first?.keyring);
    assert.equal([first, ...others].filter(start => start?.created).length, 1);
    assert.deepEqual(await readdir(home), ['keyring.json']);
    const path = keyringPath(home);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await loadKeyring({ home }), first?.keyring);
    await chmod(path, 0o644);
    await assert.rejects(
      loadKeyring({ home }),
      (error: unknown) => error instanceof HoldfastError && /chmod 600/.test(error.message),
    );
  } finally {
    await rm(home, { recursive: true });
  }
});

test('a keyring is replaced whole, and comes from the setting as text or as a path', async () => {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-keyring-'));
  try {
    const keyring = generateKeyring(systemClock);
    const path = join(home, 'elsewhere.json');
    await writeKeyring(path, generateKeyring(systemClock));
    await writeKeyring(path, keyring);
    assert.deepEqual(await loadKeyring({ home, setting: path }), keyring);
    assert.deepEqual(await loadKeyring({ home, setting: JSON.stringify(keyring) }), keyring);
    await assert.rejects(loadKeyring({ home }), (error: unknown) =>
      isHoldfastError(error, 'keyring_invalid'),
    );
  } finally {
    await rm(home, { recursive: true });
  }
});

test('no key id looks like an option to a command line', () => {
  for (let round = 0; round < 1_000; round += 1) {
    assert.doesNotMatch(generateKey('refresh', 'current', systemClock).kid, /^-/);
  }
});
