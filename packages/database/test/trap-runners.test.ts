import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Connection, connect, sql } from '@holdfast/postgres';
import {
  column,
  createProject,
  eventually,
  failure,
  migration,
  openConnection,
  stepwise,
  tables,
  waitsForLock,
} from './fixtures.ts';
import { naiveApply, naiveLedger, naivePending, naiveUp, outcome } from './naive-runner.ts';
import { startRunner } from './runner-process.ts';
import { startTransactionPooler } from './transaction-pooler.ts';

const entries = (db: Connection) => column(db, sql`select entry from log order by 1`);

describe('traps of several runners and of crashes', { timeout: 120_000 }, () => {
  it('trap: two runners at once', async t => {
    const files = {
      '0001_log.sql': migration('create table log (entry int);'),
      '0002_fill.sql': stepwise('insert into log values (1);'),
    };
    const naive = await createProject(t, files);
    await naiveUp(naive.owner, { '0001_log.sql': files['0001_log.sql'] });
    const replicas = [await naive.open(), await naive.open()];
    // both have looked before either has noted anything
    const pending = await Promise.all(replicas.map(replica => naivePending(replica, files)));
    assert.deepEqual(pending, [['0002_fill.sql'], ['0002_fill.sql']]);
    const outcomes: string[] = [];
    for (const replica of replicas) {
      outcomes.push(await outcome(naiveApply(replica, '0002_fill.sql', files['0002_fill.sql'])));
    }
    assert.deepEqual(outcomes, ['fulfilled', '23505'], 'one replica does not start');
    assert.deepEqual(await entries(naive.owner), [1, 1], 'and the rows are there twice');

    const ours = await createProject(t, files);
    const connections = [await ours.open(), await ours.open()];
    const runs = await Promise.all(connections.map(connection => ours.up({ connection })));
    assert.deepEqual(runs.map(({ applied }) => applied.length).sort(), [0, 2]);
    assert.deepEqual(await entries(ours.owner), [1]);
  });

  it('trap: a crash between the statements of a file without a transaction', async t => {
    const files = {
      '0001_a.sql': stepwise('create table a (); select pg_advisory_xact_lock(1); create table b ();'),
    };
    const naive = await createProject(t, files);
    const barrier = await naive.open();
    await barrier.query(sql`select pg_advisory_lock(1)`);
    const runner = await naive.open();
    const run = outcome(naiveUp(runner, files));
    await waitsForLock(naive.owner, 'pg_advisory_xact_lock');
    await naive.owner.query(sql`select pg_terminate_backend(${runner.processId}::int)`);
    await run;
    await barrier.close();
    assert.deepEqual(await naivePending(naive.owner, files), ['0001_a.sql'], 'it says that nothing was done');
    assert.equal(await outcome(naiveUp(naive.owner, files)), '42P07', 'and cannot go on');

    const ours = await createProject(t, files);
    const blocker = await ours.open();
    await blocker.query(sql`select pg_advisory_lock(1)`);
    const connection = await ours.open();
    const ourRun = outcome(ours.up({ connection, ddlLockTimeoutMs: 60_000 }));
    await waitsForLock(ours.owner, 'pg_advisory_xact_lock');
    await ours.owner.query(sql`select pg_terminate_backend(${connection.processId}::int)`);
    await ourRun;
    await blocker.close();
    const [entry] = (await ours.status()).entries;
    assert.deepEqual([entry?.state, entry?.state === 'half_done' && entry.nextStatement], ['half_done', 2]);
    await ours.up();
    assert.deepEqual(await tables(ours.owner), ['a', 'b']);
  });

  it('trap: the session of a killed runner goes on holding its locks', async t => {
    const files = { '0001_a.sql': migration('create table a (); select pg_advisory_xact_lock(1);') };
    const [naive, ours] = [await createProject(t, {}), await createProject(t, files)];
    for (const project of [naive, ours]) {
      const blocker = await project.open();
      await blocker.query(sql`select pg_advisory_lock(1)`);
    }
    const plain = await connect({ url: naive.db.ownerUrl });
    const abandoned = outcome(plain.script('create table a (); select pg_advisory_xact_lock(1)'));
    await waitsForLock(naive.owner, 'pg_advisory_xact_lock');
    // close() hangs up on a server that does not answer, as a dying process does
    await plain.close();
    await abandoned;
    const runner = startRunner(t, ours, { ddlLockTimeoutMs: 60_000 });
    await waitsForLock(ours.owner, 'pg_advisory_xact_lock');
    await runner.kill();
    await eventually(
      'the session of our runner ends',
      async () => !(await ours.status()).running || undefined,
    );
    const alive = sql`select count(*) from pg_stat_activity where pid = ${plain.processId}::int`;
    assert.deepEqual(await column(naive.owner, alive), [1], 'the other one is still there');
  });

  it('trap: a pooler that hands out sessions by the transaction', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('create table a ();') });
    const pooled = await startTransactionPooler(t, project.db.ownerUrl);
    const [one, other] = [await openConnection(t, pooled), await openConnection(t, pooled)];
    const lock = sql`select pg_try_advisory_lock(42) as locked`;
    assert.deepEqual(
      [await column(one, lock), await column(other, lock)],
      [[true], [true]],
      'both believe they are alone',
    );

    const error = await failure(project.up({ connection: one }), 'usage');
    assert.match(error.message, /leads to a connection pooler/);
    assert.deepEqual(await project.states(), { '0001': 'pending' });
    await project.up({ connection: one, allowPooler: true });
    assert.deepEqual(await project.states(), { '0001': 'applied' });
  });

  it('trap: a commit inside a file', async t => {
    const files = { '0001_a.sql': migration('create table a (); commit; create table b (); select 1 / 0;') };
    const naive = await createProject(t, {});
    assert.equal(await outcome(naiveUp(naive.owner, files)), '22012');
    assert.deepEqual(await tables(naive.owner), ['a', 'naive_ledger'], 'half of it stays');
    assert.equal(await outcome(naiveUp(naive.owner, files)), '42P07', 'and is in the way for ever');

    const ours = await createProject(t, files);
    const error = await failure(ours.up(), 'sql_file_invalid');
    assert.match(error.message, /line 2: commit: a migration is one transaction already/);
    assert.deepEqual(await tables(ours.owner), []);
  });

  it('trap: a file that releases the lock', async t => {
    const content = stepwise('discard all;');
    const naive = await createProject(t, {});
    const [runner, other] = [await naive.open(), await naive.open()];
    await naiveLedger(runner);
    await runner.query(sql`select pg_advisory_lock(42)`);
    await naiveApply(runner, '0001_a.sql', content);
    assert.deepEqual(
      await column(other, sql`select pg_try_advisory_lock(42)`),
      [true],
      'another one gets in',
    );

    const ours = await createProject(t, { '0001_a.sql': content });
    await failure(ours.up(), 'sql_file_invalid');
  });
});
