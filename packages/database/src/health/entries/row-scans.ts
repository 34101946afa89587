import type { Clock } from '@holdfast/core';
import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { attempt } from './attempt.ts';

/** How much of a table one scan reads. The seed chooses the part, so that another time it is another one. */
export interface ScanPart {
  /** Above 0, at most 100. */
  readonly percent: number;
  readonly seed: number;
}

/** A look through the rows of a table for rows that should not be there. */
export interface RowScan<Subject> {
  readonly subject: Subject;
  /** Its table or constraint, as SQL would write it. */
  readonly name: string;
  /** Rows that have to be read, as far as the statistics know. */
  readonly rows: number;
  /** What is more likely to be broken is looked at first. */
  readonly risk: number;
  /** Below this a part is of no use, and the scan is left out. */
  readonly leastPercent: number;
  /** One row: what was counted. */
  statement(part: ScanPart): SqlQuery<{ counts: (number | string)[] }>;
}

export interface Scanned<Subject> {
  readonly scan: RowScan<Subject>;
  readonly percent: number;
  readonly counts: readonly number[];
}

export interface ScanResult<Subject> {
  readonly scanned: readonly Scanned<Subject>[];
  /** What was not looked at, and why. */
  readonly left: readonly { readonly scan: RowScan<Subject>; readonly why: string }[];
}

export interface ScanContext {
  readonly db: Queryable;
  readonly clock: Clock;
  readonly budgetMs: number;
}

/** Guesses to begin with; corrected by what the scans themselves take. */
const FIRST_ROWS_PER_MS = 600;
const FIRST_SCAN_MS = 0.5;
/** Of the budget; the rest is for a guess that was too bold. */
const SCANNING_SHARE = 0.8;
/** What takes less than this part of the time is done as a whole or not at all. */
const SMALL = 0.05;
/** Of the time that is left, for what comes first when something comes after it. */
const FIRST_SHARE = 0.6;
const ROUNDING_MS = 0.01;
const BATCH_SCANS = 50;
const BATCH_ROWS = 300_000;

/**
 * Runs the scans within the budget of an entry that began at `startedAt`, by the monotonic clock. The riskiest come first. Of the same
 * risk, small ones are done as a whole, beginning with another one each time when there is no time for all; then the large ones get an equal
 * share each of what is left, the smallest first, and are read in part when that is not enough. Small scans share a statement.
 */
export async function runScans<Subject>(
  context: ScanContext,
  scans: readonly RowScan<Subject>[],
  startedAt: number,
): Promise<ScanResult<Subject>> {
  const run = new ScanRun<Subject>(context, startedAt + context.budgetMs * SCANNING_SHARE);
  const byRisk = [...Map.groupBy(scans, ({ risk }) => risk)].toSorted(([a], [b]) => b - a);
  for (const [index, [, group]] of byRisk.entries()) {
    const { small, large } = run.sort(group);
    const part = index < byRisk.length - 1 ? FIRST_SHARE : 1;
    const waiting = await run.whole(small, large.length > 0 ? FIRST_SHARE * part : part);
    run.leave(await run.share(large, part));
    // what the large ones could not use
    run.leave(await run.whole(waiting, part));
  }
  // the order of the work is no order for a reader
  const byName = (a: RowScan<Subject>, b: RowScan<Subject>): number => (a.name < b.name ? -1 : 1);
  return {
    scanned: run.scanned.toSorted((a, b) => byName(a.scan, b.scan)),
    left: run.left.toSorted((a, b) => byName(a.scan, b.scan)),
  };
}

interface Planned<Subject> {
  readonly scan: RowScan<Subject>;
  readonly percent: number;
}

class ScanRun<Subject> {
  readonly scanned: Scanned<Subject>[] = [];
  readonly left: { scan: RowScan<Subject>; why: string }[] = [];
  readonly #context: ScanContext;
  readonly #deadline: number;
  readonly #seed: number;
  #rowsPerMs = FIRST_ROWS_PER_MS;
  #scanMs = FIRST_SCAN_MS;

