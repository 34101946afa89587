import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateKeyring, parseKeyring, prepareNextKey, rotateKey } from '@holdfast/auth/tokens';
import { systemClock } from '@holdfast/core';
import { judgeKeyring } from './judge-keyring.ts';

interface LooseKey {
  kid: string;
  use: string;
  status: string;
  algorithm: string;
  secret?: string;
  privateJwk?: { x: string; d: string };
}

/** A keyring with three keys for signing, one of them current, and one each for refresh and encryption. */
function rotated(): { version: number; keys: LooseKey[] } {
  const next = prepareNextKey(generateKeyring(systemClock), 'sign', systemClock);
  return structuredClone(rotateKey(next, 'sign', systemClock)) as unknown as ReturnType<typeof rotated>;
}

const keyOf = (keys: LooseKey[], use: string): LooseKey => {
  const key = keys.find(candidate => candidate.use === use && candidate.status === 'current');
  assert.ok(key);
  return key;
};

const change = (keys: LooseKey[], use: string, to: Partial<LooseKey>) =>
  void Object.assign(keyOf(keys, use), to);

const DAMAGE: readonly (readonly [string, (keys: LooseKey[]) => void, RegExp])[] = [
  ['a secret of another kid', keys => change(keys, 'refresh', { secret: 'A'.repeat(43) }), /kid of key/],
  ['a kid of another secret', keys => change(keys, 'encrypt', { kid: 'A'.repeat(22) }), /kid of key/],
  [
    'the material of two signing keys exchanged',
    keys => {
      const [one, other] = keys.filter(({ use }) => use === 'sign');
      assert.ok(one?.privateJwk && other?.privateJwk);
      [one.privateJwk, other.privateJwk] = [other.privateJwk, one.privateJwk];
    },
    /^the kid of key 1 does not belong to its material$/,
  ],
  [
    'a private half of another public one',
    keys => {
      const { privateJwk } = keyOf(keys, 'sign');
      assert.ok(privateJwk);
      privateJwk.d = Buffer.alloc(32, 7).toString('base64url');
    },
    /^key \d is not a usable Ed25519 key$/,
  ],
  ['no material', keys => void delete keyOf(keys, 'sign').privateJwk, /not a usable Ed25519 key$/],
  ['a short secret', keys => change(keys, 'refresh', { secret: 'AAAA' }), /is not 32 bytes long$/],
  [
    'several current keys of one use',
    keys => {
      for (const key of keys) key.status = 'current';
    },
    /^it has 3 current keys for "sign"; there must be one$/,
  ],
  ['no current key', keys => change(keys, 'refresh', { status: 'next' }), /^it has 0 current keys for "r/],
  ['a key twice', keys => void keys.push({ ...keyOf(keys, 'sign'), status: 'retiring' }), /in it twice$/],
  ['an unknown use', keys => void keys.push({ ...keyOf(keys, 'sign'), use: 'pepper' }), /no known use$/],
  [
    'an unknown status',
    keys => void keys.push({ ...keyOf(keys, 'sign'), status: 'retired' }),
    /^key 6 has no known status$/,
  ],
  [
    'another algorithm',
    keys => change(keys, 'sign', { algorithm: 'none' }),
    /^key \d has the wrong algorithm$/,
  ],
];

describe('a keyring', () => {
  it('that the server can use is usable, with the public part of its keys', () => {
    const keyring = rotated();
    assert.deepEqual(judgeKeyring(JSON.stringify(keyring)), {
      state: 'usable',
      keys: keyring.keys.map(({ kid, use, status }) => ({ kid, use, status })),
    });
  });

  for (const [what, damage, problem] of DAMAGE) {
    it(`with ${what} is as unusable to the doctor as to the server`, () => {
      const keyring = rotated();
      damage(keyring.keys);
      const text = JSON.stringify(keyring);
      assert.throws(() => parseKeyring(text), { code: 'keyring_invalid' });
      const judged = judgeKeyring(text);
      assert.equal(judged.state, 'invalid');
      assert.match('problem' in judged ? judged.problem : '', problem);
      for (const { secret, privateJwk } of keyring.keys)
        assert.ok(!JSON.stringify(judged).includes(secret ?? privateJwk?.d ?? 'no material'));
    });
  }

  for (const text of [
    '',
    'null',
    '[]',
    '{"version":2,"keys":[]}',
    '{"version":1}',
    '{"version":1,"keys":[null]}',
  ]) {
    it(`that reads ${text === '' ? 'as nothing' : text} is unusable`, () => {
      assert.throws(() => parseKeyring(text), { code: 'keyring_invalid' });
      assert.equal(judgeKeyring(text).state, 'invalid');
    });
  }
});
