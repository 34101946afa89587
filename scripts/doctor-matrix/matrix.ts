import { createRandom } from '@holdfast/core';
import { type Cell, type Trouble, tryOne } from './cell.ts';
import { type HealthyCell, tryControls } from './healthy-phase.ts';
import { type PairCell, tryPairs } from './pair-phase.ts';
import type { Witness } from './pairs.ts';
import type { Progress } from './progress.ts';
import { openStage, type Stage } from './stage.ts';
import type { StackName } from './system.ts';

export interface MatrixOptions {
  readonly stacks: readonly StackName[];
  /** The first seed. */
  readonly seed: number;
  /** How many seeds. */
  readonly seeds: number;
  /** The code of a fault, or the name of an injection. */
  readonly only: string | undefined;
  readonly pairs: number;
  readonly healthy: number;
  readonly progress: Progress;
  /** Called whenever a part is finished, with all that is known by then. */
  readonly onPart: (result: MatrixResult) => Promise<void>;
}

export interface MatrixResult {
  readonly stacks: readonly StackName[];
  readonly seeds: readonly number[];
  readonly minutes: number;
  readonly cells: readonly Cell[];
  readonly pairs: readonly PairCell[];
  readonly healthy: readonly HealthyCell[];
  /** Examinations after a fault was mended, and what they reported. */
  readonly afterwards: { readonly runs: number; readonly reports: readonly string[] };
  readonly troubles: readonly Trouble[];
  /** Injections that were not run, because no subject is known for them. */
  readonly uncovered: readonly string[];
}

interface Notes {
  readonly cells: Cell[];
  readonly pairs: PairCell[];
  readonly healthy: HealthyCell[];
  readonly troubles: Trouble[];
  readonly afterwards: { runs: number; readonly reports: string[] };
  readonly uncovered: Set<string>;
}

const MINUTE_MS = 60_000;

/** Breaks systems in every way that is known, and compares what the doctor says with what was done. Leaves nothing behind. */
export async function runMatrix(options: MatrixOptions): Promise<MatrixResult> {
  const begun = performance.now();
  const notes: Notes = {
    ...{ cells: [], pairs: [], healthy: [], troubles: [] },
    afterwards: { runs: 0, reports: [] },
    uncovered: new Set(),
  };
  const seeds = Array.from({ length: options.seeds }, (_, index) => options.seed + index);
  const played = new Set<number>();
  const result = (): MatrixResult => ({
    ...notes,
    ...{
      stacks: options.stacks,
      seeds: seeds.filter(seed => played.has(seed)),
      uncovered: [...notes.uncovered],
    },
    minutes: Math.round((performance.now() - begun) / (MINUTE_MS / 10)) / 10,
  });
  for (const stack of options.stacks) {
    const share = (amount: number): number => Math.round(amount / options.stacks.length);
    for (const seed of seeds) {
      if (options.progress.isOver()) break;
      played.add(seed);
      await play(stack, seed, notes, {
        ...options,
        pairs: Math.ceil(share(options.pairs) / seeds.length),
        healthy: Math.ceil(share(options.healthy) / seeds.length),
      });
      await options.onPart(result());
    }
  }
  return result();
}

async function play(stack: StackName, seed: number, notes: Notes, options: MatrixOptions): Promise<void> {
  const { progress, pairs, healthy } = options;
  const stage = await openStage(stack, seed);
  try {
    const witnesses = await playSingles(stage, seed, notes, options);
    notes.pairs.push(...(await tryPairs(stage, witnesses, { seed, pairs, progress })));
    if (healthy > 0) notes.healthy.push(...(await tryControls(stage.system, healthy, progress)));
  } finally {
    await stage.close();
  }
}

async function playSingles(
  stage: Stage,
  seed: number,
  notes: Notes,
  { only, progress }: MatrixOptions,
): Promise<Witness[]> {
  const witnesses: Witness[] = [];
  const wanted = stage.system.injections.filter(
    ({ kind, expected: { code } }) => only === undefined || [kind, code].includes(only),
  );
  for (const name of stage.system.uncovered) notes.uncovered.add(name);
  for (const { kind } of createRandom(seed).shuffle(wanted)) {
    if (progress.isOver()) break;
    const injection = stage.system.injections.find(item => item.kind === kind);
    if (injection === undefined) continue;
    const { cell, alone, trouble, afterwards, sound } = await tryOne(stage.system, injection, seed);
    if (cell !== undefined) {
      notes.cells.push(cell);
      notes.afterwards.runs += 1;
    }
    notes.afterwards.reports.push(...afterwards.map(report => `after ${injection.name}: ${report}`));
    if (trouble !== undefined) notes.troubles.push(trouble);
    if (alone !== undefined) witnesses.push({ injection, alone });
    progress.say(lineOf(stage, seed, injection.name, { cell, trouble, afterwards }));
    if (!sound) await stage.replace();
  }
  return witnesses;
}

function lineOf(
  { system }: Stage,
  seed: number,
  name: string,
  { cell, trouble, afterwards }: Pick<Awaited<ReturnType<typeof tryOne>>, 'cell' | 'trouble' | 'afterwards'>,
): string {
  const wrong = Object.entries(cell?.hidden ?? {}).flatMap(([view, verdict]) =>
    verdict === 'wrong' ? [`WRONG ${view}`] : [],
  );
  const said = cell === undefined || cell.score.exact ? [] : [`said ${cell.said.join(', ') || 'nothing'}`];
  const facts = [
    cell === undefined ? 'NOT SEEN' : cell.score.exact ? `exact, ${cell.score.milliseconds} ms` : 'NOT EXACT',
    ...said,
    ...(cell !== undefined && !cell.score.grounded ? ['NOT GROUNDED'] : []),
    ...wrong,
    ...(trouble === undefined ? [] : [`TROUBLE ${trouble.why}`]),
    ...(afterwards.length === 0 ? [] : [`AFTERWARDS ${afterwards.join(', ')}`]),
  ];
  return `${system.stack} seed ${seed}: ${name}: ${facts.join('; ')}`;
}
