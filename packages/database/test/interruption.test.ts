import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readLedgerMemory } from '@holdfast/database/drift';
import { readMigrations } from '@holdfast/database/migrate';
import { planMigrations } from '@holdfast/database/plan';
import { type Connection, sql, withAdvisoryLock } from '@holdfast/postgres';
import { createProject, eventually, failure, migration, stepwise, tables } from './fixtures.ts';

const SLEEP = 'select pg_sleep(600);';
const A = { '0001_a.sql': migration('create table a (id int);', 'drop table a;') };

/** Stops a run as soon as a session is in a statement that contains the text. */
async function stopAt(watcher: Connection, text: string, stop: AbortController): Promise<void> {
  await eventually(`a session is in: ${text}`, async () => {
    const { count } = await watcher.one(activeCount(text));
    return count > 0 ? true : undefined;
  });
  stop.abort();
}

/** What the server still does with it. */
async function stillRuns(watcher: Connection, text: string): Promise<number> {
  return (await watcher.one(activeCount(text))).count;
}

function activeCount(text: string) {
  return sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state = 'active' and query like ${`%${text}%`}
  `;
}

function askedCount() {
  return sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and query like '%pg_try_advisory_lock%'
  `;
}

describe('a run that is stopped', { timeout: 120_000 }, () => {
  it('cancels the statement on the server, rolls its file back and keeps what was applied before', async t => {
    const slow = migration(`create table b ();\n${SLEEP}`);
    const project = await createProject(t, { ...A, '0002_slow.sql': slow, '0003_c.sql': migration('') });
    const watcher = await project.open();
    const stop = new AbortController();
    const [error] = await Promise.all([
      failure(project.up({ signal: stop.signal }), 'interrupted'),
      stopAt(watcher, 'pg_sleep(600)', stop),
    ]);
    assert.match(
      error.message,
      /^Interrupted\. 0002_slow\.sql was stopped at statement 2, line 3, and that was rolled back: nothing of it is applied\. Before that, this run had applied 0001\.$/,
    );
    assert.deepEqual(
      [error.details?.file, error.details?.statement, error.details?.line, error.details?.done],
      ['0002_slow.sql', 2, 3, ['0001']],
    );
    assert.equal(await stillRuns(watcher, 'pg_sleep'), 0);
    assert.deepEqual(await tables(watcher), ['a']);
    const { entries, running } = await project.status();
    assert.deepEqual([running, entries.map(({ state }) => state)], [false, ['applied', 'failed', 'pending']]);
    const [, failed] = entries;
    assert.equal(failed?.state === 'failed' && failed.failure?.interrupted, true);
    await project.write({ '0002_slow.sql': migration('create table b ();') });
    assert.deepEqual(
      (await project.up()).applied.map(({ version }) => version),
      ['0002', '0003'],
    );
  });

  it('says where it was when the server ends its session, and goes on afterwards', async t => {
    const slow = migration(`create table b ();\n${SLEEP}`);
    const project = await createProject(t, { ...A, '0002_slow.sql': slow });
    const watcher = await project.open();
    const ended = failure(project.up(), 'database_unavailable');
    await eventually('the session is ended', async () => {
      const { count } = await watcher.one(sql<{ count: number }>`
        select count(pg_terminate_backend(pid))::int as count from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state = 'active' and query like '%pg_sleep(600)%'
      `);
      return count > 0 ? true : undefined;
    });
    assert.match(
      (await ended).message,
      /^The session was lost while 0002_slow\.sql was being run: .+ The ledger says how far it got: holdfast migrate status\. To go on: holdfast migrate up$/,
    );
    await project.write({ '0002_slow.sql': migration('create table b ();') });
    const { applied } = await project.up({ connection: await project.open() });
    assert.deepEqual(
      applied.map(({ version }) => version),
      ['0002'],
    );
  });

  it('leaves a concurrent build to the next run, and says where it stands', async t => {
    const build = stepwise('create table b ();\ncreate index concurrently i on a (id);');
    const project = await createProject(t, { ...A, '0002_build.sql': build });
    await project.up({ to: '1' });
    const holder = await project.open();
    await holder.script('begin; insert into a values (1)');
    const watcher = await project.open();
    const stop = new AbortController();
    const [error] = await Promise.all([
      failure(project.up({ signal: stop.signal }), 'interrupted'),
      stopAt(watcher, 'create index concurrently', stop),
    ]);
    assert.match(
      error.message,
      /0002_build\.sql was stopped at statement 2, line 3: .*An invalid index may be left/,
    );
    const [, half] = (await project.status()).entries;
    assert.deepEqual(
      half?.state === 'half_done' && [half.nextStatement, half.inDoubt, half.failure?.interrupted],
      [2, true, true],
    );
    await holder.script('commit');
    assert.equal((await project.up()).version, '0002');
  });

  it('on the way down keeps what was not rolled back, and its trial changes nothing', async t => {
    const files = {
      '0001_a.sql': migration('create table a (id int);', `drop table a;\n${SLEEP}`),
      '0002_b.sql': migration('create table b (id int);', 'drop table b;'),
    };
    const project = await createProject(t, files);
    await project.up();
    const watcher = await project.open();
    const trial = new AbortController();
    const [tried] = await Promise.all([
      failure(project.down('0', { signal: trial.signal }), 'interrupted'),
      stopAt(watcher, 'pg_sleep(600)', trial),
    ]);
    assert.match(tried.message, /^Interrupted\. The trial .* nothing was rolled back/);
    assert.deepEqual(await tables(watcher), ['a', 'b']);
    const stop = new AbortController();
    const [error] = await Promise.all([
      failure(project.down('0', { signal: stop.signal, acceptDataLoss: true }), 'interrupted'),
      stopAt(watcher, 'pg_sleep(600)', stop),
    ]);
    assert.match(error.message, /it stays applied as it was\. Before that, this run had rolled back 0002\.$/);
    assert.deepEqual(
      [await tables(watcher), await project.states()],
      [['a'], { '0001': 'applied', '0002': 'pending' }],
    );
    const memory = await readLedgerMemory(watcher);
    assert.deepEqual(memory.state === 'stored' && memory.version, '0001');
  });

  it('stops waiting for another runner and for a table that is in use', async t => {
    const project = await createProject(t, { ...A, '0002_b.sql': migration('alter table a add b int;') });
    const other = await project.open();
    const waiting = new AbortController();
    await withAdvisoryLock(other, 'holdfast:migrations', { timeoutMs: 1_000 }, async () => {
      const run = failure(project.up({ signal: waiting.signal }), 'interrupted');
      await eventually('it has asked for the lock', async () => {
        const { count } = await other.one(askedCount());
        return count > 0 ? true : undefined;
      });
      waiting.abort();
      assert.match((await run).message, /waiting for another runner/);
    });
    await project.up({ to: '1' });
    await other.script('begin; lock table a');
    const stop = new AbortController();
    const onProgress = ({ kind }: { readonly kind: string }): void => {
      if (kind === 'lock_retry') stop.abort();
    };
    const error = await failure(
      project.up({ signal: stop.signal, onProgress, ddlLockTimeoutMs: 50 }),
      'interrupted',
    );
    assert.match(error.message, /nothing of it is applied\. Before that, this run had applied nothing/);
    await other.script('rollback');
  });

  it('of a plan leaves nothing behind', async t => {
    const project = await createProject(t, { '0001_slow.sql': migration(`create table a ();\n${SLEEP}`) });
    const watcher = await project.open();
    const stop = new AbortController();
    const plan = planMigrations({
      connection: project.owner,
      migrations: await readMigrations(project.dir),
      statementLimitMs: 600_000,
      signal: stop.signal,
    });
    const [error] = await Promise.all([failure(plan, 'interrupted'), stopAt(watcher, 'pg_sleep(600)', stop)]);
    assert.match(error.message, /^Interrupted\. The dry run was rolled back; nothing was changed\.$/);
    assert.deepEqual([await tables(watcher), await stillRuns(watcher, 'pg_sleep')], [[], 0]);
  });

  it('is no run that was complete by then', async t => {
    const project = await createProject(t, A);
    const stop = new AbortController();
    const onProgress = ({ kind }: { readonly kind: string }): void => {
      if (kind === 'migration_finished') stop.abort();
    };
    assert.equal((await project.up({ signal: stop.signal, onProgress })).version, '0001');
  });
});

