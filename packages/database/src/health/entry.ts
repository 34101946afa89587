import type { Clock } from '@holdfast/core';
import type { Catalog, Queryable } from '@holdfast/postgres';
import type { BackupFacts, EncryptionKeys, PoolFacts, StoredSample } from './sources.ts';

/** What an entry is about; the text groups by it. */
export type HealthArea =
  | 'connectivity'
  | 'pool'
  | 'vacuum'
  | 'indexes'
  | 'constraints'
  | 'sequences'
  | 'drift'
  | 'storage'
  | 'backup'
  | 'auth';

/** Limits by name, the unit in the name: `warnMs`, `criticalPercent`. */
export type Thresholds = Readonly<Record<string, number>>;

/** One thing that was seen, for a table of evidence: plain values, names qualified as SQL would write them. */
export type Evidence = Readonly<Record<string, string | number | boolean | null>>;

/** What one entry of the catalogue found. */
export type HealthReading =
  | {
      readonly level: 'ok' | 'warn' | 'critical';
      /** One line with the number that decided, such as `3 of 100 connections`. */
      readonly summary: string;
      /** The worst first, at most twenty; `more` in the report counts the rest. Empty when all is well. */
      readonly evidence?: readonly Evidence[];
      readonly more?: number;
      /**
       * What helps here, line by line: each is a statement or a command that can be pasted as it is, or prose, which begins
       * with `-- `. Only with `warn` and `critical`.
       */
      readonly remedy?: string;
      /** Numbers for trends and Prometheus, by snake_case name with the unit last: `oldest_transaction_seconds`. */
      readonly metrics?: Readonly<Record<string, number>>;
    }
  /** `outOfTime`: with more time it would have been read. */
  | { readonly level: 'skipped'; readonly why: string; readonly outOfTime?: true };

/** What is known about the server before any entry runs. */
export interface ServerFacts {
  /** `server_version_num`, such as 180004. */
  readonly version: number;
  readonly database: string;
  readonly user: string;
  readonly superuser: boolean;
  /** Member of pg_read_all_stats, or superuser: sees the queries of others. */
  readonly readsStatistics: boolean;
  readonly inRecovery: boolean;
  /** Installed extensions with their schema, such as `pg_stat_statements` → `public`. */
  readonly extensions: ReadonlyMap<string, string>;
  /** The schemas that are looked at: all that are not PostgreSQL's own, unless named. */
  readonly schemas: readonly string[];
}

/** What an entry may use. Everything beyond the database is optional: an entry without its source is `skipped`. */
export interface HealthContext {
  /** Read-only, with a statement timeout and a lock timeout; one statement at a time. */
  readonly db: Queryable;
  readonly clock: Clock;
  readonly server: ServerFacts;
  readonly databaseUrl: string;
  /** Milliseconds a single entry may take; slow entries must bound or sample their work by it. */
  readonly budgetMs: number;
  /** The live catalog of `server.schemas`; read once, when first asked for. */
  catalog(): Promise<Catalog>;
  /** The connection pool of the API server, as it says itself. */
  readonly pool?: PoolFacts;
  /** What the keeper has stored, oldest first. */
  readonly samples?: readonly StoredSample[];
  /** The backups that are listed, newest first. */
  readonly backups?: readonly BackupFacts[];
  /** The catalog as it should be, and where that is known from, such as `the migrations up to 0005`. */
  readonly expected?: { readonly catalog: Catalog; readonly source: string };
  /** A directory of migrations, for the comparison with the ledger. */
  readonly migrationsDirectory?: string;
  /** Holdfast's own migrations: compared with the ledger when no others are given, where they made the database. */
  readonly ownMigrationsDirectory?: string;
  /** The data directory, when somebody knows it; else the server is asked. */
  readonly dataDirectory?: string;
  /** For entry 69. */
  readonly encryptionKeys?: EncryptionKeys;
}

/** One entry of the catalogue. */
export interface HealthEntry<T extends Thresholds = Thresholds> {
  /** 1 to 69. */
  readonly number: number;
  /** Kebab-case and stable: it selects the entry, and names its thresholds and metrics. */
  readonly id: string;
  readonly area: HealthArea;
  readonly title: string;
  /** What it means for the operator when this is not ok, in one or two sentences. */
  readonly meaning: string;
  /** Whether `health` runs it, too, and not only `detailed-health`. */
  readonly quick: boolean;
  /** Looks at more the more time it gets. Run after all others, such entries share what those leave. */
  readonly elastic?: boolean;
  /** The defaults; any of them can be configured. */
  readonly thresholds: T;
  /** Errors are caught outside: one failing entry never hides the others. */
  check(context: HealthContext, thresholds: T): Promise<HealthReading>;
}

/** Declares an entry; its `check` sees its own thresholds typed. */
export function defineEntry<const T extends Thresholds>(entry: HealthEntry<T>): HealthEntry {
  return { ...entry, check: (context, thresholds) => entry.check(context, thresholds as T) };
}
