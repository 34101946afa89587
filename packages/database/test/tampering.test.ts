import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { readMigrations } from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import { createProject, failure, migration, type Project, tables } from './fixtures.ts';

async function applied(t: TestContext): Promise<Project> {
  const project = await createProject(t, {
    '0001_a.sql': migration('create table a ();', 'drop table a;'),
    '0003_c.sql': migration('create table c ();', 'drop table c;'),
    '0005_e.sql': migration('create table e ();', 'drop table e;'),
  });
  await project.up();
  await project.write({ '0006_f.sql': migration('create table f ();', 'drop table f;') });
  return project;
}

async function refuses(project: Project, problems: readonly unknown[]): Promise<string> {
  const before = await project.status();
  const error = await failure(project.up(), 'migration_tampered');
  assert.deepEqual(error.details?.problems, problems);
  await failure(project.down('1'), 'migration_tampered');
  assert.deepEqual(await project.status(), before);
  assert.deepEqual(await tables(project.owner), ['a', 'c', 'e']);
  assert.equal(before.upToDate, false);
  return error.message;
}

describe('applied migrations', () => {
  it('that were edited are named, before anything runs', async t => {
    const project = await applied(t);
    await project.write({ '0003_c.sql': migration('create table c (d int);', 'drop table c;') });
    const message = await refuses(project, [
      { version: '0003', name: 'c', file: '0003_c.sql', problem: 'edited' },
    ]);
    assert.match(message, /nothing was run.*0003_c\.sql was edited after it was applied.*new migration/s);
    assert.equal((await project.states())['0003'], 'tampered');
  });

  it('count as edited when only their down section changed', async t => {
    const project = await applied(t);
    await project.write({ '0005_e.sql': migration('create table e ();', 'drop table e cascade;') });
    await refuses(project, [{ version: '0005', name: 'e', file: '0005_e.sql', problem: 'edited' }]);
  });

  it('that were removed are named', async t => {
    const project = await applied(t);
    await project.remove('0003_c.sql');
    const message = await refuses(project, [{ version: '0003', name: 'c', file: null, problem: 'missing' }]);
    assert.match(message, /0003_c is applied but its file is gone/);
  });

  it('cannot be preceded by a new one', async t => {
    const project = await applied(t);
    await project.write({ '0002_b.sql': migration('create table b ();') });
    const message = await refuses(project, [
      { version: '0002', name: 'b', file: '0002_b.sql', problem: 'inserted' },
    ]);
    assert.match(message, /0002_b\.sql is new but comes before 0005/);
  });

  it('newer than all files tell that the files are older than the database', async t => {
    const project = await applied(t);
    for (const file of ['0005_e.sql', '0006_f.sql']) await project.remove(file);
    const message = await refuses(project, [{ version: '0005', name: 'e', file: null, problem: 'unknown' }]);
    assert.match(message, /0005_e is in the database, put there by version 1\.2\.3.*end at 0003/);
  });

  it('are all named together', async t => {
    const project = await applied(t);
    await project.write({ '0003_c.sql': migration('select 1;'), '0004_d.sql': migration('select 1;') });
    await project.remove('0001_a.sql');
    await refuses(project, [
      { version: '0001', name: 'a', file: null, problem: 'missing' },
      { version: '0003', name: 'c', file: '0003_c.sql', problem: 'edited' },
      { version: '0004', name: 'd', file: '0004_d.sql', problem: 'inserted' },
    ]);
  });

  it('may be renamed, renumbered with zeros, and have other line endings', async t => {
    const project = await applied(t);
    await project.remove('0003_c.sql');
    await project.write({
      '3_better_name.sql': `\ufeff${migration('create table c ();', 'drop table c;')}`.replaceAll(
        '\n',
        '\r\n',
      ),
    });
    const { applied: run } = await project.up();
    assert.deepEqual(
      run.map(({ version }) => version),
      ['0006'],
    );
    assert.equal((await project.status()).upToDate, true);
    await project.down('1');
    assert.deepEqual(await tables(project.owner), ['a']);
  });
});

describe('the ledger', () => {
  const broken = (version: string, name: string, file: string) => [
    { version, name, file, problem: 'chain_broken' },
  ];

  it('shows a checksum that was changed to fit an edited file', async t => {
    const project = await applied(t);
    await project.write({ '0003_c.sql': migration('create table c (d int);', 'drop table c;') });
    const checksum = (await readMigrations(project.dir))[1]?.checksum ?? '';
    await project.owner.query(
      sql`update holdfast_ledger.migrations set checksum = ${checksum} where version = '0003'`,
    );
    const message = await refuses(project, broken('0003', 'c', '0003_c.sql'));
    assert.match(message, /the ledger row of 0003_c does not follow .* the ledger itself was changed/);
  });

  it('shows a row that was deleted, at the row after it', async t => {
    const project = await applied(t);
    await project.remove('0003_c.sql');
    await project.owner.query(sql`delete from holdfast_ledger.migrations where version = '0003'`);
    await refuses(project, broken('0005', 'e', '0005_e.sql'));
  });

  it('names the same chain for the same files in another database', async t => {
    const [one, other] = [await applied(t), await applied(t)];
    const chain = sql`select version, checksum, chain from holdfast_ledger.migrations order by 1`;
    assert.deepEqual(await one.owner.many(chain), await other.owner.many(chain));
  });
});
