import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { MigrationStatus } from '@holdfast/database/migrate';
import { type ForeignProject, foreignProject } from './foreign-project.ts';

const FIRST = '-- migrate:up\ncreate table a (b int);\n';
const RETYPE = 'alter table a alter column b type bigint;';
/** Commits, so that nobody can tell afterwards how far it came. */
const OPAQUE = 'do $$ begin insert into a values (1); commit; perform 1 / 0; end $$;';

const stepwise = (...statements: readonly string[]): string =>
  `-- migrate:up transaction:false\n${statements.join('\n')}\n`;

/** 0001 is applied, and 0002 failed. */
async function failed(t: TestContext, second: string): Promise<ForeignProject> {
  const project = await foreignProject(t);
  await project.write('0001_a.sql', FIRST);
  assert.equal((await project.migrate()).code, 0);
  await project.write('0002_b.sql', second);
  assert.equal((await project.migrate()).code, 1);
  return project;
}

async function states(project: ForeignProject): Promise<string[]> {
  return (await project.json<MigrationStatus>('status')).result.entries.map(({ state }) => state);
}

async function refuses(project: ForeignProject, ...args: readonly string[]): Promise<void> {
  const before = await states(project);
  const { code, stderr } = await project.migrate(...args);
  assert.equal(code, 1);
  assert.match(stderr, /0002_b\.sql, line \d+ \(change-column-type\): .*Nothing was run\./ms);
  assert.deepEqual(await states(project), before);
}

describe('what lint refuses', { timeout: 120_000 }, () => {
  it('is not run by up, also from a file that failed before', async t => {
    const project = await failed(t, '-- migrate:up\nselect 1 / 0;\n');
    assert.deepEqual(await states(project), ['applied', 'failed']);
    await project.write('0002_b.sql', `-- migrate:up\n${RETYPE}\n`);
    await refuses(project, 'up');
    await project.write(
      '0002_b.sql',
      `-- migrate:up\n-- holdfast:allow change-column-type: a is small\n${RETYPE}\n`,
    );
    assert.equal((await project.migrate()).code, 0);
  });

  it('is not run by up from a file that is half done, but for what is done', async t => {
    const project = await foreignProject(t);
    await project.db.script('create table a (b int)');
    await project.write('0002_b.sql', stepwise(RETYPE, 'select 1 / 0;'));
    assert.equal((await project.migrate()).code, 1, 'nothing was applied before it, so it was not linted');
    assert.deepEqual(await states(project), ['half_done']);
    await project.write('0002_b.sql', stepwise(RETYPE, RETYPE.replace('bigint', 'int')));
    await refuses(project, 'up');
    await project.write('0002_b.sql', stepwise(RETYPE, 'select 1;'));
    assert.equal((await project.migrate()).code, 0);
  });

  it('is not run by repair --resume', async t => {
    const project = await failed(t, stepwise(OPAQUE));
    assert.deepEqual(await states(project), ['applied', 'half_done']);
    await project.write('0002_b.sql', stepwise(OPAQUE, RETYPE));
    await refuses(project, 'repair', '--resume', '0002:2', '--yes');
    const allowed = `-- holdfast:allow change-column-type: a is small\n${RETYPE}`;
    await project.write('0002_b.sql', stepwise(OPAQUE, allowed));
    const resumed = await project.migrate('repair', '--resume', '0002:2', '--yes');
    assert.deepEqual([resumed.code, resumed.stdout], [0, '0002 is applied.\n'], resumed.stderr);
  });

  it('does not keep up from what comes before it', async t => {
    const project = await failed(t, '-- migrate:up\nselect 1 / 0;\n');
    await project.write('0002_b.sql', '-- migrate:up\nselect 1;\n');
    await project.write('0003_c.sql', `-- migrate:up\n${RETYPE}\n`);
    assert.equal((await project.migrate('up', '--to', '2')).code, 0);
    assert.equal((await project.migrate('up')).code, 1);
    assert.deepEqual(await states(project), ['applied', 'applied', 'pending']);
  });

  it('of a file that was edited after it was applied matters less than that', async t => {
    const project = await foreignProject(t);
    await project.write('0001_a.sql', FIRST);
    assert.equal((await project.migrate()).code, 0);
    await project.write('0001_a.sql', `-- migrate:up\n${RETYPE}\n`);
    const { code, stderr } = await project.migrate();
    assert.equal(code, 1);
    assert.match(stderr, /0001_a\.sql was edited after it was applied/);
  });
});
