import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Connection, sql } from '@holdfast/postgres';
import {
  column,
  createProject,
  eventually,
  migration,
  type Project,
  stepwise,
  waitsForLock,
} from './fixtures.ts';
import { outcome } from './naive-runner.ts';

const FILES = {
  '0001_a.sql': migration('create table a (b int); insert into a values (1);'),
  '0002_i.sql': stepwise('create index concurrently i on a (b);'),
};

async function withTable(t: TestContext, files: Readonly<Record<string, string>> = FILES): Promise<Project> {
  const project = await createProject(t, files);
  await project.up({ to: '1' });
  return project;
}

/** A transaction that every concurrent build on the table has to wait for. */
async function stall(project: Project): Promise<Connection> {
  const staller = await project.open();
  await staller.script('begin; insert into a values (2)');
  return staller;
}

function valid(project: Project, index = 'i'): Promise<unknown[]> {
  return column(project.owner, sql`select indisvalid from pg_index where indexrelid = to_regclass(${index})`);
}

describe('traps of concurrent indexes', { timeout: 120_000 }, () => {
  it('trap: a blocking advisory lock around a concurrent build', async t => {
    const naive = await withTable(t);
    const [first, second] = [await naive.open(), await naive.open()];
    await first.query(sql`select pg_advisory_lock(42)`);
    const waiting = outcome(second.query(sql`select pg_advisory_lock(42)`));
    await waitsForLock(naive.owner, 'pg_advisory_lock(42)');
    const building = outcome(first.script('create index concurrently i on a (b)'));
    // whom the deadlock detector chooses is a matter of luck; one of the two runners dies
    const loser = await Promise.race([
      waiting.then(state => (state === '40P01' ? state : building)),
      building.then(state => (state === '40P01' ? state : waiting)),
    ]);
    assert.equal(loser, '40P01');

    const ours = await withTable(t);
    const staller = await stall(ours);
    const runs = [await ours.open(), await ours.open()].map(connection => ours.up({ connection }));
    await waitsForLock(ours.owner, 'create index concurrently');
    await staller.script('commit');
    const applied = (await Promise.all(runs)).map(run => run.applied.length).sort();
    assert.deepEqual([applied, await valid(ours)], [[0, 1], [true]]);
  });

  it('trap: a short lock_timeout kills a concurrent build', async t => {
    const naive = await withTable(t);
    await stall(naive);
    const builder = await naive.open();
    await builder.script("set lock_timeout = '50ms'");
    assert.equal(await outcome(builder.script('create index concurrently i on a (b)')), '55P03');
    assert.deepEqual(await valid(naive), [false], 'a broken index is left behind');

    const ours = await withTable(t);
    const staller = await stall(ours);
    const run = ours.up({ connection: await ours.open(), ddlLockTimeoutMs: 1 });
    await waitsForLock(ours.owner, 'create index concurrently');
    await staller.script('commit');
    assert.equal((await run).applied.length, 1);
    assert.deepEqual(await valid(ours), [true]);
  });

  it('trap: if not exists takes a broken index for success', async t => {
    const statement = 'create unique index concurrently if not exists i on a (b)';
    const naive = await withTable(t);
    await naive.owner.script('insert into a values (1)');
    assert.equal(await outcome(naive.owner.script(statement)), '23505');
    await naive.owner.script('delete from a; insert into a values (1)');
    assert.equal(await outcome(naive.owner.script(statement)), 'fulfilled', 'it reports success');
    assert.deepEqual(await valid(naive), [false]);
    assert.equal(
      await outcome(naive.owner.script('insert into a values (1)')),
      'fulfilled',
      'and guards nothing',
    );

    const ours = await withTable(t, { ...FILES, '0002_i.sql': stepwise(`${statement};`) });
    await ours.owner.script('insert into a values (1)');
    await assert.rejects(ours.up());
    await ours.owner.script('delete from a; insert into a values (1)');
    await ours.up();
    assert.deepEqual(await valid(ours), [true]);
    assert.equal(await outcome(ours.owner.script('insert into a values (1)')), '23505');
  });

  it('trap: an interrupted reindex leaves a second index', async t => {
    const naive = await withTable(t);
    await naive.up();
    const staller = await stall(naive);
    const builder = await naive.open();
    const reindex = outcome(builder.script('reindex index concurrently i'));
    await waitsForLock(naive.owner, 'reindex index concurrently');
    await naive.owner.query(sql`select pg_terminate_backend(${builder.processId}::int)`);
    await reindex;
    await staller.script('commit');
    await naive.owner.script('reindex index concurrently i');
    assert.deepEqual(
      await valid(naive, 'i_ccnew'),
      [false],
      'run again, it leaves the first attempt where it is',
    );

    const files = { ...FILES, '0003_r.sql': stepwise('reindex index concurrently i;') };
    const ours = await withTable(t, files);
    await ours.up({ to: '2' });
    const other = await stall(ours);
    const runner = await ours.open();
    const run = outcome(ours.up({ connection: runner }));
    await waitsForLock(ours.owner, 'reindex index concurrently');
    await ours.owner.query(sql`select pg_terminate_backend(${runner.processId}::int)`);
    await run;
    await other.script('commit');
    await eventually('the session ends', async () => !(await ours.status()).running || undefined);
    await ours.up();
    assert.deepEqual([await valid(ours), await valid(ours, 'i_ccnew')], [[true], []]);
  });
});
