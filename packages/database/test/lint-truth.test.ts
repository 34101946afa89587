import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import {
  blockedBy,
  type LintFinding,
  LOCK_MODES,
  type LockMode,
  lintMigrations,
} from '@holdfast/database/lint';
import { type Migration, migrateUp, readMigrations } from '@holdfast/database/migrate';
import { type MigrationPlan, planMigrations } from '@holdfast/database/plan';
import { type Connection, connect, readCatalog, sql, sqlState } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { eventually } from './fixtures.ts';
import { caseSchema, type LintCase, readCases } from './lint-cases.ts';
import { installedVersions, startSystemPostgres } from './system-postgres.ts';

/*
 * The second line of each case, and how PostgreSQL is asked about it:
 * - `TABLE MODE [rewrite|scan|build]; …`: the dry run; these are the locks that keep writers or schema changes out, and this work
 *   is done under them. For a harmless case they are all there are.
 * - `none`: the dry run; nothing that was there before is locked against writers, read, rewritten or indexed.
 * - `outside TABLE MODE`: it is run while another session has read the table, and what it holds or waits for is looked at.
 * - `fails [SQLSTATE]`, `breaks QUERY`, `rows TABLE N`, `setting NAME VALUE`, `invalid INDEX`: it is run.
 */

const appVersion = '1.2.3';
const schema = await caseSchema();
const dangerous = await readCases('dangerous');
const harmless = await readCases('harmless');
// the one that comes along, and those of the system
const SERVERS = ['18', ...(await installedVersions()).filter(version => Number(version) < 18)];

interface Fixture {
  readonly connection: Connection;
  readonly dir: string;
  readonly schemaMigration: Migration;
  /** A database of its own with the schema in it, for a case that cannot be taken back. */
  fresh(t: TestContext): Promise<string>;
}

for (const server of SERVERS) {
  describe(`what PostgreSQL ${server} does with the cases of the lint`, () => {
    let fixture: Fixture;
    let close: () => Promise<void>;

    before(async () => {
      ({ fixture, close } = await createFixture(server));
    });
    after(() => close());

    for (const lintCase of dangerous) {
      it(`${lintCase.source.file}: ${lintCase.truth}`, t => examine(t, fixture, lintCase, false));
    }
    for (const lintCase of harmless) {
      it(`${lintCase.source.file}: ${lintCase.truth}`, t => examine(t, fixture, lintCase, true));
    }

    it('leaves the database of the dry runs as it was', async () => {
      const catalog = await readCatalog(fixture.connection, { schemas: ['public', 'archive'] });
      assert.equal(
        catalog.tables.some(({ name }) => name === 'invoices'),
        false,
      );
      const { count } = await fixture.connection.one(
        sql<{ count: number }>`select count(*) as count from orders`,
      );
      assert.equal(count, 300);
    });
  });
}

async function createFixture(server: string): Promise<{ fixture: Fixture; close: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-cases-'));
  await writeFile(join(dir, schema.file), schema.text);
  const [schemaMigration] = await readMigrations(dir);
  assert.ok(schemaMigration);
  const databases = await databaseSource(server);
  const connection = await connect({ url: await databases.create() });
  await migrateUp({ connection, migrations: [schemaMigration], appVersion });
  const fresh = async (): Promise<string> => {
    const url = await databases.create();
    const own = await connect({ url });
    await migrateUp({ connection: own, migrations: [schemaMigration], appVersion });
    await own.close();
    return url;
  };
  const close = async (): Promise<void> => {
    await connection.close();
    await databases.close();
    await rm(dir, { recursive: true });
  };
  return { fixture: { connection, dir, schemaMigration, fresh }, close };
}

async function databaseSource(
  server: string,
): Promise<{ create: () => Promise<string>; close: () => Promise<void> }> {
  if (server === '18') {
    return { create: async () => (await emptyDatabase()).ownerUrl, close: async () => undefined };
  }
  const postgres = await startSystemPostgres(server);
  let number = 0;
  const create = async (): Promise<string> => {
    const admin = await connect({ url: postgres.superuserUrl });
    const name = `cases_${++number}`;
    await admin.query(sql`create database ${sql.id(name)}`);
    await admin.close();
    return Object.assign(new URL(postgres.superuserUrl), { pathname: `/${name}` }).href;
  };
  return { create, close: postgres.stop };
}

async function examine(
  t: TestContext,
  fixture: Fixture,
  lintCase: LintCase,
  complete: boolean,
): Promise<void> {
  const { truth } = lintCase;
  const [word = '', ...rest] = truth.split(' ');
  const url = ['outside', 'invalid'].includes(word) ? await fixture.fresh(t) : undefined;
  switch (word) {
    case 'outside':
      return assertOutside(t, url ?? '', lintCase, rest[0] ?? '', rest.slice(1).join(' '));
    case 'invalid':
      return assertInvalid(t, url ?? '', lintCase, rest[0] ?? '');
    case 'fails':
      return assertFails(fixture, lintCase, rest[0]);
    case 'breaks':
      return assertBreaks(fixture, lintCase, rest.join(' '));
    case 'rows':
      return assertRows(fixture, lintCase, rest[0] ?? '', Number(rest[1]));
    case 'setting':
      return assertSetting(fixture, lintCase, rest[0] ?? '', rest[1] ?? '');
    default:
      return assertEffects(fixture, lintCase, complete);
  }
}