  constructor(context: ScanContext, deadline: number) {
    this.#context = context;
    this.#deadline = deadline;
    this.#seed = Math.floor(context.clock.now() / 1_000) % 1_000_000;
  }

  sort(scans: readonly RowScan<Subject>[]): Record<'small' | 'large', RowScan<Subject>[]> {
    const bySize = scans.toSorted((a, b) => a.rows - b.rows);
    const limit = this.#remaining() * SMALL;
    const isSmall = (scan: RowScan<Subject>): boolean => this.#cost(scan, 100) <= limit;
    const small = bySize.filter(isSmall);
    const turn = this.#seed % Math.max(1, small.length);
    return {
      small: [...small.slice(turn), ...small.slice(0, turn)],
      large: bySize.filter(scan => !isSmall(scan)),
    };
  }

  /** An equal share for each; what one does not need goes to those after it. @returns those without enough time. */
  share(scans: readonly RowScan<Subject>[], part: number): Promise<RowScan<Subject>[]> {
    return this.#inBatches(scans, this.#after(part), (scan, shareMs) => this.#affordable(scan, shareMs));
  }

  /** All of each, in their order. @returns those without enough time. */
  whole(scans: readonly RowScan<Subject>[], part: number): Promise<RowScan<Subject>[]> {
    return this.#inBatches(scans, this.#after(part), () => 100);
  }

  leave(scans: readonly RowScan<Subject>[]): void {
    this.left.push(...scans.map(scan => ({ scan, why: 'there was no time for it' })));
  }

  /** The moment when a part of the time that is left will have passed. */
  #after(part: number): number {
    return this.#context.clock.monotonic() + this.#remaining() * part;
  }

  async #inBatches(
    scans: readonly RowScan<Subject>[],
    deadline: number,
    percentFor: (scan: RowScan<Subject>, shareMs: number) => number,
  ): Promise<RowScan<Subject>[]> {
    const waiting = [...scans];
    const without: RowScan<Subject>[] = [];
    while (waiting.length > 0) {
      const batch = this.#nextBatch(waiting, deadline, percentFor);
      const first = waiting[0];
      if (batch.length > 0) await this.#scan(batch);
      else if (first !== undefined) without.push(first);
      waiting.splice(0, Math.max(1, batch.length));
    }
    return without;
  }

  /** The next scans that fit into one statement; empty when the first of them gets too little time to be of use. */
  #nextBatch(
    waiting: readonly RowScan<Subject>[],
    deadline: number,
    percentFor: (scan: RowScan<Subject>, shareMs: number) => number,
  ): Planned<Subject>[] {
    const batch: Planned<Subject>[] = [];
    let remaining = deadline - this.#context.clock.monotonic();
    let rows = 0;
    for (const [index, scan] of waiting.entries()) {
      const percent = percentFor(scan, remaining / (waiting.length - index));
      const cost = this.#cost(scan, percent);
      const planned = (scan.rows * percent) / 100;
      const full = batch.length > 0 && (batch.length >= BATCH_SCANS || rows + planned > BATCH_ROWS);
      if (percent < scan.leastPercent || cost > remaining + ROUNDING_MS || full) break;
      batch.push({ scan, percent });
      rows += planned;
      remaining -= cost;
    }
    return batch;
  }

  #affordable(scan: RowScan<Subject>, shareMs: number): number {
    if (shareMs === Number.POSITIVE_INFINITY) return 100;
    const rows = (shareMs - this.#scanMs) * this.#rowsPerMs;
    if (rows <= 0) return 0;
    return rows >= scan.rows ? 100 : (rows / scan.rows) * 100;
  }

  #cost({ rows }: RowScan<Subject>, percent: number): number {
    return this.#scanMs + (rows * percent) / 100 / this.#rowsPerMs;
  }

  #remaining(): number {
    return this.#deadline - this.#context.clock.monotonic();
  }

  async #scan(batch: readonly Planned<Subject>[]): Promise<void> {
    const startedAt = this.#context.clock.monotonic();
    const parts = batch.map(({ scan, percent }) => scan.statement({ percent, seed: this.#seed }));
    const statement = sql<{ counts: (number | string)[] }>`${sql.join(parts, ' union all ')}`;
    const outcome = await attempt(this.#context.db, statement);
    const [only] = batch;
    if (outcome.ok) this.#take(batch, outcome.rows, this.#context.clock.monotonic() - startedAt);
    else if (batch.length === 1 && only !== undefined) this.left.push({ scan: only.scan, why: outcome.why });
    else for (const planned of batch) await this.#scan([planned]);
  }

  /** `union all` of single rows keeps their order, and each row holds its counts. */
  #take(
    batch: readonly Planned<Subject>[],
    rows: readonly { counts: (number | string)[] }[],
    elapsedMs: number,
  ): void {
    for (const [index, { scan, percent }] of batch.entries()) {
      this.scanned.push({ scan, percent, counts: (rows[index]?.counts ?? []).map(Number) });
    }
    const read = batch.reduce((sum, { scan, percent }) => sum + (scan.rows * percent) / 100, 0);
    this.#learn(batch.length, read, elapsedMs);
  }

  /** Many rows tell what a row costs, many scans what a scan costs. */
  #learn(scans: number, rows: number, elapsedMs: number): void {
    const rowsMs = elapsedMs - scans * this.#scanMs;
    const scansMs = elapsedMs - rows / this.#rowsPerMs;
    if (rows > BATCH_ROWS / 10 && rowsMs > 1) this.#rowsPerMs = rows / rowsMs;
    else if (scans >= 10 && scansMs > 0) this.#scanMs = scansMs / scans;
  }
}

