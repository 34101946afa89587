import { type Clock, HoldfastError, isHoldfastError, systemClock } from '@holdfast/core';
import { type Connection, sqlState, type Transaction, withAdvisoryLock } from '@holdfast/postgres';
import { isHoldfastDatabase } from '../cleanup/table-queries.ts';
import { seedsDirectory } from '../directories.ts';
import { ensureLedger, hasLedger } from '../migrate/ledger-schema.ts';
import { failedStatement, findFailure, scriptFailed } from '../migrate/statement-failure.ts';
import { MIGRATION_LOCK } from '../migrate/with-migration-lock.ts';
import { readSeed } from './list-seeds.ts';
import type { Environment, Seed } from './seed.ts';
import {
  EXPLAIN,
  type InsertCount,
  insertCounting,
  isProductionDatabase,
  recordSeed,
} from './seed-queries.ts';

export interface ApplySeedOptions {
  /** A session of its own, as the role that owns the tables. */
  readonly connection: Connection;
  readonly dir: string;
  readonly name: string;
  /** Where this runs. A database that was once seeded as `production` stays one for the seeds that are not for production. */
  readonly environment: Environment;
  readonly clock?: Clock;
  /** Finds out what would be inserted, and changes nothing. */
  readonly dryRun?: boolean;
  /**
   * Makes the ledger, in which applied seeds are recorded, where there is none. For databases whose migrations are
   * somebody else's; the default is to refuse a database that was never migrated.
   */
  readonly createLedger?: boolean;
  /** How long to wait for another one to finish, in milliseconds. Default one minute. */
  readonly lockWaitMs?: number;
}

export interface SeedRun {
  readonly name: string;
  readonly environment: Environment;
  readonly dryRun: boolean;
  /** In the order the tables are filled. */
  readonly tables: readonly InsertCount[];
  readonly inserted: number;
  readonly unchanged: number;
}

const SEED_LOCK = 'holdfast:seeds';
const LOCK_WAIT_MS = 60_000;

/**
 * Puts a seed's missing rows into the database, in one transaction; rows that are there stay as they are, so a second run
 * changes nothing.
 * @throws `seed_refused` where the seed does not belong, and where the database is not migrated; `seed_failed` from a statement,
 * with nothing changed; `sql_file_invalid`, `usage` for the file; `lock_timeout`
 */
export async function applySeed(options: ApplySeedOptions): Promise<SeedRun> {
  const { connection, dir, name, environment, clock = systemClock, dryRun = false } = options;
  const seed = await readSeed(dir, name);
  refuseEnvironment(seed, environment);
  const timeoutMs = options.lockWaitMs ?? LOCK_WAIT_MS;
  return withAdvisoryLock(connection, SEED_LOCK, { timeoutMs, clock }, async () => {
    if (options.createLedger === true && !dryRun) await makeLedger(connection, timeoutMs, clock);
    await refuseDatabase(options, seed);
    const tables = await insertAll(connection, seed, environment, dryRun);
    const sum = (key: 'inserted' | 'unchanged'): number =>
      tables.reduce((total, table) => total + table[key], 0);
    return { name, environment, dryRun, tables, inserted: sum('inserted'), unchanged: sum('unchanged') };
  });
}

function refuseEnvironment({ name, environments }: Seed, environment: Environment): void {
  if (environments.includes(environment)) return;
  const message = `The seed "${name}" is for ${environments.join(' and ')}, and this is ${environment} (NODE_ENV). Nothing was inserted`;
  throw new HoldfastError('seed_refused', message, { details: { name, environment, environments } });
}

function makeLedger(connection: Connection, timeoutMs: number, clock: Clock): Promise<void> {
  return withAdvisoryLock(connection, MIGRATION_LOCK, { timeoutMs, clock }, () => ensureLedger(connection));
}

async function refuseDatabase(
  { connection, dir, createLedger: mayLackLedger }: ApplySeedOptions,
  { name, environments }: Seed,
): Promise<void> {
  const known = await hasLedger(connection);
  if (!known && mayLackLedger) return;
  if (!known || (dir === seedsDirectory() && !(await isHoldfastDatabase(connection))))
    throw notHoldfast(name);
  if (environments.includes('production') || !(await isProductionDatabase(connection))) return;
  const message =
    `This database has been used with NODE_ENV=production, and the seed "${name}" is for ${environments.join(' and ')}: ` +
    'it would add accounts with known passwords. Nothing was inserted. If this is a copy that is not in production any more, ' +
    "say so with: delete from holdfast_ledger.seeds where environment = 'production'";
  throw new HoldfastError('seed_refused', message, { details: { name, environments } });
}

function notHoldfast(name: string): HoldfastError {
  const message =
    `The seed "${name}" fills the tables of Holdfast, and this database has none of them. Nothing was inserted. If it is to be one of ` +
    'Holdfast, it is not migrated yet: holdfast migrate. For tables of your own, on any PostgreSQL, write a seed of your own: holdfast seed --help';
  return new HoldfastError('seed_refused', message, { details: { name } });
}

async function insertAll(
  connection: Connection,
  seed: Seed,
  environment: Environment,
  dryRun: boolean,
): Promise<InsertCount[]> {
  try {
    return await connection.transaction(async tx => {
      const counts = await runStatements(tx, seed);
      if (dryRun) throw new DryRun(counts);
      const inserted = counts.reduce((total, count) => total + count.inserted, 0);
      await recordSeed(tx, seed, environment, inserted);
      return counts;
    });
  } catch (error) {
    if (error instanceof DryRun) return error.counts;
    const failure = findFailure(error);
    if (failure === undefined || isHoldfastError(failure.cause)) throw failure?.cause ?? error;
    throw scriptFailed('seed_failed', failure, outcome(error));
  }
}

/** Rolls the transaction back when everything has been tried. */
class DryRun extends Error {
  readonly counts: InsertCount[];

  constructor(counts: InsertCount[]) {
    super('a dry run');
    this.counts = counts;
  }
}

async function runStatements(tx: Transaction, { file, statements }: Seed): Promise<InsertCount[]> {
  const byTable = new Map<string, InsertCount>();
  for (const statement of statements) {
    try {
      const count = await insertCounting(tx, statement.text);
      const { inserted, unchanged } = byTable.get(count.table) ?? { inserted: 0, unchanged: 0 };
      byTable.set(count.table, {
        table: count.table,
        inserted: inserted + count.inserted,
        unchanged: unchanged + count.unchanged,
      });
    } catch (cause) {
      throw failedStatement({ file, statement, cause, offset: EXPLAIN.length });
    }
  }
  return [...byTable.values()];
}

function outcome(error: unknown): string {
  const missing = ['42P01', '42703'].includes(sqlState(error) ?? '');
  return missing ? 'Nothing was inserted. Migrate the database, then seed it.' : 'Nothing was inserted.';
}
