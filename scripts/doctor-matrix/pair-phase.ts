import { createRandom } from '@holdfast/core';
import type { Diagnosis } from '@holdfast/doctor';
import { heal, textOf } from './cell.ts';
import { inTime } from './in-time.ts';
import { compatiblePairs, type Pair, type Witness } from './pairs.ts';
import type { Progress } from './progress.ts';
import { isExact, isNamed, labelOf, rankingOf, reportsOf } from './score.ts';
import type { Stage } from './stage.ts';
import type { StackName } from './system.ts';

/** Two faults at once. */
export interface PairCell {
  readonly stack: StackName;
  readonly seed: number;
  readonly expected: readonly string[];
  readonly said: readonly string[];
  /** Both are named, and nothing else. */
  readonly exact: boolean;
  /** How many of the two are among what is named. */
  readonly named: number;
  readonly milliseconds: number;
}

/** Injects pairs of faults that were seen alone before. A pair that cannot be made is left out for another one. */
export async function tryPairs(
  stage: Stage,
  witnesses: readonly Witness[],
  options: { readonly seed: number; readonly pairs: number; readonly progress: Progress },
): Promise<PairCell[]> {
  const { seed, pairs, progress } = options;
  const cells: PairCell[] = [];
  for (const pair of compatiblePairs(witnesses, stage.system.codebook, createRandom(seed))) {
    if (cells.length >= pairs || progress.isOver()) break;
    const cell = await tryPair(stage, pair, seed, progress);
    if (cell === undefined) continue;
    cells.push(cell);
    progress.say(
      `pair ${cells.length}/${pairs} ${cell.exact ? 'exact' : 'NOT EXACT'}: ${cell.expected.join(' + ')}${cell.exact ? '' : ` → ${cell.said.join(', ')}`}`,
    );
  }
  return cells;
}

async function tryPair(
  stage: Stage,
  pair: Pair,
  seed: number,
  progress: Progress,
): Promise<PairCell | undefined> {
  const { system } = stage;
  // a new system has faults of its own
  const both = pair.map(({ injection }) => system.injections.find(({ kind }) => kind === injection.kind));
  const injections = both.filter(injection => injection !== undefined);
  let diagnosis: Diagnosis | undefined;
  try {
    for (const injection of injections) await inTime(injection.inject());
    diagnosis = await system.examine();
  } catch (error) {
    progress.say(`pair left out (${injections.map(({ name }) => name).join(' and ')}): ${textOf(error)}`);
  }
  const expected = injections.map(injection => ({ ...injection.expected }));
  const { sound } = await heal(system, injections);
  if (!sound) await stage.replace();
  if (diagnosis === undefined) return undefined;
  const ranking = rankingOf(diagnosis);
  return {
    ...{ stack: system.stack, seed, expected: expected.map(labelOf), said: reportsOf(diagnosis) },
    exact: isExact(diagnosis, expected),
    named: expected.filter(fault => ranking.some(cause => isNamed(cause, fault))).length,
    milliseconds: diagnosis.timings.durationMs,
  };
}
