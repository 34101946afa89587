import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WalEvent } from '@holdfast/database/backup';
import { newWalStatus, walStatusAfter } from './wal-status.ts';

const now = '2026-11-21T13:00:00.000Z';
const status = newWalStatus('/backups', 'slot');
const interrupted: WalEvent = {
  kind: 'interrupted',
  error: undefined,
  retryInMs: 1,
  reason: 'connect\nECONNREFUSED',
};

test('what ends the stream is told, unless the database is just being started or replaced', () => {
  const begun: WalEvent = { kind: 'streaming', systemIdentifier: '7', timeline: 1, from: '0/1' };
  const streaming = walStatusAfter(status, begun, { now, isDatabaseAwaited: false });
  assert.equal(streaming.state, 'streaming');
  const awaited = walStatusAfter(streaming, interrupted, { now, isDatabaseAwaited: true });
  assert.deepEqual([awaited.state, awaited.reason], ['starting', null]);
  const trouble = walStatusAfter(streaming, interrupted, { now, isDatabaseAwaited: false });
  assert.deepEqual([trouble.state, trouble.reason], ['interrupted', 'connect ECONNREFUSED']);
});

test('progress tells how far behind the archive is, and ends an interruption', () => {
  const event: WalEvent = { kind: 'progress', receivedLsn: '0/30', durableLsn: '0/10', serverLsn: '0/30' };
  const { state, lagBytes, lastReceivedAt } = walStatusAfter(status, event, {
    now,
    isDatabaseAwaited: false,
  });
  assert.deepEqual([state, lagBytes, lastReceivedAt], ['streaming', 32, now]);
});

test('an archive that begins anew is remembered, also by the next keeper', () => {
  const anew: WalEvent = { kind: 'branch', branch: 2, reason: 'an older copy' };
  const after = walStatusAfter(status, anew, { now, isDatabaseAwaited: false });
  assert.equal(after.begunAnewAt, now);
  assert.equal(newWalStatus('/backups', 'slot', after).begunAnewAt, now);
});
