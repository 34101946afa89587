import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { migrationsDirectory } from '@holdfast/database';
import { connect, sql } from '@holdfast/postgres';
import { eventually, type Stack } from '@holdfast/testing';
import { examine, type RepairReport, repair, resolveTarget, type Target } from '../src/index.ts';
import { stackWithUsers } from './examination.ts';
import { changedTables, savedFacts, savedTools } from './repair-support.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', '..', 'apps', 'cli', 'bin', 'holdfast.js');
const GATE = 7;
const WAIT_AT_GATE = `perform pg_advisory_xact_lock(${GATE});`;
const LATER = '0006_later';

/** Statements of which each takes effect at once. */
function stepwise(statements: string): string {
  return `-- migrate:up transaction:false\n${statements}\n-- migrate:down\ndrop table later;\n`;
}

describe('a migration that stopped half-way', () => {
  let stack: Stack;
  let directory: string;

  before(async () => {
    stack = await stackWithUsers();
    directory = await mkdtemp(join(tmpdir(), 'hf-migrations-'));
    await cp(migrationsDirectory(), directory, { recursive: true });
  });
  after(async () => {
    await stack.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Kills a migration while its statement waits for a lock, and ends what it has left in the server. */
  async function stopHalfWay(statements: string, waiting: string, lock: string): Promise<void> {
    await stack.restoreDatabase();
    await writeFile(join(directory, `${LATER}.sql`), stepwise(statements));
    const holder = await connect({ url: stack.cluster.ownerUrl });
    try {
      await holder.script(lock);
      const args = ['migrate', '--migrations', directory, '--database-url', stack.cluster.ownerUrl];
      const child = spawn(process.execPath, ['--', LAUNCHER, ...args], {
        env: { PATH: '/usr/bin:/bin' },
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      const pid = await eventually(() => waitingFor(waiting), { timeoutMs: 60_000 });
      child.kill('SIGKILL');
      await ended;
      await holder.query(sql`select pg_terminate_backend(${pid}::int4, 10000)`);
    } finally {
      await holder.close();
    }
  }

  function waitingFor(text: string): Promise<number | undefined> {
    return stack.asSuperuser(async db => {
      const row = await db.maybeOne(sql<{ pid: number }>`
        select pid from pg_stat_activity
        where wait_event_type = 'Lock' and pid <> pg_backend_pid() and query like ${`%${text}%`}`);
      return row?.pid;
    });
  }

  async function resolve(): Promise<Target> {
    return resolveTarget({ home: stack.home, settings: await stack.settings(), migrations: directory });
  }

  async function fix(): Promise<RepairReport> {
    const target = await resolve();
    return repair(target, await examine(target), {
      ...{ mode: 'apply', stateDirectory: stack.home, consent: async () => true, resolve },
      tools: savedTools(stack, await savedFacts(stack)),
    });
  }

  function entries(): Promise<number[]> {
    return stack.asSuperuser(async db => {
      const rows = await db.many(sql<{ entry: number }>`select entry from later order by 1`);
      return rows.map(({ entry }) => entry);
    });
  }

  const COUNTED = 'create table later (entry int4); insert into later values (1);';

  it('between two statements goes on where it stopped, and repeats nothing', async () => {
    await stopHalfWay(
      `${COUNTED} do $$ begin insert into later values (2); ${WAIT_AT_GATE} end $$; insert into later values (3);`,
      'pg_advisory_xact_lock',
      `select pg_advisory_lock(${GATE})`,
    );
    const { rootCauses } = await examine(await resolve());
    assert.deepEqual(
      rootCauses.map(({ code, subject }) => [code, subject]),
      [['migration_half_done', `migration:${LATER}`]],
    );
    const report = await fix();
    assert.equal(report.status, 'green', JSON.stringify([report.headline, report.repairs, report.left]));
    assert.deepEqual(
      report.repairs.map(({ code, outcome, steps }) => [code, outcome, steps.map(({ detail }) => detail)]),
      [['migration_half_done', 'helped', [`applied ${LATER}`]]],
    );
    // it had a row of the first statement, and has those of the others now
    assert.deepEqual(report.repairs[0]?.untouched?.changed, ['public.later']);
    assert.deepEqual(await entries(), [1, 2, 3]);
    assert.deepEqual(await notOwn(), []);
  });

  it('in an index that is built concurrently: what is left of it goes, and it is built', async () => {
    await stopHalfWay(
      `${COUNTED} create index concurrently users_later on users (created_at);`,
      'create index concurrently users_later',
      `begin; update users set email = email`,
    );
    const report = await fix();
    assert.equal(report.status, 'green', JSON.stringify([report.headline, report.repairs, report.left]));
    assert.ok(report.repairs.some(({ code }) => code === 'migration_half_done'));
    const { valid } = await stack.asSuperuser(db =>
      db.one(
        sql<{
          valid: boolean;
        }>`select indisvalid as valid from pg_index where indexrelid = 'users_later'::regclass`,
      ),
    );
    assert.equal(valid, true);
    assert.deepEqual(await notOwn(), []);
  });

  it('where only a person can tell how far it came, is left as it is, with the two ways to go on', async () => {
    await stopHalfWay(
      `${COUNTED} do $$ begin insert into later values (2); commit; ${WAIT_AT_GATE} insert into later values (3); end $$;`,
      'pg_advisory_xact_lock',
      `select pg_advisory_lock(${GATE})`,
    );
    const report = await fix();
    assert.equal(report.status, 'not_green');
    const [record] = report.repairs;
    assert.deepEqual([record?.code, record?.outcome], ['migration_half_done', 'undone']);
    assert.match(
      record?.steps[0]?.detail ?? '',
      /resume at 0006:3 to run it again, or at 0006:4 .*holdfast migrate repair --resume 0006:3 --yes/,
    );
    assert.deepEqual(await entries(), [1, 2]);
    assert.deepEqual(await notOwn(), []);
  });

  /** Without what a restore, a repair or the migration itself is meant to write. */
  async function notOwn(): Promise<string[]> {
    const tables = await changedTables(stack);
    return tables.filter(name => !/^holdfast_(ledger|recovery)\.|^public\.later$/.test(name));
  }
});
