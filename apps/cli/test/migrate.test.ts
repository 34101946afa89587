import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import type { MigrationStatus, RepairCase, Verification } from '@holdfast/database/migrate';
import { connect, sql } from '@holdfast/postgres';
import { throwawayHome } from '@holdfast/testing';
import { foreignProject } from './foreign-project.ts';
import { type Output, runHoldfast } from './run-command-line.ts';

const A = '-- migrate:up\ncreate table a (b int);\n-- migrate:down\ndrop table a;\n';
const B = '-- migrate:up\ncreate table b (c int);\n-- migrate:down\ndrop table b;\n';

describe('holdfast migrate on a foreign project', { timeout: 120_000 }, () => {
  it('applies, shows, verifies and rolls back, and leaves nothing of Holdfast but the ledger', async t => {
    const project = await foreignProject(t);
    await project.write('0001_a.sql', A);
    const { stdout: path } = await project.migrate('new', 'Add b');
    assert.equal(basename(path.trim()), '0002_add_b.sql');
    await project.write('0002_add_b.sql', B);
    const before = await project.json<MigrationStatus>('status');
    assert.deepEqual([before.code, before.result.counts.pending, before.result.upToDate], [1, 2, false]);
    const up = await project.migrate();
    assert.deepEqual([up.code, up.stdout], [0, 'Applied 0001, 0002; the schema is at 0002.\n']);
    const { code, stdout } = await project.migrate('status');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^The schema is at 0002, up to date\.\n {2}0001_a {6}applied {4}20\S+ by \S+ in \d+ ms, version /,
    );
    const status = await runHoldfast(['--database-url', project.url, 'status', '--migrations', project.dir]);
    assert.deepEqual([status.code, status.stdout], [0, stdout]);
    const verified = await project.json<Verification>('verify');
    assert.deepEqual(
      [verified.code, verified.result.ok, verified.result.verified],
      [0, true, ['0001', '0002']],
    );
    assert.equal((await project.migrate('down')).code, 2);
    const down = await project.migrate('down', '--to', '1');
    assert.deepEqual([down.code, down.stdout], [0, 'Rolled back 0002; the schema is at 0001.\n']);
    const names = await project.db.many(sql<{ name: string }>`
      select nspname || '.' || relname as name from pg_class join pg_namespace n on n.oid = relnamespace
      where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema' order by 1
    `);
    assert.deepEqual(
      names.map(({ name }) => name),
      [
        'holdfast_ledger.catalog_snapshots',
        'holdfast_ledger.migrations',
        'holdfast_ledger.seeds',
        'public.a',
      ],
    );
  });

  it('verify fails with 1 and names what does not come back', async t => {
    const project = await foreignProject(t);
    await project.write('0001_a.sql', A.replace('drop table a;', ''));
    const { code, stdout } = await project.migrate('verify');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^0001_a\.sql: its way down does not lead back to what was there before\n {2}- table public\.a is unexpected\n/,
    );
  });

  it('builds on the embedded PostgreSQL, whose owner of the tables may not create databases', async t => {
    const { home, start } = await throwawayHome(t);
    const { ownerUrl } = await start();
    const project = await foreignProject(t);
    await project.write('0001_a.sql', A);
    const embedded = (...args: readonly string[]): Promise<Output> =>
      runHoldfast(['migrate', ...args, '--home', home, '--migrations', project.dir]);
    const verified = await embedded('verify');
    assert.deepEqual(
      [verified.code, verified.stdout.includes('1 migrations lead')],
      [0, true],
      verified.stderr,
    );
    const owner = await connect({ url: ownerUrl });
    t.after(() => owner.close());
    await owner.script('create table a (b int)');
    assert.match((await embedded('baseline', '0001')).stdout, /was compared with what they build/);
    await project.write('0001_a.sql', A.replace('int', 'integer'));
    const accepted = await embedded('repair', '--accept', '0001', '--reason', 'the same', '--yes');
    assert.match(accepted.stdout, /build the same schema/, accepted.stderr);
  });

  it('repair shows, then does what is chosen', async t => {
    const project = await foreignProject(t);
    await project.write('0001_a.sql', A);
    assert.deepEqual(await project.json('repair'), { code: 0, result: { cases: [], changed: false } });
    await project.migrate('up');
    await project.write('0001_a.sql', A.replace('int', 'integer'));
    assert.equal((await project.migrate()).code, 1);
    const shown = await project.json<{ cases: RepairCase[] }>('repair');
    assert.deepEqual(
      [shown.code, shown.result.cases[0]?.choices],
      [1, [{ action: 'accept', version: '0001' }]],
    );
    const choice = ['repair', '--accept', '0001', '--reason', 'spelled out'];
    const unconfirmed = await project.migrate(...choice);
    assert.equal(unconfirmed.code, 1);
    assert.match(
      unconfirmed.stdout,
      /repair --accept 0001 --reason "…" --yes --migrations \S+\nNothing was changed\. To do it, add --yes/,
    );
    assert.equal((await project.migrate('status')).code, 1);
    const done = await project.migrate(...choice, '--yes');
    assert.deepEqual(
      [done.code, done.stdout],
      [0, 'Done: accept 0001. The files build the same schema as before. It is on record in the ledger.\n'],
    );
    assert.match(
      (await project.migrate('status')).stdout,
      /decided: accept edit 0001, by \S+ at \S+: spelled out/,
    );
    assert.equal((await project.migrate()).code, 0);
  });

  it('repair resumes what waits for a decision', async t => {
    const project = await foreignProject(t);
    const up =
      'create table a (b int);\ndo $$ begin insert into a values (1); commit; perform 1 / (select count(*) from a where b > 1); end $$;';
    await project.write('0001_a.sql', `-- migrate:up transaction:false\n${up}\n`);
    assert.equal((await project.migrate()).code, 1);
    const { result } = await project.json<{ cases: RepairCase[] }>('repair');
    assert.deepEqual(result.cases[0]?.choices.slice(0, 2), [
      { action: 'resume', version: '0001', statement: 2 },
      { action: 'resume', version: '0001', statement: 3 },
    ]);
    const resumed = await project.migrate('repair', '--resume', '0001:3', '--yes');
    assert.deepEqual([resumed.code, resumed.stdout], [0, '0001 is applied.\n']);
    assert.equal((await project.migrate('status')).code, 0);
  });

  it('baseline takes over from dbmate, or at a version', async t => {
    const project = await foreignProject(t);
    await project.write('0001_a.sql', A);
    await project.write('0002_b.sql', B);
    await project.db.script(
      "create table a (b int); create table schema_migrations (version varchar(128) primary key); insert into schema_migrations values ('0001')",
    );
    const refused = await project.migrate();
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /holdfast --database-url URL migrate baseline --migrations /);
    assert.match((await project.migrate('status')).stdout, /dbmate has applied 1 migrations here/);
    assert.match((await project.migrate('baseline', '0002')).stderr, /table public\.b is missing/);
    const taken = await project.migrate('baseline');
    assert.deepEqual(
      [taken.code, taken.stdout.split('\n')[0]],
      [0, 'Recorded 0001 as applied, as dbmate says; nothing was run.'],
    );
    assert.equal((await project.migrate()).stdout, 'Applied 0002; the schema is at 0002.\n');
  });

  it('remembers the schemas that were named', async t => {
    const project = await foreignProject(t);
    await project.write('0001_a.sql', '-- migrate:up\ncreate schema s; create table s.t ();\n');
    assert.equal((await project.migrate('up', '--schema', 'public', '--schema', 's,public')).code, 0);
    const snapshots = await project.db.many(sql`select schemas from holdfast_ledger.catalog_snapshots`);
    assert.deepEqual(snapshots, [{ schemas: ['public', 's'] }]);
  });

  it('changes the database that is named, not the one of the environment', async t => {
    const [named, other] = [await foreignProject(t), await foreignProject(t)];
    await named.write('0001_a.sql', A);
    const args = ['migrate', '--migrations', named.dir, '--database-url', named.url];
    const { code } = await runHoldfast(args, { HOLDFAST_OWNER_DATABASE_URL: other.url });
    assert.equal(code, 0);
    const found = sql`select to_regclass('a') is not null as found`;
    assert.deepEqual(
      [await named.db.one(found), await other.db.one(found)],
      [{ found: true }, { found: false }],
    );
  });
});
