import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  type LedgerRepair,
  planRepair,
  type RepairOptions,
  readMigrations,
  repairLedger,
} from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import { column, createProject, failure, migration, type Project, stepwise, tables } from './fixtures.ts';

const FILES = {
  '0001_a.sql': migration('create table a (b int);', 'drop table a;'),
  '0002_b.sql': migration('create table b (c int);', 'drop table b;'),
  '0003_c.sql': migration('create table c ();', 'drop table c;'),
};

async function applied(t: TestContext): Promise<Project> {
  const project = await createProject(t, FILES);
  await project.up();
  return project;
}

async function repair(project: Project, choice: LedgerRepair, options: Partial<RepairOptions> = {}) {
  const migrations = await readMigrations(project.dir);
  const scratch = { url: project.db.superuserUrl };
  const given = { connection: project.owner, appVersion: '1.2.3', migrations, scratch, reason: 'because' };
  return repairLedger({ ...given, repair: choice, ...options });
}

async function choices(project: Project): Promise<unknown[]> {
  const migrations = await readMigrations(project.dir);
  return planRepair((await project.status()).entries, migrations).flatMap(one => one.choices);
}

const snapshots = sql`
  select s.version from holdfast_ledger.catalog_snapshots s join holdfast_ledger.migrations m on m.chain = s.chain
`;

describe('repair of an edited file', { timeout: 120_000 }, () => {
  it('accepts one that builds the same schema, and the chain after it', async t => {
    const project = await applied(t);
    await project.write({
      '0002_b.sql': migration('-- the same\ncreate table b (c integer);', 'drop table b;'),
    });
    assert.deepEqual(await choices(project), [{ action: 'accept', version: '0002' }]);
    const done = await repair(project, { action: 'accept', version: '2' });
    assert.equal(done.compared, true);
    const { upToDate, decisions } = await project.status();
    assert.equal(upToDate, true);
    const [decision] = decisions;
    assert.deepEqual(
      [decision?.version, decision?.action, decision?.reason],
      ['0002', 'accept_edit', 'because'],
    );
    assert.notEqual(decision?.checksumBefore, decision?.checksumAfter);
    assert.deepEqual(await column(project.owner, snapshots), ['0003'], 'the snapshot follows its state');
    const fresh = await createProject(t, FILES);
    await fresh.write({
      '0002_b.sql': migration('-- the same\ncreate table b (c integer);', 'drop table b;'),
    });
    await fresh.up();
    const chain = sql`select chain from holdfast_ledger.migrations order by version`;
    assert.deepEqual(await column(project.owner, chain), await column(fresh.owner, chain));
  });

  it('refuses one that builds another schema', async t => {
    const project = await applied(t);
    await project.write({ '0002_b.sql': migration('create table b (c bigint);') });
    const error = await failure(repair(project, { action: 'accept', version: '0002' }), 'repair_refused');
    assert.match(error.message, /column public\.b\.c: its type is bigint instead of integer/);
    assert.equal((await project.states())['0002'], 'tampered');
  });

  it('does not put down to the edit what somebody had changed before it', async t => {
    const { '0001_a.sql': first = '', '0002_b.sql': second = '' } = FILES;
    const project = await createProject(t, { '0001_a.sql': first });
    await project.up();
    await project.owner.script('create table stray (id int); delete from holdfast_ledger.catalog_snapshots');
    await project.up();
    await project.write({ '0002_b.sql': second });
    await project.up();
    await project.write({ '0002_b.sql': migration('create table b (c bigint);') });
    const error = await failure(repair(project, { action: 'accept', version: '0002' }), 'repair_refused');
    assert.match(error.message, /column public\.b\.c: its type is bigint instead of integer/);
    assert.doesNotMatch(error.message, /stray/);
    assert.match(error.message, /holdfast drift shows .* accept 0002 with --unchecked$/);
    await project.write({ '0002_b.sql': second.replace('create table', 'create  table') });
    assert.equal((await repair(project, { action: 'accept', version: '0002' })).compared, true);
  });

  it('refuses what is not offered, and what nobody gives a reason for', async t => {
    const project = await applied(t);
    await failure(repair(project, { action: 'accept', version: '0002' }), 'usage');
    await project.write({ '0002_b.sql': migration('create table b (c integer);') });
    await failure(repair(project, { action: 'forget', version: '0002' }), 'usage');
    await failure(repair(project, { action: 'accept', version: '0002' }, { reason: ' ' }), 'usage');
    assert.equal((await project.status()).decisions.length, 0);
  });
});

