import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import type { WalRange } from '../backup/wal-archive.ts';
import { checkTarget, rangeOf } from './check-target.ts';
import type { RecoveryTarget } from './materialized-backup.ts';
import type { PhysicalPoint } from './recovery-settings.ts';

const POINT: PhysicalPoint = {
  kind: 'physical',
  timeline: 1,
  startLsn: '0/2000000',
  stopLsn: '0/3000000',
  consistentLsn: '0/3000100',
  snapshotAt: '2026-11-21T13:00:00.000Z',
};

function range(fromLsn: string, toLsn: string, more: Partial<WalRange> = {}): WalRange {
  const beginning = { kind: 'first', reason: '', forkLsn: null, at: null } as const;
  const times = { fromTime: '2026-11-21T12:00:00.000Z', toTime: '2026-11-21T14:00:00.000Z' };
  return { timeline: 1, fromLsn, toLsn, ...times, beginning, ...more };
}

const WHOLE = [range('0/1000000', '0/9000000')];

function refused(target: RecoveryTarget, ranges: readonly WalRange[]): string | undefined {
  try {
    checkTarget(target, { id: '20261121T130000Z-physical-aaaa', point: POINT }, ranges);
    return undefined;
  } catch (error) {
    assert.ok(isHoldfastError(error, 'restore_refused'));
    return error.message;
  }
}

const lsn = (text: string): RecoveryTarget => ({ kind: 'lsn', lsn: text, inclusive: true });
const time = (text: string): RecoveryTarget => ({ kind: 'time', at: new Date(text) });

test('what the archive covers is let through', () => {
  assert.equal(refused({ kind: 'backup' }, []), undefined);
  assert.equal(refused(lsn('0/9000000'), WHOLE), undefined);
  assert.equal(refused(time('2026-11-21T13:30:00Z'), WHOLE), undefined);
  assert.equal(refused({ kind: 'latest' }, WHOLE), undefined);
});

test('before the backup, after the archive and across a gap is refused with what there is', () => {
  assert.match(refused(lsn('0/2FFFFFF'), WHOLE) ?? '', /Choose an older backup/);
  assert.match(refused(lsn('0/9000001'), WHOLE) ?? '', /after 0\/9000000/);
  assert.match(refused(time('2026-11-21T12:59:59Z'), WHOLE) ?? '', /Choose an older one/);
  assert.match(refused(time('2026-11-21T14:00:01Z'), WHOLE) ?? '', /The last commit/);
  const gap = [range('0/1000000', '0/1800000'), range('0/5000000', '0/9000000')];
  assert.match(refused(time('2026-11-21T13:30:00Z'), gap) ?? '', /No WAL continues this backup/);
  assert.match(
    refused({ kind: 'transaction', xid: '7', inclusive: true }, gap) ?? '',
    /0\/5000000 to 0\/9000000/,
  );
});

test('a later timeline that forks off goes on, one that begins elsewhere does not', () => {
  const fork = range('0/8000000', '0/A000000', { timeline: 2 });
  assert.equal(rangeOf(POINT, [...WHOLE, fork]), fork);
  const stranger = range('0/B000000', '0/C000000', { timeline: 2 });
  assert.equal(rangeOf(POINT, [...WHOLE, stranger]), WHOLE[0]);
  const left = { ...fork, abandoned: true } as const;
  assert.equal(rangeOf(POINT, [...WHOLE, left]), WHOLE[0]);
  const third = range('0/8000000', '0/B000000', { timeline: 3 });
  assert.equal(rangeOf(POINT, [...WHOLE, left, third]), third);
  assert.equal(rangeOf({ ...POINT, timeline: 2 }, [...WHOLE, left, third]), undefined);
});
