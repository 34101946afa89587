import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPool, sql } from '@holdfast/postgres';
import {
  column,
  createProject,
  failure,
  migration,
  openConnection,
  tables,
  waitsForLock,
} from './fixtures.ts';
import { naiveUp, outcome } from './naive-runner.ts';

describe('traps of sessions and locks', { timeout: 120_000 }, () => {
  it('trap: everybody queues behind a migration that waits', async t => {
    const files = {
      '0001_a.sql': migration('create table a (b int);'),
      '0002_a.sql': migration('alter table a add c int;'),
    };
    const read = "set statement_timeout = '1s'; select * from a";
    const naive = await createProject(t, {});
    await naiveUp(naive.owner, { '0001_a.sql': files['0001_a.sql'] });
    const reader = await naive.open();
    await reader.script('begin; select * from a');
    const waiting = outcome(naiveUp(await naive.open(), files));
    await waitsForLock(naive.owner, 'alter table a');
    const customer = await naive.open();
    assert.equal(
      await outcome(customer.script(read)),
      '57014',
      'a harmless select waits behind the waiting change',
    );
    await reader.script('commit');
    assert.equal(await waiting, 'fulfilled');

    const ours = await createProject(t, files);
    await ours.up({ to: '1' });
    const holder = await ours.open();
    await holder.script('begin; select * from a');
    const other = await ours.open();
    const reads: Promise<string>[] = [];
    await ours.up({
      connection: await ours.open(),
      ddlLockTimeoutMs: 50,
      onProgress: ({ kind }) => {
        if (kind === 'lock_retry') reads.push(outcome(other.script(read)));
        if (reads.length === 3) void holder.script('commit');
      },
    });
    assert.deepEqual([...new Set(await Promise.all(reads))], ['fulfilled']);
    assert.ok(reads.length >= 3);
  });

  it('trap: a search path or a role that leaks into the next file', async t => {
    const files = {
      '0001_a.sql': migration('create schema s; set search_path = s; create table a ();'),
      '0002_b.sql': migration('create table b ();'),
    };
    const naive = await createProject(t, {});
    await naiveUp(naive.owner, { '0000_z.sql': migration('create table z ();') });
    assert.equal(
      await outcome(naiveUp(naive.owner, files)),
      '42P01',
      'not even its own table is found any more',
    );
    const ours = await createProject(t, files);
    await ours.up();
    assert.deepEqual(await tables(ours.owner), ['b'], 'and only what belongs there');
  });

  it('trap: a time limit of the role stops a long migration', async t => {
    const files = { '0001_a.sql': migration('create table a (); select pg_sleep(0.3);') };
    const project = await createProject(t, files);
    const admin = await openConnection(t, project.db.superuserUrl);
    await admin.query(sql`alter database ${sql.id(project.db.name)} set statement_timeout = '100ms'`);
    assert.equal(await outcome(naiveUp(await project.open(), files)), '57014');
    await project.up({ connection: await project.open() });
    assert.deepEqual(await project.states(), { '0001': 'applied' });
  });

  it('trap: prepared statements that outlive a column', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration(
        'create table a (b int); insert into a values (1); grant select on a to public;',
      ),
      '0002_a.sql': migration('alter table a add c int;'),
    });
    await project.up({ to: '1' });
    const plain = await project.open();
    await plain.script('prepare q as select * from a');
    await plain.script('execute q');
    const pool = createPool({ url: project.db.url, max: 1 });
    t.after(() => pool.close());
    const prepared = sql<{ b: number }>`select * from a`.named('q');
    assert.equal((await pool.many(prepared)).length, 1);
    await project.up();
    assert.equal(
      await outcome(plain.script('execute q')),
      '0A000',
      'cached plan must not change result type',
    );
    assert.deepEqual(await pool.many(prepared), [{ b: 1, c: null }]);
  });

  it('trap: a lock that is never to be had', async t => {
    const files = {
      '0001_a.sql': migration('create table a ();'),
      '0002_a.sql': migration('alter table a add c int;'),
    };
    const naive = await createProject(t, {});
    await naiveUp(naive.owner, { '0001_a.sql': files['0001_a.sql'] });
    const forgotten = await naive.open();
    await forgotten.script('begin; select * from a');
    const runner = await naive.open();
    const waiting = outcome(naiveUp(runner, files));
    await waitsForLock(naive.owner, 'alter table a');
    await naive.owner.query(sql`select pg_cancel_backend(${runner.processId}::int)`);
    assert.equal(
      await waiting,
      '57014',
      'it waits until somebody ends it, and says nothing of whom it waited for',
    );

    const ours = await createProject(t, files);
    await ours.up({ to: '1' });
    const blocker = await ours.open();
    await blocker.script('begin; select * from a');
    const error = await failure(ours.up({ ddlLockTimeoutMs: 20, ddlLockWaitMs: 100 }), 'lock_timeout');
    assert.match(error.message, new RegExp(`In the way: pid ${blocker.processId} `));
    assert.deepEqual(await column(ours.owner, sql`select version from holdfast_ledger.migrations`), ['0001']);
  });
});
