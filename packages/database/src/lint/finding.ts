import type { RuleName } from './rule-names.ts';

/** The lock modes of PostgreSQL (manual, section 13.3.1 "Table-Level Locks"), the weakest first. */
export const LOCK_MODES = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;

export type LockMode = (typeof LOCK_MODES)[number];

/** Whom a lock keeps waiting, as far as an application notices. */
export type Blocked = 'nobody' | 'schema changes' | 'writes' | 'reads and writes';

/** Whom a lock of this mode on a table keeps waiting until the end of its transaction. */
export function blockedBy(mode: LockMode): Blocked {
  if (mode === 'ACCESS EXCLUSIVE') return 'reads and writes';
  const strength = LOCK_MODES.indexOf(mode);
  if (strength >= LOCK_MODES.indexOf('SHARE')) return 'writes';
  return mode === 'SHARE UPDATE EXCLUSIVE' ? 'schema changes' : 'nobody';
}

/** The strongest lock that a statement takes on a table that is in use. */
export interface TableLock {
  /** `schema.table`, as the lint resolved the name. */
  readonly relation: string;
  readonly mode: LockMode;
}

/**
 * What is done while the lock is held: the whole table (or index) written anew, read through, indexed, or nothing that grows with the table.
 */
export type Work = 'rewrite' | 'scan' | 'index build' | 'brief';

/** One thing that is wrong with a statement, or with the file. Lines and columns count from 1. */
export interface LintFinding {
  readonly rule: RuleName;
  /** `refuse`: locks or breaks what runs beside it. `warn`: worth a look. */
  readonly level: 'refuse' | 'warn';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The first words of the statement. */
  readonly statement: string;
  /** What it locks or breaks, and for how long. */
  readonly message: string;
  /** SQL that reaches the same without the harm, ready to paste; empty where there is none. */
  readonly safer: string;
  readonly lock: TableLock | undefined;
  readonly work: Work | undefined;
}
