import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import {
  restoreTables,
  type TableRestore,
  type TableRestoreOptions,
} from '@holdfast/database/restore/tables';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';

/** A live database and a clone of it as it was at one moment, which stands for a backup brought to life. */
export interface Pair {
  readonly live: Connection;
  readonly backup: Connection;
  readonly liveUrl: string;
  readonly backupUrl: string;
  /** Another session on the live database, closed after the test. */
  open(): Promise<Connection>;
  restore(options: Partial<TableRestoreOptions> & { tables: readonly string[] }): Promise<TableRestore>;
  plan(options: Partial<TableRestoreOptions> & { tables: readonly string[] }): Promise<TableRestore>;
}

/** On the test cluster: the schema is made, the clone taken, and the live one is free to be damaged. */
export async function clonedPair(t: TestContext, script: string): Promise<Pair> {
  const database = await emptyDatabase(t);
  const pair = await pairOn(t, database.superuserUrl, script);
  const backup = new URL(pair.backupUrl).pathname.slice(1);
  t.after(() =>
    asAdmin(database.superuserUrl, admin => admin.script(`drop database ${backup} with (force)`)),
  );
  return pair;
}

/** On any throwaway server: makes its own live database beside the one of the URL, and drops nothing. */
export async function clonedPairOn(t: TestContext, superuserUrl: string, script: string): Promise<Pair> {
  const name = `test_live_${randomBytes(4).toString('hex')}`;
  await asAdmin(superuserUrl, admin => admin.script(`create database ${name}`));
  return pairOn(t, withDatabase(superuserUrl, name), script);
}

async function pairOn(t: TestContext, liveUrl: string, script: string): Promise<Pair> {
  const setup = await connect({ url: liveUrl });
  await setup.script(script);
  await setup.close();
  const live = new URL(liveUrl).pathname.slice(1);
  const backup = `test_backup_${randomBytes(4).toString('hex')}`;
  await asAdmin(liveUrl, admin => admin.script(`create database ${backup} template ${live}`));
  return join(t, liveUrl, withDatabase(liveUrl, backup));
}

/** A pair out of two databases that exist. */
export async function join(t: TestContext, liveUrl: string, backupUrl: string): Promise<Pair> {
  const open = async (url: string): Promise<Connection> => {
    const connection = await connect({ url });
    t.after(() => connection.close());
    return connection;
  };
  const pair = { live: await open(liveUrl), backup: await open(backupUrl) };
  const run: Pair['restore'] = options =>
    restoreTables({
      source: pair.backup,
      target: pair.live,
      mode: 'missing',
      withParents: false,
      skipConflicts: false,
      disableTriggers: false,
      acceptTriggerChanges: false,
      keepUndo: true,
      label: 'a clone',
      samples: { count: 3, mask: false },
      action: { kind: 'apply' },
      ...options,
    });
  return {
    ...pair,
    liveUrl,
    backupUrl,
    open: () => open(liveUrl),
    restore: run,
    plan: options => run({ ...options, action: { kind: 'plan' } }),
  };
}

async function asAdmin(url: string, work: (admin: Connection) => Promise<unknown>): Promise<void> {
  const admin = await connect({ url: withDatabase(url, 'postgres') });
  try {
    await work(admin);
  } finally {
    await admin.close();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** All rows of a table as PostgreSQL writes them, in an order of their own. */
export async function rowsOf(db: Connection, table: string): Promise<string[]> {
  const rows = await db.many(
    sql<{
      line: string;
    }>`select x::text as line from ${sql.id(...nameParts(table))} x order by x::text collate "C"`,
  );
  return rows.map(({ line }) => line);
}

function nameParts(table: string): [string, ...string[]] {
  const [first = '', ...rest] = table.split('.');
  return [first, ...rest];
}

/** The numbers of one table of a result. */
export function numbersOf(result: TableRestore, name: string): Record<string, number> {
  const table = result.tables.find(item => item.name === name);
  assert.ok(table, `no table ${name}`);
  const { inserts, updates, deletes, unchanged, differing } = table;
  return { inserts, updates, deletes, unchanged, differing };
}

/** The conflicts of a result as `table: kind subject rows`. */
export function conflictsOf(result: TableRestore): string[] {
  return result.tables.flatMap(({ name, conflicts }) =>
    conflicts.map(({ kind, subject, rows }) => `${name}: ${kind} ${subject} ${rows}`),
  );
}
