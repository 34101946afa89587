import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Connection, sql } from '@holdfast/postgres';
import {
  column,
  createProject,
  eventually,
  failure,
  migration,
  type Project,
  stepwise,
  tables,
  waitsForLock,
} from './fixtures.ts';
import { startRunner } from './runner-process.ts';

const PATIENT = { ddlLockTimeoutMs: 60_000 };
const BARRIER = 'select pg_advisory_xact_lock(1);';

/** A session that holds what scripts with BARRIER wait for. */
async function raiseBarrier(project: Project): Promise<Connection> {
  const blocker = await project.open();
  await blocker.query(sql`select pg_advisory_lock(1)`);
  return blocker;
}

/** Kills a runner with -9 once it waits in a statement with the text; what holds it up is let go after that. */
async function killWaiting(
  t: TestContext,
  project: Project,
  text: string,
  blocker: Connection,
): Promise<void> {
  const runner = startRunner(t, project, PATIENT);
  await waitsForLock(project.owner, text);
  await runner.kill();
  await blocker.close();
}

/** The server ends the killed runner's session by itself. */
function sessionEnded(project: Project): Promise<true> {
  return eventually('the session of the killed runner ends', async () => {
    const { running } = await project.status();
    return running ? undefined : true;
  });
}

describe('a runner killed in a transactional migration', { timeout: 120_000 }, () => {
  const POINTS: Readonly<Record<string, string>> = {
    'before the first change': `${BARRIER} create table a (); create table b ();`,
    'between two changes': `create table a (); ${BARRIER} create table b ();`,
    'after the last change': `create table a (); create table b (); ${BARRIER}`,
  };
  for (const [point, script] of Object.entries(POINTS)) {
    it(`${point} leaves nothing`, async t => {
      const project = await createProject(t, { '0001_a.sql': migration(script) });
      await killWaiting(t, project, 'pg_advisory_xact_lock', await raiseBarrier(project));
      await sessionEnded(project);
      assert.deepEqual(await tables(project.owner), []);
      assert.deepEqual(await project.states(), { '0001': 'pending' });
      assert.equal((await project.up()).applied.length, 1);
      assert.deepEqual(await tables(project.owner), ['a', 'b']);
    });
  }

  it('while it writes the ledger leaves nothing', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('create table a ();') });
    await project.up();
    await project.write({ '0002_b.sql': migration('create table b ();') });
    const blocker = await project.open();
    await blocker.script('begin; lock table holdfast_ledger.migrations in exclusive mode');
    await killWaiting(t, project, 'holdfast_ledger.migrations', blocker);
    await sessionEnded(project);
    assert.deepEqual(await tables(project.owner), ['a']);
    assert.deepEqual(
      (await project.up()).applied.map(({ version }) => version),
      ['0002'],
    );
  });

  it('does not keep the next one waiting for a statement that would never end', async t => {
    const project = await createProject(t, { '0001_a.sql': migration(BARRIER) });
    const blocker = await raiseBarrier(project);
    const runner = startRunner(t, project, PATIENT);
    await waitsForLock(project.owner, 'pg_advisory_xact_lock');
    await runner.kill();
    assert.equal((await project.status()).running, true);
    await sessionEnded(project);
    await blocker.close();
  });
});

describe('a server session that ends under a runner', { timeout: 120_000 }, () => {
  it('is an outage, not a failure of the migration', async t => {
    const project = await createProject(t, { '0001_a.sql': migration(`create table a (); ${BARRIER}`) });
    const blocker = await raiseBarrier(project);
    const run = failure(project.up({ ...PATIENT, connection: await project.open() }), 'database_unavailable');
    const pid = await waitsForLock(project.owner, 'pg_advisory_xact_lock');
    await project.owner.query(sql`select pg_terminate_backend(${pid}::int)`);
    await run;
    await blocker.close();
    assert.deepEqual(await project.states(), { '0001': 'pending' });
    await project.up();
    assert.equal((await project.status()).upToDate, true);
  });
});