/** The statements of a case, without what lint and the runner read. */
function statements({ source }: LintCase): string {
  return source.text.replaceAll(/^--.*$/gm, '').trim();
}

async function plan(fixture: Fixture, { source }: LintCase): Promise<MigrationPlan> {
  const path = join(fixture.dir, source.file);
  await writeFile(path, source.text);
  try {
    const migrations = await readMigrations(fixture.dir);
    const { findings } = await lintMigrations([schema, source], new Set([source.file]));
    return await planMigrations({ connection: fixture.connection, migrations, findings });
  } finally {
    await rm(path);
  }
}

async function assertEffects(fixture: Fixture, lintCase: LintCase, complete: boolean): Promise<void> {
  const { migrations } = await plan(fixture, lintCase);
  const done = migrations.flatMap(migration => migration.statements);
  assert.deepEqual(
    done.filter(({ outcome }) => outcome.kind !== 'run').map(({ outcome }) => outcome),
    [],
  );
  const locks = strongest(done.flatMap(statement => statement.locks));
  const work = {
    rewrite: done.flatMap(({ rewritten }) => rewritten),
    scan: done.flatMap(({ scanned }) => scanned),
    build: done.flatMap(({ built }) => built.map(({ table }) => table)),
  };
  const expected = lintCase.truth === 'none' ? [] : lintCase.truth.split('; ').map(parseEffect);
  for (const { relation, mode, work: kind } of expected) {
    assert.equal(locks.get(relation), mode, `${relation}: ${JSON.stringify([...locks])}`);
    if (kind !== undefined)
      assert.ok(work[kind].includes(relation), `${kind} of ${relation}: ${JSON.stringify(work)}`);
  }
  if (complete) assertNothingElse(locks, expected, work, lintCase);
  for (const { findings, ...statement } of done) assertFindings(findings, { ...statement, locks, work });
}

interface Effect {
  readonly relation: string;
  readonly mode: LockMode;
  readonly work: 'rewrite' | 'scan' | 'build' | undefined;
}

function parseEffect(text: string): Effect {
  const [, name, mode, work] = /^(\S+) ([A-Z ]+?)(?: (rewrite|scan|build))?$/.exec(text) ?? [];
  const known = LOCK_MODES.find(candidate => candidate === mode);
  assert.ok(name !== undefined && known !== undefined, text);
  return { relation: `public.${name}`, mode: known, work: work as Effect['work'] };
}

function strongest(locks: readonly { relation: string; mode: LockMode }[]): Map<string, LockMode> {
  const found = new Map<string, LockMode>();
  for (const { relation, mode } of locks) {
    const before = found.get(relation);
    if (before === undefined || LOCK_MODES.indexOf(mode) > LOCK_MODES.indexOf(before))
      found.set(relation, mode);
  }
  return found;
}

/** A harmless case locks nothing else against writers, and does no work that grows with a table while it does. */
function assertNothingElse(
  locks: ReadonlyMap<string, LockMode>,
  expected: readonly Effect[],
  work: Readonly<Record<'rewrite' | 'scan' | 'build', readonly string[]>>,
  { source }: LintCase,
): void {
  const keepsWritersOut = [...locks]
    .filter(([, mode]) => /writes/.test(blockedBy(mode)))
    .map(([relation]) => relation);
  const named = expected.map(({ relation }) => relation);
  assert.deepEqual(
    keepsWritersOut.filter(relation => !named.includes(relation)),
    [],
  );
  if (/refresh materialized view concurrently/.test(source.text)) return;
  assert.deepEqual(work.rewrite, []);
  assert.deepEqual(work.build, []);
  assert.deepEqual(
    work.scan.filter(relation => keepsWritersOut.includes(relation)),
    [],
  );
}

/** What a finding claims is what was observed. */
function assertFindings(
  findings: readonly LintFinding[],
  seen: {
    readonly locks: ReadonlyMap<string, LockMode>;
    readonly work: Readonly<Record<'rewrite' | 'scan' | 'build', readonly string[]>>;
  },
): void {
  for (const { rule, lock, work } of findings) {
    if (lock === undefined) continue;
    assert.equal(seen.locks.get(lock.relation), lock.mode, `${rule} claims ${lock.mode} on ${lock.relation}`);
    const observed = { rewrite: seen.work.rewrite, scan: seen.work.scan, 'index build': seen.work.build };
    if (work === undefined || work === 'brief') continue;
    assert.ok(observed[work].includes(lock.relation), `${rule} claims a ${work} of ${lock.relation}`);
  }
}

