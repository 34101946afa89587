import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from './crc32c.ts';

test('the check value of the CRC catalogue and the vectors of RFC 3720, B.4', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
});

test('pieces of any length give the same as the whole', () => {
  const data = Buffer.from(Array.from({ length: 1_000 }, (_, index) => (index * 7919) & 255));
  for (const cut of [0, 1, 7, 8, 9, 500, 999, 1_000]) {
    assert.equal(crc32c(data.subarray(cut), crc32c(data.subarray(0, cut))), crc32c(data));
  }
});