describe('a runner killed in a stepwise migration', { timeout: 120_000 }, () => {
  const counted = `create table log (entry int); insert into log values (1);`;

  it('during a statement that can share a transaction knows that it did not happen', async t => {
    const project = await createProject(t, {
      '0001_a.sql': stepwise(
        `${counted} do $$ begin insert into log values (2); perform pg_advisory_xact_lock(1); end $$; insert into log values (3);`,
      ),
    });
    await killWaiting(t, project, 'pg_advisory_xact_lock', await raiseBarrier(project));
    await sessionEnded(project);
    const [entry] = (await project.status()).entries;
    assert.ok(entry?.state === 'half_done');
    assert.deepEqual([entry.nextStatement, entry.statementCount, entry.inDoubt], [3, 4, false]);
    assert.equal((await project.up()).applied[0]?.from, 3);
    assert.deepEqual(await column(project.owner, sql`select entry from log order by 1`), [1, 2, 3]);
  });

  it('between a statement and its ledger row does neither', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('create table a ();') });
    await project.up();
    await project.write({ '0002_b.sql': stepwise(`${BARRIER} ${counted} insert into log values (2);`) });
    const barrier = await raiseBarrier(project);
    const runner = startRunner(t, project, PATIENT);
    await waitsForLock(project.owner, 'pg_advisory_xact_lock');
    const blocker = await project.open();
    await blocker.script('begin; lock table holdfast_ledger.migrations in exclusive mode');
    await barrier.close();
    await waitsForLock(project.owner, 'update holdfast_ledger.migrations');
    await runner.kill();
    await blocker.close();
    await sessionEnded(project);
    const entry = (await project.status()).entries[1];
    assert.equal(entry?.state, 'pending');
    await project.up();
    assert.deepEqual(await column(project.owner, sql`select entry from log order by 1`), [1, 2]);
  });

  it('inside the transaction of the script starts that again', async t => {
    const project = await createProject(t, {
      '0001_a.sql': stepwise(
        `${counted} begin; insert into log values (2); ${BARRIER} insert into log values (3); commit; insert into log values (4);`,
      ),
    });
    await killWaiting(t, project, 'pg_advisory_xact_lock', await raiseBarrier(project));
    await sessionEnded(project);
    assert.deepEqual(await column(project.owner, sql`select entry from log order by 1`), [1]);
    assert.equal((await project.up()).applied[0]?.from, 3);
    assert.deepEqual(await column(project.owner, sql`select entry from log order by 1`), [1, 2, 3, 4]);
  });

  it('during a procedure that commits asks for a decision', async t => {
    const project = await createProject(t, {
      '0001_a.sql': stepwise(`
        ${counted}
        do $$ begin insert into log values (2); commit; perform pg_advisory_xact_lock(1); insert into log values (3); commit; end $$;
        insert into log values (4);
      `),
    });
    const runner = startRunner(t, project, PATIENT);
    const barrier = await raiseBarrier(project);
    const pid = await waitsForLock(project.owner, 'pg_advisory_xact_lock');
    await runner.kill();
    await project.owner.query(sql`select pg_terminate_backend(${pid}::int)`);
    await sessionEnded(project);
    await barrier.close();
    const error = await failure(project.up(), 'migration_half_done');
    assert.deepEqual(error.details?.resumeAt, ['0001:3', '0001:4']);
    assert.deepEqual(await column(project.owner, sql`select entry from log order by 1`), [1, 2]);
    await project.owner.query(sql`insert into log values (3)`);
    await project.up({ resumeAt: { version: '0001', statement: 4 } });
    assert.deepEqual(await column(project.owner, sql`select entry from log order by 1`), [1, 2, 3, 4]);
    assert.equal((await project.status()).upToDate, true);
  });

  describe('during CREATE INDEX CONCURRENTLY', () => {
    const files = {
      '0001_a.sql': migration('create table a (b int); insert into a values (1);'),
      '0002_i.sql': stepwise('create index concurrently i on a (b); create table done ();'),
    };

    /** A transaction that the build has to wait for. */
    async function stall(project: Project): Promise<Connection> {
      const staller = await project.open();
      await staller.script('begin; insert into a values (2)');
      return staller;
    }

    async function building(t: TestContext) {
      const project = await createProject(t, files);
      await project.up({ to: '1' });
      const staller = await stall(project);
      const runner = startRunner(t, project);
      const pid = await waitsForLock(project.owner, 'create index concurrently i');
      return { project, staller, runner, pid };
    }

    const valid = sql`select indisvalid from pg_index where indexrelid = to_regclass('i')`;

    it('drops what is left and builds it anew', async t => {
      const { project, staller, runner, pid } = await building(t);
      await runner.kill();
      await project.owner.query(sql`select pg_terminate_backend(${pid}::int)`);
      await sessionEnded(project);
      await staller.close();
      assert.deepEqual(await column(project.owner, valid), [false]);
      const kinds: string[] = [];
      await project.up({ onProgress: ({ kind }) => kinds.push(kind) });
      assert.ok(kinds.includes('index_dropped'));
      assert.deepEqual(await column(project.owner, valid), [true]);
      assert.equal((await project.status()).upToDate, true);
    });

    it('finds it built when the server went on without the runner', async t => {
      const { project, staller, runner } = await building(t);
      const blocker = await project.open();
      await blocker.script('begin; lock table holdfast_ledger.migrations in exclusive mode');
      await staller.close();
      await waitsForLock(project.owner, 'update holdfast_ledger.migrations');
      await runner.kill();
      await blocker.close();
      await sessionEnded(project);
      assert.deepEqual(await column(project.owner, valid), [true]);
      const [oid] = await column(project.owner, sql`select 'i'::regclass::oid::int`);
      const kinds: string[] = [];
      await project.up({ onProgress: ({ kind }) => kinds.push(kind) });
      assert.ok(kinds.includes('statement_skipped'));
      assert.deepEqual(await column(project.owner, sql`select 'i'::regclass::oid::int`), [oid]);
      assert.deepEqual(await tables(project.owner), ['a', 'done']);
    });
  });
});