async function rolledBack(connection: Connection, work: () => Promise<void>): Promise<void> {
  await connection.script('begin');
  try {
    await work();
  } finally {
    await connection.script('rollback');
  }
}

async function assertFails(
  { connection, dir }: Fixture,
  lintCase: LintCase,
  state: string | undefined,
): Promise<void> {
  if (state !== undefined) {
    await rolledBack(connection, async () => {
      await assert.rejects(
        async () => {
          for (const statement of statements(lintCase).split(/;\n/)) await connection.script(statement);
        },
        error => sqlState(error) === state,
      );
    });
    return;
  }
  const path = join(dir, lintCase.source.file);
  await writeFile(path, lintCase.source.text);
  await assert.rejects(readMigrations(dir), error => isHoldfastError(error, 'sql_file_invalid'));
  await rm(path);
}

async function assertBreaks({ connection }: Fixture, lintCase: LintCase, query: string): Promise<void> {
  await connection.script(query);
  await rolledBack(connection, async () => {
    await connection.script(statements(lintCase));
    await assert.rejects(connection.script(query), error =>
      ['42P01', '42703'].includes(sqlState(error) ?? ''),
    );
  });
}

async function assertRows(
  { connection }: Fixture,
  lintCase: LintCase,
  table: string,
  rows: number,
): Promise<void> {
  // counts go on from one transaction to the next until they are sent to the statistics
  const changed = (): Promise<{ count: number }> =>
    connection.one(sql<{ count: number }>`
      select pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid) as count
      from pg_class where oid = ${table}::regclass
    `);
  await rolledBack(connection, async () => {
    const before = await changed();
    await connection.script(statements(lintCase));
    assert.equal((await changed()).count - before.count, rows);
  });
}

async function assertSetting(
  { connection }: Fixture,
  lintCase: LintCase,
  name: string,
  value: string,
): Promise<void> {
  await rolledBack(connection, async () => {
    await connection.script(statements(lintCase));
    const row = await connection.one(sql<{ value: string }>`select current_setting(${name}) as value`);
    assert.equal(row.value, value);
  });
}

/** Runs a case while another session has an older transaction open that has read the table. */
async function whileReading(
  t: TestContext,
  url: string,
  lintCase: LintCase,
  table: string,
  look: (looker: Connection, pid: number) => Promise<void>,
): Promise<unknown> {
  const sessions = await Promise.all([connect({ url }), connect({ url }), connect({ url })]);
  t.after(() => Promise.all(sessions.map(session => session.close())));
  const [reader, runner, looker] = sessions;
  await reader.script('begin isolation level repeatable read');
  await reader.query(sql`select count(*) from ${sql.id(table)}`);
  // this one waits for readers only after it has let go of the table
  const detaches = /detach/.test(lintCase.source.text);
  if (detaches) await reader.query(sql`lock table ${sql.id(table)} in share update exclusive mode`);
  let failure: unknown;
  const parts = statements(lintCase).split(/;\n/);
  const run = (async () => {
    for (const part of parts) await runner.script(part);
  })().catch((error: unknown) => {
    failure = error;
  });
  await look(looker, runner.processId);
  await reader.script('rollback');
  await run;
  return failure;
}

async function assertOutside(
  t: TestContext,
  url: string,
  lintCase: LintCase,
  table: string,
  mode: string,
): Promise<void> {
  const wanted = `${mode.toLowerCase().replaceAll(/(^| )([a-z])/g, (_, __, letter: string) => letter.toUpperCase())}Lock`;
  const failure = await whileReading(t, url, lintCase, table, async (looker, pid) => {
    const modes = await eventually('the statement waits', async () => {
      const rows = await looker.many(sql<{ mode: string }>`
        select mode from pg_locks
        where pid = ${pid} and relation = ${table}::regclass and mode <> 'AccessShareLock'
          and exists (select from pg_locks where pid = ${pid} and not granted)
      `);
      return rows.length === 0 ? undefined : rows.map(row => row.mode);
    });
    assert.deepEqual([...new Set(modes)], [wanted]);
  });
  assert.equal(failure, undefined);
}

async function assertInvalid(t: TestContext, url: string, lintCase: LintCase, index: string): Promise<void> {
  const failure = await whileReading(t, url, lintCase, 'orders', async looker => {
    await eventually('the statement has given up', async () => {
      const row = await looker.maybeOne(sql<{ invalid: boolean }>`
        select not index.indisvalid as invalid from pg_index as index
        where index.indexrelid = to_regclass(${index}) and not exists (
          select from pg_stat_progress_create_index where index_relid = index.indexrelid
        )
      `);
      return row?.invalid === true ? true : undefined;
    });
  });
  assert.equal(sqlState(failure), '57014');
}
