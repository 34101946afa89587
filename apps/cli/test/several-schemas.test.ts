import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type ForeignProject, foreignProject } from './foreign-project.ts';

const APP = '-- migrate:up\ncreate schema app; create table app.orders (id int, total int);\n';

async function applied(t: TestContext, ...options: readonly string[]): Promise<ForeignProject> {
  const project = await foreignProject(t);
  await project.write('0001_app.sql', APP);
  const { code, stderr } = await project.migrate('up', ...options);
  assert.equal(code, 0, stderr);
  return project;
}

async function drift(
  project: ForeignProject,
  ...args: readonly string[]
): Promise<[code: number, names: string[]]> {
  const { code, stdout } = await project.run('drift', ...args, '--json');
  const { differences } = JSON.parse(stdout) as { differences: { type: string; name: string }[] };
  return [code, differences.map(({ type, name }) => `${type} ${name}`)];
}

describe('migrations that fill another schema than public', { timeout: 120_000 }, () => {
  it('are not taken for applied in an empty database', async t => {
    const project = await foreignProject(t);
    await project.write('0001_app.sql', APP);
    const refused = await project.migrate('baseline', '0001', '--accept-differences');
    assert.deepEqual([refused.code, /schema app is missing/.test(refused.stderr)], [1, true], refused.stderr);
    assert.equal((await project.json('status')).code, 1);
  });

  it('are compared with the ledger there, and in a named schema alone', async t => {
    const project = await applied(t);
    assert.deepEqual(await drift(project, '--ledger'), [0, []]);
    await project.db.script('alter table app.orders add extra int');
    assert.deepEqual(await drift(project, '--ledger'), [1, ['column app.orders.extra']]);
    assert.deepEqual(await drift(project, '--ledger', '--schema', 'app'), [1, ['column app.orders.extra']]);
    assert.deepEqual(await drift(project, '--ledger', '--schema', 'public'), [0, []]);
    const file = join(project.dir, 'schema.json');
    assert.equal((await project.run('drift', '--save', file)).code, 0);
    assert.deepEqual(await drift(project, '--snapshot', file, '--schema', 'public'), [0, []]);
  });

  it('cannot be compared with a ledger that holds public alone, which says what to do', async t => {
    const project = await applied(t, '--schema', 'public');
    await project.db.script('drop table app.orders');
    assert.deepEqual(await drift(project, '--ledger'), [0, []]);
    const { code, stderr } = await project.run('drift', '--ledger', '--schema', 'app');
    assert.equal(code, 3);
    assert.match(
      stderr,
      /the snapshot in the ledger was taken of public and says nothing about app\. Leave that out of --schema, or compare with the migrations \(--migrations DIR\)/,
    );
    const [, found] = await drift(project, '--migrations', project.dir, '--schema', 'app');
    assert.deepEqual(found, ['table app.orders']);
  });
});

describe('a schema that does not exist', { timeout: 120_000 }, () => {
  it('is refused with those that do', async t => {
    const project = await applied(t);
    const commands = [
      ['drift', '--ledger'],
      ['drift', '--migrations', project.dir],
      ['drift', '--against', project.url],
      ['drift', '--save', join(project.dir, 'none.json')],
    ];
    for (const command of commands) {
      const { code, stderr } = await project.run(...command, '--schema', 'app,Publik');
      assert.equal(code, 2, command.join(' '));
      assert.match(stderr, /There is no schema "Publik" to look at; there are app, public$/m);
    }
    for (const command of ['health', 'detailed-health']) {
      const { code, stderr } = await project.run(command, '--schema', 'app,Publik', '--only', 'table-drift');
      assert.equal(code, 2, stderr);
      assert.match(stderr, /There is no schema "Publik" to look at; there are app, .*public/);
    }
  });

  it('is a difference, and no mistake, where it should be there', async t => {
    const project = await applied(t);
    await project.db.script('drop schema app cascade');
    assert.deepEqual(await drift(project, '--ledger', '--schema', 'app'), [1, ['schema app']]);
  });
});

it('health looks at a named schema alone, also in what it expects', async t => {
  const project = await foreignProject(t);
  await project.write('0001_app.sql', `${APP}create table things (id int);\n`);
  await project.migrate();
  await project.db.script('drop table things');
  const level = async (...args: readonly string[]): Promise<string | undefined> => {
    const { stdout } = await project.run('detailed-health', '--only', 'table-drift', '--json', ...args);
    return (JSON.parse(stdout) as { entries: { level: string }[] }).entries[0]?.level;
  };
  assert.equal(await level(), 'critical');
  assert.equal(await level('--schema', 'public'), 'critical');
  assert.equal(await level('--schema', 'app'), 'ok');
});
