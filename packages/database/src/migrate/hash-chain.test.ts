import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { CHAIN_START, chainHash } from './hash-chain.ts';

it('chainHash is what anybody can compute with sha256sum', () => {
  const checksum = 'ab'.repeat(32);
  const expected = createHash('sha256')
    .update(`${'0'.repeat(64)}\n7\n${checksum}\n`)
    .digest('hex');
  assert.equal(chainHash(CHAIN_START, '0007', checksum), expected);
  assert.notEqual(chainHash(expected, '8', checksum), chainHash(CHAIN_START, '8', checksum));
});