/** `tablesample …` for a part of a table, nothing for the whole. */
export function tableSample({ percent, seed }: ScanPart): SqlQuery<never> {
  if (percent >= 100) return sql<never>``;
  return sql<never>`tablesample system (${percent}::pg_catalog.float4) repeatable (${seed}::pg_catalog.float8)`;
}

/** What the summary says of the part that was not seen; empty when everything was. */
export function coverage<Subject>({ scanned, left }: ScanResult<Subject>): string {
  const sampled = scanned.filter(({ percent }) => percent < 100);
  const notes = [
    sampled.length > 0 ? `${sampled.length} of them in part (${percents(sampled)})` : '',
    left.length > 0 ? `${left.length} not at all (${reasons(left)})` : '',
  ].filter(note => note !== '');
  if (notes.length === 0) return '';
  return `; ${notes.join(', ')}: holdfast detailed-health --full looks at everything`;
}

function percents(sampled: readonly Scanned<unknown>[]): string {
  const least = sampled.toSorted((a, b) => a.percent - b.percent).slice(0, 3);
  const named = least.map(
    ({ scan, percent }) => `${scan.name} ${percent >= 1 ? Math.round(percent) : percent.toPrecision(1)}%`,
  );
  return sampled.length > least.length ? `${named.join(', ')}, …` : named.join(', ');
}

function reasons(left: ScanResult<unknown>['left']): string {
  const named = left.slice(0, 3).map(({ scan, why }) => `${scan.name}: ${why}`);
  return left.length > named.length ? `${named.join('; ')}; …` : named.join('; ');
}

/** How much was looked at, for trends. */
export function coverageMetrics<Subject>({
  scanned,
  left,
}: ScanResult<Subject>): Readonly<Record<string, number>> {
  const sampled = scanned.filter(({ percent }) => percent < 100).length;
  return { examined_total: scanned.length, sampled_total: sampled, unexamined_total: left.length };
}
