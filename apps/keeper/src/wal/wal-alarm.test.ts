import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Clock, systemClock } from '@holdfast/core';
import type { WalEvent } from '@holdfast/database/backup';
import { openIncidents } from '../records/incidents.ts';
import { createWalAlarm, LAG_LIMIT_BYTES } from './wal-alarm.ts';
import { newWalStatus } from './wal-status.ts';

const PART = 'wal archive at /backups';
const status = newWalStatus('/backups', 'slot');
const interrupted: WalEvent = { kind: 'interrupted', error: undefined, reason: 'no\nroom', retryInMs: 1 };
const progress: WalEvent = { kind: 'progress', receivedLsn: '0/1', durableLsn: '0/1', serverLsn: '0/1' };

async function stage(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'hf-alarm-'));
  const time = { now: 0 };
  const clock: Clock = { ...systemClock, monotonic: () => time.now };
  const incidents = await openIncidents({ path: join(directory, 'incidents.ndjson'), clock });
  t.after(async () => {
    await incidents.flush();
    await rm(directory, { recursive: true, force: true });
  });
  return { time, incidents, alarm: createWalAlarm({ incidents, clock }, '/backups') };
}

test('a long interruption is an incident until WAL comes again', async t => {
  const { time, incidents, alarm } = await stage(t);
  alarm.note(interrupted, status);
  time.now = 29_000;
  alarm.note(interrupted, status);
  assert.equal(incidents.openIncident(PART), undefined);
  time.now = 30_000;
  alarm.note(interrupted, status);
  assert.equal(incidents.openIncident(PART)?.kind, 'stalled');
  assert.equal(incidents.openIncident(PART)?.reason, 'no room');
  alarm.note(progress, { ...status, lagBytes: 0 });
  assert.equal(incidents.openIncident(PART), undefined);
  time.now = 40_000;
  alarm.note(interrupted, status);
  assert.equal(incidents.openIncident(PART), undefined);
});

test('while the database is down, its own incident is enough', async t => {
  const { time, incidents, alarm } = await stage(t);
  incidents.open('postgres', 'exit', 'it is gone');
  alarm.note(interrupted, status);
  time.now = 60_000;
  alarm.note(interrupted, status);
  assert.equal(incidents.openIncident(PART), undefined);
});

test('an archive that falls far behind is an incident until it has caught up by half', async t => {
  const { incidents, alarm } = await stage(t);
  alarm.note(progress, { ...status, lagBytes: LAG_LIMIT_BYTES });
  assert.equal(incidents.openIncident(PART), undefined);
  alarm.note(progress, { ...status, lagBytes: LAG_LIMIT_BYTES + 1 });
  assert.equal(incidents.openIncident(PART)?.kind, 'behind');
  alarm.note(progress, { ...status, lagBytes: LAG_LIMIT_BYTES * 0.6 });
  assert.equal(incidents.openIncident(PART)?.kind, 'behind');
  alarm.note(progress, { ...status, lagBytes: LAG_LIMIT_BYTES * 0.5 });
  assert.equal(incidents.openIncident(PART), undefined);
});

test('a gap is on record, and says what to do', async t => {
  const { incidents, alarm } = await stage(t);
  alarm.note({ kind: 'gap', from: '0/3000000', reason: 'the slot was dropped' }, status);
  const [gap] = incidents.list(1);
  assert.equal(gap?.kind, 'gap');
  assert.match(gap?.reason ?? '', /make a new backup\. the slot was dropped/);
  assert.notEqual(gap?.recoveredAt, null);
});
