import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import {
  formatLsn,
  historyName,
  parseLsn,
  parseSegmentBytes,
  parseSegmentName,
  segmentName,
  segmentStart,
} from './lsn.ts';

const MB = 1024 ** 2;

test('positions are read and written as PostgreSQL does', () => {
  for (const text of ['0/0', '0/16B3748', '16/B374D848', 'FFFFFFFF/FFFFFFFF', '1/0']) {
    assert.equal(formatLsn(parseLsn(text)), text);
  }
  assert.equal(parseLsn('1/0'), 0x1_0000_0000n);
  assert.equal(parseLsn('ab/cd'), parseLsn('AB/CD'));
  for (const text of ['', '1', '1/', '/1', '1/2/3', 'g/1', '123456789/0', '-1/0', ' 1/0']) {
    assert.throws(
      () => parseLsn(text),
      error => isHoldfastError(error, 'invalid_request'),
      text,
    );
  }
});

test('segments are named as by pg_walfile_name, whatever their size', () => {
  assert.equal(segmentName(1, parseLsn('0/16B3748'), 16 * MB), '000000010000000000000001');
  assert.equal(segmentName(0x1f, parseLsn('16/B374D848'), 16 * MB), '0000001F00000016000000B3');
  assert.equal(segmentName(1, parseLsn('1/0'), 16 * MB), '000000010000000100000000');
  assert.equal(segmentName(1, parseLsn('0/FFFFFFFF'), 16 * MB), '0000000100000000000000FF');
  assert.equal(segmentName(1, parseLsn('0/16B3748'), MB), '000000010000000000000016');
  assert.equal(segmentName(1, parseLsn('2/C0000000'), 1024 * MB), '000000010000000200000003');
  assert.equal(historyName(27), '0000001B.history');
});

test('the name of a segment gives its place back', () => {
  for (const size of [MB, 16 * MB, 1024 * MB]) {
    const start = segmentStart(parseLsn('16/B374D848'), size);
    assert.deepEqual(parseSegmentName(segmentName(3, start, size), size), { timeline: 3, start });
  }
  for (const name of [
    '000000010000000000000100', // beyond what 16 MB segments count to
    '00000001000000000000000',
    '00000001000000000000000g',
    '000000010000000000000001.partial',
    '00000002.history',
  ]) {
    assert.equal(parseSegmentName(name, 16 * MB), undefined, name);
  }
});

test('segment sizes are powers of two from 1 MB to 1 GB', () => {
  assert.equal(parseSegmentBytes('16MB'), 16 * MB);
  assert.equal(parseSegmentBytes('1GB'), 1024 * MB);
  for (const text of ['', '16', '3MB', '512kB', '2GB', '16 MB'])
    assert.equal(parseSegmentBytes(text), undefined, text);
});
