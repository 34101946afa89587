import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '@holdfast/core';
import { observationsOf, runProbe } from './probe.ts';

const tools = { clock: systemClock, signal: new AbortController().signal };

describe('runProbe', () => {
  it('gives what the probe saw', async () => {
    const looks = { 'data.keys': { saw: { keys: [] } } };
    assert.deepEqual(await runProbe(['data.keys'], 1_000, tools, async () => looks), looks);
  });

  it('takes a probe that fails for one that could not look, without its secrets', async () => {
    const failing = async () => {
      throw new Error('no way to postgresql://app:secret@db/x');
    };
    assert.deepEqual(await runProbe(['data.keys'], 1_000, tools, failing), {
      'data.keys': { couldNotLook: 'no way to postgresql://app:[redacted]@db/x' },
    });
  });

  it('gives up a probe that takes too long, and tells it', async () => {
    let told: AbortSignal | undefined;
    const looks = await runProbe(['data.keys'], 10, tools, signal => {
      told = signal;
      return new Promise(() => undefined);
    });
    assert.deepEqual(looks, {
      'data.keys': { couldNotLook: 'the probe was given up after 10 ms', outOfTime: true },
    });
    assert.equal(told?.aborted, true);
  });

  it('ends with the examination', async () => {
    const signal = AbortSignal.abort(new Error('the examination is over'));
    const never = () => new Promise<never>(() => undefined);
    assert.deepEqual(await runProbe(['data.keys'], 10_000, { ...tools, signal }, never), {
      'data.keys': { couldNotLook: 'the examination is over' },
    });
  });
});

it('observationsOf names probe and subject', () => {
  const looks = { 'data.keys': { couldNotLook: 'no', blockedBy: 'database.app' as const } };
  assert.deepEqual(observationsOf(looks), [
    { id: 'data.keys', probe: 'data', subject: 'database', couldNotLook: 'no', blockedBy: 'database.app' },
  ]);
});
