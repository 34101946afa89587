import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeJournal } from './lost-revocations.ts';
import type { JournaledSession } from './revocation-queries.ts';

const NOW = Date.parse('2026-03-08T12:00:00Z');
const HOUR = 3_600;

/** A UUIDv7 of this time, in seconds before now. */
function idOf(secondsAgo: number): string {
  const time = (NOW - secondsAgo * 1_000).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}

function session(state: JournaledSession['state'], endedAgo: number, livedFor = HOUR): JournaledSession {
  const at = new Date(NOW - endedAgo * 1_000).toISOString();
  return { at, sessionId: idOf(endedAgo + livedFor), state };
}

const conclusive = (...sessions: JournaledSession[]) => judgeJournal(sessions, NOW).conclusive;

test('a journal that the database agrees with, or one without entries, shows nothing', () => {
  assert.deepEqual(judgeJournal([], NOW), { live: 0, unknown: 0, conclusive: false });
  const agreed = Array.from({ length: 100 }, (_, index) => session('ended', 5_000 - index));
  assert.deepEqual(judgeJournal(agreed, NOW), { live: 0, unknown: 0, conclusive: false });
});

test('a session without a trace is conclusive', () => {
  const lost = session('unknown', 2 * HOUR);
  assert.deepEqual(judgeJournal([session('ended', 3 * HOUR), lost], NOW), {
    live: 0,
    unknown: 1,
    conclusive: true,
    firstAt: lost.at,
  });
});

test('sessions of probe accounts and those that were purged leave no trace either', () => {
  assert.equal(conclusive(session('unknown', 60, 3)), false);
  assert.equal(conclusive(session('unknown', 8 * 24 * HOUR)), false);
  assert.equal(conclusive(session('unknown', 60, 11)), true);
});

test('live sessions are conclusive when no single crash explains them', () => {
  assert.equal(conclusive(session('live', 100), session('live', 99)), false);
  assert.equal(conclusive(session('live', 100), session('unknown', 95, 2), session('live', 80)), true);
  assert.equal(conclusive(session('live', 100), session('ended', 90), session('live', 80)), false);
});

test('a revocation that may still be on its way counts for nothing', () => {
  assert.deepEqual(judgeJournal([session('live', 3)], NOW), { live: 0, unknown: 0, conclusive: false });
  assert.deepEqual(judgeJournal([session('live', 30)], NOW).live, 1);
});
