import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { createProject, failure, migration, openConnection, type Project, stepwise } from './fixtures.ts';

interface Weak {
  readonly project: Project;
  readonly admin: Connection;
  readonly weak: Connection;
  /** The name of the role, and of the database. */
  readonly role: string;
  readonly database: string;
}

/** A role that may log in and nothing else, dropped with what it owns after the test. */
async function weakRole(t: TestContext, files: Readonly<Record<string, string>>): Promise<Weak> {
  const project = await createProject(t, files);
  const url = new URL(project.db.superuserUrl);
  const admin = await connect({ url: url.href });
  const { database } = await admin.one(sql<{ database: string }>`select current_database() as database`);
  const role = `weak_${database}`;
  await admin.script(
    `create role ${role} login password 'x'; grant connect on database ${database} to ${role}`,
  );
  url.username = role;
  url.password = 'x';
  const weak = await connect({ url: url.href });
  t.after(async () => {
    await weak.close();
    await admin.close();
    // by now the database is gone, and with it what the role owns
    const server = new URL(project.db.superuserUrl);
    server.pathname = '/postgres';
    const last = await connect({ url: server.href });
    await last.script(`drop role ${role}`);
    await last.close();
  });
  return { project, admin, weak, role, database };
}

describe('a role without the rights to migrate', { timeout: 120_000 }, () => {
  it('is told which right it lacks, where, and the exact grant, one after the other', async t => {
    const files = { '0001_a.sql': migration('create table a (id int);') };
    const { project, admin, weak, role, database } = await weakRole(t, files);
    await admin.script('revoke create on schema public from public');
    const up = () => failure(project.up({ connection: weak }), 'migration_failed');
    const noLedger = `As its owner, run: grant create on database ${database} to ${role}`;
    assert.ok((await up()).message.endsWith(noLedger));
    await admin.script(`grant create on database ${database} to ${role}`);
    const noUsage = `run: grant usage, create on schema public to ${role}.`;
    assert.ok((await up()).message.endsWith(noUsage));
    await admin.script(`grant usage on schema public to ${role}`);
    const { message } = await up();
    assert.match(
      message,
      /^0001_a\.sql failed at statement 1, .*permission denied for schema public \(SQLSTATE 42501\)\. Nothing of this file was applied\. /,
    );
    const grant = `grant create on schema public to ${role}`;
    assert.ok(
      message.includes(
        `The role ${role} lacks a right in the database ${database}: create on the schema public.`,
      ),
    );
    assert.ok(message.endsWith(`run: ${grant}.`), message);
    await admin.script(grant);
    assert.equal((await project.up({ connection: weak })).version, '0001');
  });

  it('is told whose table or ledger it is', async t => {
    const files = { '0001_a.sql': migration('create table a (id int);') };
    const { project, admin, weak, role } = await weakRole(t, files);
    await project.up();
    const { owner } = await project.owner.one(sql<{ owner: string }>`select current_user as owner`);
    await project.write({ '0002_b.sql': migration('alter table a add b int;') });
    const table = await failure(project.up({ connection: weak }), 'migration_failed');
    assert.match(
      table.message,
      new RegExp(
        `may not write the ledger .*it belongs to ${owner}\\. Migrate as ${owner}, or as a superuser run: grant ${owner} to ${role} `,
      ),
    );
    await admin.script('grant all on all tables in schema holdfast_ledger to public');
    await admin.script('grant all on all sequences in schema holdfast_ledger to public');
    await admin.script(`grant usage on schema public to ${role}`);
    const altered = await failure(project.up({ connection: weak }), 'migration_failed');
    assert.match(
      altered.message,
      new RegExp(
        `must be owner of table a .*: table a belongs to ${owner}\\. Migrate as ${owner}, or as a superuser run: grant ${owner} to ${role}\\.$`,
      ),
    );
  });

  it('is told the same when it rolls back, by the trial, by the rollback, and half way', async t => {
    const files = {
      '0001_a.sql': migration('create table a (id int);', 'drop table a;'),
      '0002_b.sql': stepwise('create index i on a (id);', 'drop index i;'),
    };
    const { project, admin, weak, role } = await weakRole(t, files);
    await project.up();
    const { owner } = await project.owner.one(sql<{ owner: string }>`select current_user as owner`);
    await admin.script(`
      grant all on schema holdfast_ledger to public; grant all on all tables in schema holdfast_ledger to public;
      grant all on all sequences in schema holdfast_ledger to public; grant usage on schema public to ${role}
    `);
    const advice = `belongs to ${owner}. Migrate as ${owner}, or as a superuser run: grant ${owner} to ${role}.`;
    const down = async (to: string, acceptDataLoss: boolean): Promise<string> => {
      const options = { connection: weak, acceptDataLoss };
      return (await failure(project.down(to, options), 'migration_failed')).message;
    };
    const trial = await down('1', false);
    assert.ok(trial.includes('nothing was rolled back. '), trial);
    assert.ok(trial.endsWith(advice), trial);
    const half = await down('1', true);
    assert.ok(half.includes('Nothing of this statement took effect. '), half);
    assert.ok(half.endsWith(advice), half);
    await project.down('1');
    const whole = await down('0', true);
    assert.ok(whole.includes('It stays applied as it is; '), whole);
    assert.ok(whole.endsWith(advice), whole);
  });

  it('learns why nothing can be written', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('create table a (id int);') });
    const admin = await openConnection(t, project.db.superuserUrl);
    const { database } = await admin.one(sql<{ database: string }>`select current_database() as database`);
    await admin.script(`alter database ${database} set default_transaction_read_only = on`);
    const owner = await project.open();
    const { message } = await failure(project.up({ connection: owner }), 'migration_failed');
    const advice = `As its owner, run: alter database ${database} set default_transaction_read_only = off`;
    assert.ok(message.includes(advice), message);
    assert.match(
      message,
      /\(cannot execute CREATE SCHEMA in a read-only transaction\)\. Nothing more was run$/,
    );
  });
});
