import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, type HoldfastError, isHoldfastError } from '@holdfast/core';
import {
  type MigrateDownOptions,
  type MigrateUpOptions,
  type MigrationRun,
  type MigrationStatus,
  migrateDown,
  migrateUp,
  migrationStatus,
  type RollbackRun,
  readMigrations,
} from '@holdfast/database/migrate';
import { type Connection, connect, type SqlQuery, sql } from '@holdfast/postgres';
import { emptyDatabase, type TestDatabase } from '@holdfast/testing';

/** An empty database, a directory of migrations, and a session of the owner. */
export interface Project {
  readonly db: TestDatabase;
  readonly dir: string;
  readonly owner: Connection;
  /** Another session of the owner, closed after the test. */
  open(): Promise<Connection>;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  remove(file: string): Promise<void>;
  up(options?: Partial<MigrateUpOptions>): Promise<MigrationRun>;
  down(to: string, options?: Partial<MigrateDownOptions>): Promise<RollbackRun>;
  status(): Promise<MigrationStatus>;
  /** The states of all versions: `{ '0001': 'applied' }`. */
  states(): Promise<Record<string, string>>;
}

export async function createProject(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<Project> {
  const db = await emptyDatabase(t);
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-migrations-'));
  t.after(() => rm(dir, { recursive: true }));
  const open = (): Promise<Connection> => openConnection(t, db.ownerUrl);
  const owner = await open();
  const migrations = () => readMigrations(dir);
  const write: Project['write'] = async contents => {
    for (const [name, content] of Object.entries(contents)) await writeFile(join(dir, name), content);
  };
  await write(files);
  const common = { connection: owner, appVersion: '1.2.3' };
  const status = async (): Promise<MigrationStatus> => migrationStatus(owner, await migrations());
  return {
    db,
    dir,
    owner,
    open,
    write,
    remove: file => rm(join(dir, file)),
    up: async options => migrateUp({ ...common, migrations: await migrations(), ...options }),
    down: async (to, options) => migrateDown({ ...common, migrations: await migrations(), to, ...options }),
    status,
    states: async () => {
      const { entries } = await status();
      return Object.fromEntries(entries.map(({ version, state }) => [version, state]));
    },
  };
}

export async function openConnection(t: TestContext, url: string): Promise<Connection> {
  const connection = await connect({ url });
  t.after(() => connection.close());
  return connection;
}

/** A migration of two sections. */
export function migration(up: string, down = ''): string {
  return `-- migrate:up\n${up}\n-- migrate:down\n${down}\n`;
}

/** A migration whose sections are marked transaction:false. */
export function stepwise(up: string, down = ''): string {
  return `-- migrate:up transaction:false\n${up}\n-- migrate:down transaction:false\n${down}\n`;
}

/** The error of a promise that must reject with one of the given code. */
export async function failure(promise: Promise<unknown>, code: ErrorCode): Promise<HoldfastError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (isHoldfastError(outcome, code)) return outcome;
  assert.fail(`expected ${code}, got: ${outcome instanceof Error ? outcome.stack : outcome}`);
}

/** The first column of every row. */
export async function column(db: Connection, query: SqlQuery<Record<string, unknown>>): Promise<unknown[]> {
  return (await db.many(query)).map(row => Object.values(row)[0]);
}

/** The tables in public, by name. */
export function tables(db: Connection): Promise<unknown[]> {
  return column(
    db,
    sql`select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
  );
}

/** Asks until the answer is not undefined; fails after ten seconds. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) assert.fail(`still not after 10 s: ${what}`);
    await delay(20);
  }
}

/** Waits until a session other than this one waits for a lock in a statement that contains the text. */
export function waitsForLock(db: Connection, text: string): Promise<number> {
  return eventually(`a session waits for a lock in: ${text}`, async () => {
    const row = await db.maybeOne(sql<{ pid: number }>`
      select pid from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'
        and query like ${`%${text}%`}
    `);
    return row?.pid;
  });
}
