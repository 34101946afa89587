import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import { column, createProject, eventually, failure, migration, stepwise } from './fixtures.ts';
import { startRunner } from './runner-process.ts';

// each application leaves a row, so that a second one shows
const FILES = {
  '0001_log.sql': migration('create table log (entry text); insert into log values (1);'),
  '0002_a.sql': migration('create table a (b int); insert into log values (2);'),
  '0003_b.sql': stepwise('create index concurrently a_b on a (b); insert into log values (3);'),
  '0004_c.sql': migration('insert into log values (4);'),
};

describe('runners in processes of their own', { timeout: 120_000 }, () => {
  for (const count of [2, 5]) {
    it(`apply each migration once when ${count} start together`, async t => {
      const project = await createProject(t, FILES);
      const runners = Array.from({ length: count }, () => startRunner(t, project));
      const outcomes = await Promise.all(runners.map(({ outcome }) => outcome));
      const applied = outcomes.map(line => (line?.kind === 'done' ? line.applied : line));
      assert.deepEqual(
        applied.filter(versions => Array.isArray(versions) && versions.length > 0),
        [['0001', '0002', '0003', '0004']],
      );
      assert.equal(
        applied.filter(versions => Array.isArray(versions) && versions.length === 0).length,
        count - 1,
      );
      assert.deepEqual(await column(project.owner, sql`select entry from log order by 1`), [
        '1',
        '2',
        '3',
        '4',
      ]);
      assert.equal((await project.status()).upToDate, true);
      assert.deepEqual(
        // before the stepwise file, and at the end
        await column(project.owner, sql`select count(*) from holdfast_ledger.catalog_snapshots`),
        [2],
      );
    });
  }

  it('wait for the one at work, and say so when that takes too long', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('select pg_advisory_xact_lock(1);'),
    });
    const blocker = await project.open();
    await blocker.query(sql`select pg_advisory_lock(1)`);
    const runner = startRunner(t, project, { ddlLockTimeoutMs: 60_000 });
    await eventually('the runner is at work', async () => (await project.status()).running || undefined);
    const other = await project.open();
    const error = await failure(project.up({ connection: other, lockWaitMs: 50 }), 'migration_busy');
    assert.equal(error.entry.retryable, true);
    const waiting = project.up({ connection: other });
    await blocker.query(sql`select pg_advisory_unlock(1)`);
    assert.deepEqual((await waiting).applied, []);
    assert.deepEqual((await runner.outcome)?.applied, ['0001']);
    assert.equal((await project.status()).running, false);
  });
});