describe('repair of a missing file', { timeout: 120_000 }, () => {
  it('forgets it, and nothing else', async t => {
    const project = await applied(t);
    await project.remove('0002_b.sql');
    await failure(project.up(), 'migration_tampered');
    assert.deepEqual(await choices(project), [{ action: 'forget', version: '0002' }]);
    await repair(project, { action: 'forget', version: '0002' });
    assert.deepEqual(await project.states(), { '0001': 'applied', '0003': 'applied' });
    assert.equal((await project.status()).upToDate, true);
    assert.deepEqual(await tables(project.owner), ['a', 'b', 'c']);
  });
});

describe('repair of a half-done migration', { timeout: 120_000 }, () => {
  async function half(t: TestContext): Promise<Project> {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a ();'),
      '0002_b.sql': stepwise(
        'create table b (); select 1 / 0; create table c ();',
        'drop table b; select 1 / 0;',
      ),
    });
    await failure(project.up(), 'migration_failed');
    return project;
  }

  it('marks it as applied when it was finished by hand', async t => {
    const project = await half(t);
    assert.deepEqual(await choices(project), [
      { action: 'resume', version: '0002', statement: 2 },
      { action: 'mark_applied', version: '0002' },
      { action: 'mark_pending', version: '0002' },
    ]);
    await project.owner.script('create table c ()');
    await repair(project, { action: 'mark_applied', version: '0002' });
    assert.equal((await project.status()).upToDate, true);
    assert.deepEqual((await project.up()).applied, []);
    assert.deepEqual(await column(project.owner, snapshots), ['0001', '0002']);
  });

  it('marks it as pending when it was undone by hand', async t => {
    const project = await half(t);
    await project.owner.script('drop table b');
    await repair(project, { action: 'mark_pending', version: '0002' });
    assert.deepEqual(await project.states(), { '0001': 'applied', '0002': 'pending' });
    await project.write({ '0002_b.sql': stepwise('create table b ();') });
    await project.up();
    assert.deepEqual(await tables(project.owner), ['a', 'b']);
  });

  it('marks one that stopped on its way down either way', async t => {
    const project = await half(t);
    await project.owner.script('create table c ()');
    await repair(project, { action: 'mark_applied', version: '0002' });
    for (const [action, state] of [
      ['mark_applied', 'applied'],
      ['mark_pending', 'pending'],
    ] as const) {
      await failure(project.down('1', { acceptDataLoss: true }), 'migration_failed');
      assert.equal((await project.states())['0002'], 'half_done');
      await project.owner.script('create table if not exists b ()');
      await repair(project, { action, version: '0002' });
      assert.equal((await project.states())['0002'], state);
    }
  });

  it('marks one whose file was edited meanwhile, and forgets one whose file is gone', async t => {
    const project = await half(t);
    await project.write({ '0002_b.sql': stepwise('create table bb (); select 1 / 0;') });
    assert.deepEqual((await choices(project)).length, 2);
    await project.remove('0002_b.sql');
    assert.deepEqual(await choices(project), [{ action: 'forget', version: '0002' }]);
    await repair(project, { action: 'forget', version: '0002' });
    assert.deepEqual(await project.states(), { '0001': 'applied' });
  });
});
