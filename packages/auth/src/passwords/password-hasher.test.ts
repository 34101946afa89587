import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { hash } from '@node-rs/argon2';
import { createPasswordHasher } from './password-hasher.ts';

test('a password verifies against its hash, another does not', async () => {
  const hasher = createPasswordHasher();
  const stored = await hasher.hash('guard dense orbit lunch');
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal(await hasher.verify(stored, 'guard dense orbit lunch'), true);
  assert.equal(await hasher.verify(stored, 'guard dense orbit lunc'), false);
  assert.notEqual(await hasher.hash('guard dense orbit lunch'), stored);
});

test('without a stored hash nothing fits', async () => {
  assert.equal(await createPasswordHasher().verify(undefined, 'guard dense orbit lunch'), false);
});

test('composed and decomposed characters are the same password', async () => {
  const hasher = createPasswordHasher();
  assert.equal(
    await hasher.verify(await hasher.hash('crème brûlée ist süß'), 'crème brûlée ist süß'.normalize('NFD')),
    true,
  );
});

test('a hash with other parameters verifies and asks to be replaced', async () => {
  const hasher = createPasswordHasher();
  const old = await hash('guard dense orbit lunch', {
    memoryCost: 4_096,
    timeCost: 3,
    parallelism: 1,
  });
  assert.equal(await hasher.verify(old, 'guard dense orbit lunch'), true);
  assert.equal(hasher.needsRehash(old), true);
  assert.equal(hasher.needsRehash(await hasher.hash('x')), false);
});

test('when places and queue are full the next caller is turned away, and the others are served', async () => {
  const hasher = createPasswordHasher({ concurrency: 1, maxWaiting: 2 });
  const admitted = [hasher.hash('a'), hasher.hash('b'), hasher.hash('c')];
  await assert.rejects(
    hasher.hash('d'),
    (error: unknown) => isHoldfastError(error, 'overloaded') && error.retryAfter === 1,
  );
  assert.equal((await Promise.all(admitted)).length, 3);
  await hasher.hash('e');
});