describe('what the ledger remembers', { timeout: 120_000 }, () => {
  it('is the last complete state, whatever the run after it did', async t => {
    const project = await createProject(t, A);
    assert.deepEqual(await readLedgerMemory(project.owner), { state: 'no_ledger' });
    await project.up();
    const half = stepwise('create table b ();\nselect 1/0;');
    await project.write({ '0002_b.sql': half });
    await failure(project.up(), 'migration_failed');
    const memory = await readLedgerMemory(project.owner);
    assert.deepEqual(memory.state === 'stored' && [memory.version, memory.notes], [
      '0001',
      [
        '0002_b was being applied when the last run was stopped, before statement 2 of 2; what it did so far shows as a difference.',
      ],
    ]);
  });

  it('is stored before a stepwise file begins, up and down', async t => {
    const files = {
      ...A,
      '0002_b.sql': stepwise('select 1/0;', 'select 1/0;'),
    };
    const project = await createProject(t, files);
    await failure(project.up(), 'migration_failed');
    const memory = await readLedgerMemory(project.owner);
    assert.equal(memory.state === 'stored' && memory.version, '0001');
    await project.write({
      '0002_b.sql': stepwise('select 1;', 'create table left_over ();\nselect 1/0;'),
      '0003_c.sql': migration('create table c ();', 'drop table c;'),
    });
    await project.up();
    await failure(project.down('1', { acceptDataLoss: true }), 'migration_failed');
    const reverting = await readLedgerMemory(project.owner);
    assert.equal(reverting.state === 'stored' && reverting.version, '0002');
  });

  it('tells of runs that ended before they stored anything', async t => {
    const project = await createProject(t, A);
    await project.up();
    await project.owner.script('delete from holdfast_ledger.catalog_snapshots');
    assert.deepEqual(await readLedgerMemory(project.owner), {
      state: 'not_stored',
      applied: ['0001'],
      notes: [],
    });
    await project.owner.script('delete from holdfast_ledger.migrations');
    const empty = { state: 'nothing_applied', seeded: false, notes: [] };
    assert.deepEqual(await readLedgerMemory(project.owner), empty);
  });
});
