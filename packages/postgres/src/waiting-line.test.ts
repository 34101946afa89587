import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWaitingLine } from './waiting-line.ts';

const errors = { full: () => new Error('full'), expired: () => new Error('expired') };

test('lets in as many as there are permits, then queues, then refuses', async () => {
  const line = createWaitingLine(2, 1);
  assert.equal(line.tryEnter(), true);
  assert.equal(line.tryEnter(), true);
  assert.equal(line.tryEnter(), false);
  const waiting = line.enter(10_000, errors);
  assert.equal(line.length, 1);
  await assert.rejects(line.enter(10_000, errors), /full/);
  line.leave();
  await waiting;
  assert.equal(line.length, 0);
});

test('serves in the order of arrival', async () => {
  const line = createWaitingLine(1, 10);
  line.tryEnter();
  const order: number[] = [];
  const waiting = [1, 2, 3].map(number => line.enter(10_000, errors).then(() => order.push(number)));
  for (const _ of waiting) line.leave();
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2, 3]);
});

test('a waiter who gave up gets no permit', async () => {
  const line = createWaitingLine(1, 10);
  line.tryEnter();
  await assert.rejects(line.enter(1, errors), /expired/);
  assert.equal(line.length, 0);
  line.leave();
  assert.equal(line.tryEnter(), true);
  assert.equal(line.tryEnter(), false);
});

test('closing turns everybody away', async () => {
  const line = createWaitingLine(1, 10);
  line.tryEnter();
  const waiting = [line.enter(10_000, errors), line.enter(10_000, errors)];
  line.close(new Error('closed'));
  const outcomes = await Promise.allSettled(waiting);
  assert.deepEqual(
    outcomes.map(outcome => outcome.status === 'rejected' && String(outcome.reason)),
    ['Error: closed', 'Error: closed'],
  );
});
