import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PhysicalPoint, recoverySettings } from './recovery-settings.ts';

const POINT: PhysicalPoint = {
  kind: 'physical',
  timeline: 1,
  startLsn: '0/2000028',
  stopLsn: '0/2000100',
  consistentLsn: '0/2000200',
  snapshotAt: '2026-11-21T13:00:00.000Z',
};

test('the backup itself ends just before the record that follows its snapshot, on its own timeline', () => {
  assert.deepEqual(recoverySettings({ kind: 'backup' }, POINT, 2), {
    recovery_target_action: 'promote',
    recovery_target_timeline: 'current',
    recovery_target_lsn: '0/2000200',
    recovery_target_inclusive: 'off',
  });
  const unknown = recoverySettings({ kind: 'backup' }, { ...POINT, consistentLsn: null }, 'current');
  assert.equal(unknown.recovery_target, 'immediate');
});

test('a time has a numeric offset, since names of zones are not known yet when PostgreSQL reads it', () => {
  const at = new Date('2026-11-21T13:29:00.123Z');
  const settings = recoverySettings({ kind: 'time', at }, POINT, 3);
  assert.equal(settings.recovery_target_timeline, '3');
  assert.equal(settings.recovery_target_time, '2026-11-21T13:29:00.123+00');
});

test('just before a transaction is not with it', () => {
  const settings = recoverySettings({ kind: 'transaction', xid: '740', inclusive: false }, POINT, 1);
  assert.deepEqual([settings.recovery_target_xid, settings.recovery_target_inclusive], ['740', 'off']);
});
