import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import { type ForeignProject, foreignProject } from './foreign-project.ts';
import { runHoldfast as runBinary } from './run-holdfast.ts';

const VERBS = [[], ['down', '--to', '0'], ['plan'], ['status'], ['baseline', '0001'], ['repair'], ['verify']];

async function hasLedger({ db }: ForeignProject): Promise<boolean> {
  const { found } = await db.one(
    sql<{ found: boolean }>`select to_regnamespace('holdfast_ledger') is not null as found`,
  );
  return found;
}

describe("Holdfast's own migrations on the database of somebody else", { timeout: 120_000 }, () => {
  it('are refused with 2 where there are foreign tables, and nothing is left behind', async t => {
    const project = await foreignProject(t);
    await project.db.script('create table orders (id int)');
    for (const verb of VERBS) {
      const { code, stderr } = await project.run('migrate', ...verb);
      assert.equal(code, 2, `${verb}: ${stderr}`);
      assert.match(
        stderr,
        /Holdfast's own migrations, and the database is somebody else's: it has the table public\.orders.*--migrations DIR/,
      );
    }
    assert.equal(await hasLedger(project), false);
  });

  it('are refused by a start as well, before anything is written', async t => {
    const project = await foreignProject(t);
    await project.db.script('create table orders (id int)');
    const { code, stderr } = await runBinary(['start', '--port', '0', '--home', join(project.dir, 'home')], {
      env: { DATABASE_URL: project.url },
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /the database is somebody else's: it has the table public\.orders.*DATABASE_URL/);
    const { tables } = await project.db.one(
      sql<{
        tables: number;
      }>`select count(*)::int as tables from pg_tables where schemaname !~ '^(pg_|info)'`,
    );
    assert.equal(tables, 1);
    assert.equal(existsSync(join(project.dir, 'home', 'keyring.json')), false);
  });

  it('are refused where the ledger has other names for the same versions', async t => {
    const project = await foreignProject(t);
    await project.write('0001_start.sql', '-- migrate:up\nselect 1;\n');
    assert.equal((await project.migrate('up')).code, 0);
    for (const verb of VERBS) {
      const { code, stderr } = await project.run('migrate', ...verb);
      assert.equal(code, 2, `${verb}: ${stderr}`);
      assert.match(stderr, /its ledger begins with 0001_start, which is none of them/);
    }
  });

  it('are applied to an empty one, and again to what they made, also without its ledger', async t => {
    const project = await foreignProject(t);
    assert.equal((await project.run('migrate')).code, 0);
    await project.db.script('create table orders (id int)');
    assert.equal((await project.run('migrate')).code, 0);
    await project.db.script('drop schema holdfast_ledger cascade');
    assert.equal((await project.run('migrate', 'status')).code, 1);
  });
});
