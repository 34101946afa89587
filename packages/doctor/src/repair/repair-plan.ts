import type { Environment } from '@holdfast/database/seed';
import type { RepairRisk } from '../engine/index.ts';

/** As whom a step is done: `app` is the role of the API, which alone may end sessions of its own where no superuser is known. */
export type StepRole = 'owner' | 'administrator' | 'app';

/** Statements of one transaction: all of them take effect, or none. */
interface TransactionStep {
  readonly kind: 'transaction';
  readonly as: StepRole;
  readonly statements: readonly string[];
  /** Takes it back, in one transaction as well; null when nothing has to be. */
  readonly undo: readonly string[] | null;
}

/** Statements that PostgreSQL refuses inside a transaction. What they leave behind when they are cut off, `undo` removes. */
interface AloneStep {
  readonly kind: 'alone';
  readonly as: 'owner' | 'administrator';
  readonly statements: readonly string[];
  /** May be run again, and at any moment. */
  readonly undo: readonly string[];
}

/** Rows out of a backup, in one transaction that compares before it commits; undone by what the ledger keeps of it. */
interface RowsStep {
  readonly kind: 'rows';
  /** The id of the backup. */
  readonly backup: string;
  readonly tables: readonly string[];
  readonly mode: 'missing' | 'overwrite';
  /** What stands behind WHERE: only these rows. */
  readonly rows?: string;
  /** Tables that lost rows with these and do not get them back. */
  readonly leaves?: readonly string[];
  /** Tables whose rows come and go: nothing is the lesser for lacking them. */
  readonly passing?: readonly string[];
  /** Leaves out rows that refer to rows that are gone; without it those come along. */
  readonly withoutParents?: true;
}

/** A column that is gone, made again and filled out of a backup in one transaction. */
interface ColumnStep {
  readonly kind: 'column';
  readonly backup: string;
  readonly table: readonly [schema: string, name: string];
  readonly column: string;
  /** By which a row of the backup is found among the live ones. */
  readonly key: readonly string[];
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly undo: readonly string[];
}

/** Rows of the ledger of migrations out of a backup; no other way of a restore touches it. */
interface LedgerStep {
  readonly kind: 'ledger';
  readonly backup: string;
  readonly versions: readonly string[];
  /** As SQL writes them. */
  readonly columns: readonly string[];
}

/** Lets a suspended process go on, if it is still the one that was seen. */
interface ContinueStep {
  readonly kind: 'continue';
  readonly pid: number;
  /** Milliseconds since the epoch: another process may have got the number since. */
  readonly startedAt: number | null;
}

/** Starts a part of our own that does not run, or does not answer. */
interface StartStep {
  readonly kind: 'start';
  readonly part: 'server' | 'database';
  /** The process to be ended first; null when none runs. */
  readonly replaces: number | null;
}

interface FileModeStep {
  readonly kind: 'file mode';
  readonly path: string;
  readonly mode: number;
  readonly before: number;
}

/** The rows of a seed that are missing. */
interface SeedStep {
  readonly kind: 'seed';
  readonly name: string;
  readonly environment: Environment;
}

/** Gives a role the password that the URL of the API has; the journal holds no password. */
interface PasswordStep {
  readonly kind: 'password';
  readonly role: string;
}

/** Tells the database that it was put back, and ends the sessions again that were ended since. */
interface EpochStep {
  readonly kind: 'epoch';
  /** ISO 8601: no row from before the loss is newer. */
  readonly restoredTo: string;
}

interface MigrateStep {
  readonly kind: 'migrate';
}

/** What one step does, as plain data: it is written into the journal before it is done. */
export type StepAction =
  | TransactionStep
  | AloneStep
  | RowsStep
  | ColumnStep
  | LedgerStep
  | ContinueStep
  | StartStep
  | FileModeStep
  | SeedStep
  | PasswordStep
  | EpochStep
  | MigrateStep;

export interface PlannedStep {
  /** In the imperative, for a person. */
  readonly what: string;
  /** The statement or command, as somebody would type it. */
  readonly command: string;
  readonly action: StepAction;
}

/** What has to be kept before: nothing for what loses nothing whatever happens. */
export type RepairEffect = 'none' | 'schema' | 'data';

/** The repair of one root cause. */
export interface RepairPlan {
  readonly risk: RepairRisk;
  readonly effect: RepairEffect;
  readonly steps: readonly PlannedStep[];
  /** As `schema.table`: what it may change rows of. */
  readonly touches: readonly string[];
  /** How it is taken back, for a person. */
  readonly undo: string;
}

/** Why there are no hands for this one, or none here. */
export interface NoPlan {
  readonly cannot: string;
}
