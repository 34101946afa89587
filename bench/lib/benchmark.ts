import type { Machine } from './machine.ts';

/** One side of a comparison, ready to be measured again and again. */
export interface Side {
  readonly name: string;
  /** One measurement; the unit is the benchmark's. */
  measure(): Promise<number>;
}

/** One side by another. */
export interface Comparison {
  readonly side: string;
  readonly against: string;
  readonly ratio: number;
  readonly target: string;
}

export interface Result {
  readonly benchmark: string;
  readonly unit: string;
  readonly rounds: number;
  readonly notes: readonly string[];
  readonly sides: readonly {
    readonly name: string;
    readonly median: number;
    readonly samples: readonly number[];
    /** Further columns: title and text. */
    readonly more?: Readonly<Record<string, string>>;
  }[];
  readonly comparisons: readonly Comparison[];
}

export interface Report {
  readonly machine: Machine;
  readonly results: readonly Result[];
}

export interface BenchmarkOptions {
  readonly rounds: number;
  readonly progress: (line: string) => void;
  /** Megabytes of data, for those that have a choice; empty for their own. */
  readonly sizes: readonly number[];
}

/** A benchmark starts what it needs, measures, and has stopped everything when it resolves. */
export interface Benchmark {
  readonly name: string;
  run(options: BenchmarkOptions): Promise<Result | readonly Result[]>;
}

/** The ratio that a benchmark promises, and against what. */
export interface Target {
  readonly side: string;
  readonly baseline: string;
  readonly target: string;
}

/**
 * Measures the sides in turn, `rounds` times. Each round begins with another side, so that neither a warm cache nor a
 * slow minute of the machine belongs to one of them.
 */
export async function alternate(
  sides: readonly Side[],
  rounds: number,
  progress: (line: string) => void,
): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>(sides.map(side => [side.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < sides.length; turn += 1) {
      const side = sides[(round + turn) % sides.length];
      if (!side) continue;
      const value = await side.measure();
      samples.get(side.name)?.push(value);
      progress(`  round ${round + 1}/${rounds}  ${side.name}: ${format(value)}`);
    }
  }
  return samples;
}

export function summarize(
  benchmark: Pick<Result, 'benchmark' | 'unit' | 'rounds' | 'notes'>,
  samples: ReadonlyMap<string, readonly number[]>,
  targets: readonly Target[],
): Result {
  const sides = [...samples].map(([name, values]) => ({ name, median: median(values), samples: values }));
  const medianOf = (name: string) => sides.find(side => side.name === name)?.median ?? Number.NaN;
  const comparisons = targets.map(({ side, baseline, target }) => ({
    side,
    against: baseline,
    ratio: medianOf(side) / medianOf(baseline),
    target,
  }));
  return { ...benchmark, sides, comparisons };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function format(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}
