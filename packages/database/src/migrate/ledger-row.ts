import { createHash } from 'node:crypto';
import type { Statement } from '../sql-script/split-statements.ts';

/** Where an attempt failed. */
export interface LedgerFailure {
  readonly sqlState: string | null;
  /** From 1; null when the transaction failed at its commit. */
  readonly statement: number | null;
  readonly line: number | null;
  /** ISO 8601. */
  readonly at: string;
  /** Somebody stopped the run; nothing is wrong with the statement. */
  readonly interrupted?: boolean;
}

/** One row of holdfast_ledger.migrations. */
export interface LedgerRow {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly chain: string | null;
  readonly state: 'started' | 'applied' | 'failed' | 'reverting';
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly durationMs: number | null;
  readonly appliedBy: string;
  readonly toolVersion: string;
  readonly nextStatement: number | null;
  readonly statementCount: number | null;
  readonly inDoubt: boolean;
  readonly doneHash: string | null;
  readonly failure: LedgerFailure | null;
}

/** Whether a row tells of an attempt that left nothing behind. */
export function leftNothing(row: LedgerRow): boolean {
  return row.state === 'failed' || (row.state === 'started' && row.nextStatement === 0 && !row.inDoubt);
}

/** What the ledger keeps of the statements that are done, so that the others may still be corrected in the file. */
export function doneHash(statements: readonly Statement[], next: number): string {
  const hash = createHash('sha256');
  for (const { text } of statements.slice(0, next)) hash.update(text).update('\0');
  return hash.digest('hex');
}
