import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MigrationProgress } from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import {
  column,
  createProject,
  failure,
  migration,
  openConnection,
  stepwise,
  waitsForLock,
} from './fixtures.ts';

const FILES = {
  '0001_a.sql': migration('create table a (b int);'),
  '0002_a.sql': migration('alter table a add column c int;'),
};

describe('a table that a long transaction uses', { timeout: 120_000 }, () => {
  it('is waited for in short attempts, so that others get through', async t => {
    const project = await createProject(t, FILES);
    await project.up({ to: '1' });
    const blocker = await project.open();
    const other = await project.open();
    await blocker.script('begin; select * from a');
    const retries: MigrationProgress[] = [];
    const progress = (event: MigrationProgress): void => {
      if (event.kind !== 'lock_retry') return;
      retries.push(event);
      // nothing queues behind the migration while it pauses
      void other.query(sql`select * from a`);
      if (retries.length === 3) void blocker.script('commit');
    };
    const run = await project.up({ onProgress: progress, ddlLockTimeoutMs: 50, random: () => 0.1 });
    assert.deepEqual(
      run.applied.map(({ version }) => version),
      ['0002'],
    );
    assert.deepEqual(
      retries.map(event => event.kind === 'lock_retry' && [event.attempt, event.delayMs]),
      [
        [1, 10],
        [2, 20],
        [3, 40],
      ],
    );
  });

  it('is given up in the end, naming who uses it, and nothing was changed', async t => {
    const project = await createProject(t, FILES);
    await project.up({ to: '1' });
    const blocker = await project.open();
    await blocker.script('begin; select * from a');
    const error = await failure(project.up({ ddlLockTimeoutMs: 20, ddlLockWaitMs: 100 }), 'lock_timeout');
    assert.match(error.message, /^0002_a\.sql: its tables were in use for 100 ms\. In the way: pid \d+ /);
    assert.match(error.message, new RegExp(`pid ${blocker.processId} \\(holdfast, idle in transaction, for`));
    assert.deepEqual(await project.states(), { '0001': 'applied', '0002': 'pending' });
    await blocker.script('commit');
    await project.up();
    assert.equal((await project.status()).upToDate, true);
  });

  it('may be waited for longer when the script says so', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration("create table l as select current_setting('lock_timeout') as v, 1 as n;"),
      '0002_b.sql': migration(
        "set local lock_timeout = '7s'; insert into l select current_setting('lock_timeout'), 2;",
      ),
      '0003_c.sql': stepwise(`
        insert into l select current_setting('lock_timeout'), 3;
        set lock_timeout = '9s';
        insert into l select current_setting('lock_timeout'), 4;
        do $$ begin insert into l select current_setting('lock_timeout'), 5; commit; end $$;
      `),
      '0004_d.sql': stepwise(
        "do $$ begin insert into l select current_setting('lock_timeout'), 6; commit; end $$;",
      ),
    });
    await project.up();
    assert.deepEqual(await column(project.owner, sql`select v from l order by n`), [
      '500ms',
      '7s',
      '500ms',
      '9s',
      '9s',
      '10min',
    ]);
  });

  it('does not fail a concurrent index build, which has a time limit of its own', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a (b int);'),
      '0002_i.sql': stepwise('create index concurrently i on a (b);'),
    });
    await project.up({ to: '1' });
    const blocker = await project.open();
    await blocker.script('begin; insert into a values (1)');
    const run = project.up({ ddlLockTimeoutMs: 1, concurrentLockTimeoutMs: 60_000 });
    const watcher = await project.open();
    await waitsForLock(watcher, 'create index concurrently');
    await blocker.script('commit');
    assert.equal((await run).applied.length, 1);
  });
});

describe('a role or database with limits of its own', { timeout: 120_000 }, () => {
  it('does not limit migrations', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration(`
        create table a as select current_setting('statement_timeout') as s,
          current_setting('idle_in_transaction_session_timeout') as i, current_setting('standard_conforming_strings') as q;
      `),
    });
    const admin = await openConnection(t, project.db.superuserUrl);
    const database = sql.id(project.db.name);
    for (const setting of [sql`statement_timeout = 1000`, sql`idle_in_transaction_session_timeout = 1000`]) {
      await admin.query(sql`alter database ${database} set ${setting}`);
    }
    await project.up({ connection: await project.open() });
    assert.deepEqual(await project.owner.many(sql`select * from a`), [{ s: '0', i: '0', q: 'on' }]);
  });
});
