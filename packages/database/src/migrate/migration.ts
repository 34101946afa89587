import type { Statement } from '../sql-script/split-statements.ts';

/**
 * The statements of one direction of a migration.
 * - `transactional`: all of them share one transaction with the ledger row.
 * - `stepwise` (`transaction:false`): one after the other, with the progress in the ledger.
 */
export interface MigrationScript {
  readonly mode: 'transactional' | 'stepwise';
  /** The name of the file they stand in. */
  readonly file: string;
  readonly statements: readonly Statement[];
}

/** One migration, read and checked. */
export interface Migration {
  /** The digits of the file name as written; compared as a number, so `1` and `0001` are the same version. */
  readonly version: string;
  /** What stands between the version and the extension. */
  readonly name: string;
  /** The name of its file; of the up file when there are two. */
  readonly file: string;
  /** SHA-256, in hex, of the file in its normal form; of both files' sums when there are two. */
  readonly checksum: string;
  readonly up: MigrationScript;
  readonly down: MigrationScript | undefined;
}

/** Negative, zero or positive as one version comes before, is, or comes after the other. */
export function compareVersions(one: string, other: string): number {
  const difference = BigInt(one) - BigInt(other);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
