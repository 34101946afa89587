import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError, newId, systemClock } from '@holdfast/core';
import { generateKeyring } from './keyring.ts';
import { prepareNextKey, rotateKey } from './keyring-rotation.ts';
import { decodeRefreshToken, encodeRefreshToken, type RefreshClaims } from './refresh-token.ts';

const keyring = generateKeyring(systemClock);
const claims: RefreshClaims = {
  familyId: newId(),
  generation: 4_294_967_295,
  userId: newId(),
  issuedAt: 1_795_000_000_123,
  absoluteExpiry: 1_797_592_000_456,
};

const notGenuine = (error: unknown): boolean => isHoldfastError(error, 'token_invalid');

test('a token carries its claims there and back', () => {
  assert.deepEqual(decodeRefreshToken(keyring, encodeRefreshToken(keyring, claims)), claims);
});

test('the same claims give the same token, so a repeated rotation gives the same successor', () => {
  assert.equal(encodeRefreshToken(keyring, claims), encodeRefreshToken(keyring, { ...claims }));
  const other = encodeRefreshToken(keyring, { ...claims, generation: 1 });
  assert.notEqual(encodeRefreshToken(keyring, claims), other);
});

test('no single changed character is accepted', () => {
  const token = encodeRefreshToken(keyring, claims);
  for (let index = 0; index < token.length; index += 1) {
    const replacement = token[index] === 'A' ? 'B' : 'A';
    const forged = token.slice(0, index) + replacement + token.slice(index + 1);
    assert.throws(() => decodeRefreshToken(keyring, forged), notGenuine, `position ${index}`);
  }
});

test('shortened, lengthened, empty and foreign tokens are refused', () => {
  const token = encodeRefreshToken(keyring, claims);
  for (const forged of [
    '',
    'hf_rt_',
    token.slice(0, -1),
    `${token}A`,
    token.replace('hf_rt_', 'hf_xx_'),
    `${token}====`,
  ]) {
    assert.throws(() => decodeRefreshToken(keyring, forged), notGenuine, forged);
  }
});

test('7 a token made under another keyring is refused: the database alone lets nobody mint one', () => {
  const thief = generateKeyring(systemClock);
  assert.throws(() => decodeRefreshToken(keyring, encodeRefreshToken(thief, claims)), notGenuine);
});

test('a token outlives the rotation of its key and dies with the removal of it', () => {
  const token = encodeRefreshToken(keyring, claims);
  const rotated = rotateKey(prepareNextKey(keyring, 'refresh', systemClock), 'refresh', systemClock);
  assert.deepEqual(decodeRefreshToken(rotated, token), claims);
  const removed = {
    ...rotated,
    keys: rotated.keys.filter(key => key.use !== 'refresh' || key.status !== 'retiring'),
  };
  assert.throws(() => decodeRefreshToken(removed, token), notGenuine);
});
