import type { RunTransaction, Transaction } from '../queryable.ts';
import type { BulkOutcome, BulkProblem, BulkRow, BulkTable } from './bulk-table.ts';
import { type BulkExperience, writeRows } from './write-rows.ts';

export interface BulkInsertOptions extends BulkTable {
  readonly rows: Iterable<BulkRow> | AsyncIterable<BulkRow>;
  /**
   * Rows of one batch. Without it the first batches have 100, 1,000 and 10,000 rows, so that trouble shows early, and all
   * later ones 50,000, beyond which nothing gets faster.
   */
  readonly batchSize?: number;
  /**
   * `batch`: each batch is a transaction of its own, and a bad row costs itself alone. `atomic`: all rows or none; every
   * problem is found all the same. Default `batch`.
   */
  readonly mode?: 'batch' | 'atomic';
  /** Finds out what would become of every row, in one transaction that is rolled back. */
  readonly dryRun?: boolean;
  /** The limit for one statement, in milliseconds. Default one minute. */
  readonly statementTimeoutMs?: number;
  /** Runs in the transaction of each batch, after its rows: for an audit entry, or the rows of other tables. */
  readonly afterBatch?: (tx: Transaction, batch: BulkOutcome) => Promise<void>;
  /** Told after each batch how many rows have been dealt with. */
  readonly onProgress?: (rows: number) => void;
}

export interface BulkResult {
  readonly rows: number;
  /** Rows inserted, or updated where the conflict says so; in a dry run those that would be. 0 when `atomic` found a problem. */
  readonly written: number;
  /** Lines, ascending. */
  readonly conflicts: readonly number[];
  /** By line. */
  readonly problems: readonly BulkProblem[];
}

const GROWTH = [100, 1_000, 10_000, 50_000];
const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * Writes any number of rows in batches, in memory for one batch. A row that the table refuses is reported with its line and
 * hinders no other.
 * @throws HoldfastError an availability code; batches that were committed before stay.
 */
export async function bulkInsert(
  db: { readonly transaction: RunTransaction },
  options: BulkInsertOptions,
): Promise<BulkResult> {
  const totals = { rows: 0, written: 0, conflicts: [] as number[], problems: [] as BulkProblem[] };
  const experience: BulkExperience = { expectsConflicts: false, shape: undefined };
  const write = async (tx: Transaction, batch: readonly BulkRow[]): Promise<BulkOutcome> => {
    const outcome = await writeRows(tx, options, batch, experience);
    await options.afterBatch?.(tx, outcome);
    return outcome;
  };
  const count = (batch: readonly BulkRow[], { written, conflicts, problems }: BulkOutcome): void => {
    totals.rows += batch.length;
    totals.written += written.length;
    for (const line of conflicts) totals.conflicts.push(line);
    for (const problem of problems) totals.problems.push(problem);
    options.onProgress?.(totals.rows);
  };
  const limits = { statementTimeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS };
  if (options.mode === 'atomic' || options.dryRun === true) {
    const all = async (tx: Transaction): Promise<void> => {
      await eachAhead(batchesOf(options), async batch => count(batch, await write(tx, batch)));
      const failed = options.mode === 'atomic' && totals.problems.length > 0;
      if (failed) totals.written = 0;
      if (failed || options.dryRun === true) throw new RolledBack();
    };
    // rows that were read are gone: there is no second attempt
    await db.transaction(all, { ...limits, retries: 0 }).catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  } else {
    await eachAhead(batchesOf(options), async batch => {
      count(batch, await db.transaction(tx => write(tx, batch), limits));
    });
  }
  return { ...totals, conflicts: totals.conflicts.sort((a, b) => a - b), problems: sorted(totals.problems) };
}

/** Rolls back a dry run, and an atomic write that has found problems. */
class RolledBack extends Error {}

/** Works on one item while the next one is being made. */
async function eachAhead<T>(items: AsyncGenerator<T>, work: (item: T) => Promise<void>): Promise<void> {
  try {
    for (let next = await items.next(); next.done !== true; ) {
      const following = items.next();
      // heard of below, when the work at hand is done
      following.catch(() => undefined);
      await work(next.value);
      next = await following;
    }
  } finally {
    await items.return(undefined);
  }
}

async function* batchesOf({ rows, batchSize }: BulkInsertOptions): AsyncGenerator<BulkRow[]> {
  const sizes = batchSize === undefined ? [...GROWTH] : [batchSize];
  let batch: BulkRow[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < (sizes[0] ?? 1)) continue;
    yield batch;
    batch = [];
    if (sizes.length > 1) sizes.shift();
  }
  if (batch.length > 0) yield batch;
}

function sorted(problems: readonly BulkProblem[]): BulkProblem[] {
  return problems.toSorted((a, b) => a.line - b.line);
}
