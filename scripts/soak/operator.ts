import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@holdfast/core';
import type { Operation, Operations } from './operations.ts';
import type { Tally } from './tally.ts';

export interface OperatorOptions {
  readonly operations: Operations;
  readonly random: Random;
  readonly tally: Tally;
  readonly durationMs: number;
  readonly progress: (line: string) => void;
}

/** The end of a run is quiet, so that everybody can be asked whether they are still signed in. */
const QUIET_PART = 0.12;
const COPY_PART = 0.2;
const RESTORE_PART = 0.5;

/**
 * Breaks things one after the other until shortly before the end: all faults in shuffled rounds, a copy early on, and
 * its restore in the middle. A fault that cannot be injected or healed is counted and the next one follows.
 */
export async function operate({
  operations,
  random,
  tally,
  durationMs,
  progress,
}: OperatorOptions): Promise<void> {
  const startedAt = performance.now();
  const part = (): number => (performance.now() - startedAt) / durationMs;
  const special = [
    { due: COPY_PART, operation: operations.copy },
    { due: RESTORE_PART, operation: operations.restore },
  ];
  let round: Operation[] = [];
  const next = (): Operation => {
    const due = special[0] !== undefined && part() >= special[0].due ? special.shift() : undefined;
    if (due !== undefined) return due.operation;
    if (round.length === 0) round = random.shuffle(operations.faults);
    return round.pop() ?? operations.copy;
  };
  const pause = (): Promise<void> => delay(random.between(0.02, 0.05) * Math.min(durationMs, 180_000));
  await pause();
  while (part() < 1 - QUIET_PART) {
    await perform(next(), tally, progress);
    await pause();
  }
}

async function perform(operation: Operation, tally: Tally, progress: (line: string) => void): Promise<void> {
  const startedAt = performance.now();
  try {
    await operation.run();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    progress(`${tally.elapsed().toFixed(1).padStart(6)} s  ${operation.name} (${seconds} s)`);
    tally.count(`done: ${operation.name}`);
  } catch (error) {
    progress(`${tally.elapsed().toFixed(1).padStart(6)} s  ${operation.name} FAILED: ${error}`);
    tally.violate('failuresOfTheHarness', `${operation.name}: ${error}`);
  }
}
