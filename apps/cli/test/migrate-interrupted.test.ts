import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import { eventually } from './eventually.ts';
import { type ForeignProject, foreignProject } from './foreign-project.ts';
import { collect, type Finished, spawnHoldfast } from './run-holdfast.ts';

const A = '-- migrate:up\ncreate table a ();\n';
const SLOW = '-- migrate:up\ncreate table b ();\nselect pg_sleep(600);\n';
/** It swallows what cancels it. */
const STUBBORN = `-- migrate:up
do $$ begin
  for i in 1..50 loop
    begin perform pg_sleep(600); exception when query_canceled then raise notice 'no'; end;
  end loop;
end $$;
`;

async function sleepers({ db }: ForeignProject): Promise<number> {
  const { count } = await db.one(sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state = 'active' and query like '%pg_sleep%'
  `);
  return count;
}

/** Runs a command until the server sleeps in it, sends the signals, and waits for its end. */
async function interrupted(
  project: ForeignProject,
  args: readonly string[],
  signals: readonly NodeJS.Signals[],
): Promise<Finished> {
  const url = ['--no-env-file', '--database-url', project.url];
  const child = spawnHoldfast([...url, ...args, '--migrations', project.dir]);
  const output = collect(child);
  const ended = new Promise<Finished>(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  await eventually('the server sleeps', async () => (await sleepers(project)) > 0);
  const [first, second] = signals;
  child.kill(first);
  if (second !== undefined) {
    await eventually('it is stopping', () => output.stderr.includes('stopping:'));
    // what comes at once is the same wish, passed on by a launcher
    const again = setInterval(() => {
      // another one while it ends could end it by the signal itself
      if (!output.stderr.includes('Ended at once')) child.kill(second);
    }, 100);
    ended.finally(() => clearInterval(again));
  }
  return ended;
}

describe('holdfast migrate, interrupted', { timeout: 120_000 }, () => {
  it('cancels the statement, says where it stands and what to type, and ends with 130', async t => {
    const project = await foreignProject(t);
    await project.write('0001_a.sql', A);
    await project.write('0002_slow.sql', SLOW);
    const { code, stderr, stdout } = await interrupted(project, ['migrate', 'up'], ['SIGINT']);
    assert.deepEqual([code, stdout], [130, '']);
    assert.match(
      stderr,
      /error: Interrupted\. 0002_slow\.sql was stopped at statement 2, line 3, and that was rolled back: nothing of it is applied\. Before that, this run had applied 0001\. To go on: holdfast --database-url URL migrate up --migrations \S+\. Where it stands: holdfast --database-url URL migrate status --migrations/,
    );
    assert.equal(await sleepers(project), 0);
    const status = await project.migrate('status');
    assert.match(status.stdout, /0002_slow {2}failed {5}interrupted at line 3; nothing of it is applied/);
    const drift = await project.run('drift', '--ledger');
    assert.equal(drift.code, 0, drift.stderr);
    assert.match(
      drift.stdout,
      /note: The last attempt at 0002_slow was interrupted; nothing of it is applied\./,
    );
  });

  it('ends with 143 after SIGTERM, as JSON on stdout; also a plan', async t => {
    const project = await foreignProject(t);
    await project.write('0001_slow.sql', SLOW);
    const args = ['migrate', 'plan', '--statement-limit', '1h', '--json'];
    const { code, stdout } = await interrupted(project, args, ['SIGTERM']);
    assert.equal(code, 143);
    const { error } = JSON.parse(stdout) as { error: { code: string; details: { signal: string } } };
    assert.deepEqual([error.code, error.details.signal], ['interrupted', 'SIGTERM']);
    assert.equal(await sleepers(project), 0);
    assert.equal((await project.json<{ ledger: boolean }>('status')).result.ledger, false);
  });

  it('ends at once at the second signal, whatever the server does', async t => {
    const project = await foreignProject(t);
    await project.write('0001_stubborn.sql', STUBBORN);
    const { code, stderr } = await interrupted(project, ['migrate', 'up'], ['SIGINT', 'SIGINT']);
    assert.equal(code, 130);
    assert.match(
      stderr,
      /error: Ended at once\. The server rolls back what it was doing as soon as it notices/,
    );
    await project.db.script(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid() and datname = current_database()",
    );
    const { code: driftCode, stderr: reason } = await project.run('drift', '--ledger');
    assert.equal(driftCode, 3);
    assert.match(
      reason,
      /No migration is applied to the database\. A run was stopped before it had applied any/,
    );
  });
});
