import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { newId } from '@holdfast/core';
import type { CleanupRun } from '@holdfast/database/cleanup';
import { advisoryLockKey, connect, sql } from '@holdfast/postgres';
import { emptyDatabase, testDatabase } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';
import { storeBackup } from './store-backup.ts';

async function system(t: TestContext) {
  const { pool, ownerUrl } = await testDatabase(t);
  const [user, deleted] = [newId(), newId()];
  await pool.execute(sql`
    insert into users (id, email, deleted_at) values (${user}, 'a@b', null), (${deleted}, 'c@d', now() - interval '60 days')
  `);
  for (const days of [8, 10, 20]) {
    await pool.execute(sql`
      insert into sessions (id, user_id, client_id, amr, expires_at)
      values (${newId()}, ${user}, 'web', '{pwd}', now() - ${days}::float8 * interval '1 day')
    `);
  }
  await pool.execute(sql`
    insert into audit_log (id, actor_type, action, subject_type, occurred_at)
    values (${newId()}, 'system', 'test.happened', 'test', '2020-01-01')
  `);
  return { pool, args: ['cleanup', '--database-url', ownerUrl] };
}

function policyFile(t: TestContext, content: unknown): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-policy-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'policy.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const rowsOf = ({ results }: CleanupRun): Record<string, number> =>
  Object.fromEntries(
    results.flatMap(({ name, outcome }) =>
      'rows' in outcome && outcome.rows > 0 ? [[name, outcome.rows]] : [],
    ),
  );

describe('holdfast cleanup', () => {
  it('counts, then removes what is older than the retention it is given', async t => {
    const { pool, args } = await system(t);
    const dry = await runHoldfastJson<CleanupRun>([...args, '336h', '--dry-run']);
    assert.deepEqual([dry.code, dry.result.dryRun, dry.result.rows], [0, true, 1]);
    assert.deepEqual(rowsOf(dry.result), { sessions: 1, deleted_users: 1 });
    const text = await runHoldfast([...args, '336h', '--verbose']);
    assert.equal(text.code, 0);
    assert.match(text.stderr, /^sessions: 1 row so far$/m);
    assert.match(text.stdout, /^1 row is gone\.$/m);
    assert.match(text.stdout, /sessions +1 deleted: .*\(kept 14d\)/);
    assert.match(text.stdout, /deleted_users +1 wait for a word: .*\(kept 30d\)/);
    assert.match(text.stdout, /What waits for a word goes with --yes\./);
    assert.deepEqual(rowsOf((await runHoldfastJson<CleanupRun>(args)).result), {
      sessions: 2,
      deleted_users: 1,
    });
    const audited = await pool.many(sql<{ details: unknown }>`
      select details from audit_log where action = 'cleanup.completed' order by position
    `);
    assert.deepEqual(
      audited.map(({ details }) => details),
      [
        { rows: { sessions: 1 }, retentions: { sessions: '14d' } },
        { rows: { sessions: 2 }, retentions: { sessions: '7d' } },
      ],
    );
  });

  it('removes old backups as well, but not for a database that was named', async t => {
    const { ownerUrl } = await testDatabase(t);
    const home = mkdtempSync(join(tmpdir(), 'holdfast-cleanup-'));
    t.after(() => rmSync(home, { recursive: true }));
    const ids: string[] = [];
    for (const days of [1, 10, 20, 30]) ids.push(await storeBackup(home, days));
    const variables = { HOLDFAST_HOME: home, HOLDFAST_BACKUP_KEEP: 'within=7d', DATABASE_URL: ownerUrl };
    const backups = () => readdirSync(join(home, 'backups')).sort().reverse();
    await runHoldfast(['cleanup', '--database-url', ownerUrl], variables);
    await runHoldfast(['cleanup', '--dry-run'], variables);
    await runHoldfast(['cleanup'], { ...variables, HOLDFAST_BACKUP_KEEP: 'all' });
    assert.deepEqual(backups(), ids);
    const { code, stdout } = await runHoldfast(['cleanup', '400h'], variables);
    assert.equal(code, 0);
    assert.match(stdout, /backups: 2 backups removed, 2 stay, .* freed$/m);
    assert.deepEqual(backups(), ids.slice(0, 2));
    await runHoldfast(['cleanup'], variables);
    assert.deepEqual(backups(), ids.slice(0, 1));
  });

  it('removes deleted rows and audit entries with a word, each after its own retention', async t => {
    const { pool, args } = await system(t);
    const patient = await runHoldfastJson<CleanupRun>([...args, '--yes', '--deleted', '90d']);
    assert.deepEqual(rowsOf(patient.result), { sessions: 3 });
    const { result } = await runHoldfastJson<CleanupRun>([...args, '--yes', '--audit', '365d']);
    assert.deepEqual(rowsOf(result), { deleted_users: 1, audit_log: 1 });
    const actions = await pool.many(sql<{ action: string }>`select action from audit_log order by position`);
    assert.deepEqual(
      actions.map(({ action }) => action),
      ['cleanup.completed', 'cleanup.started', 'cleanup.completed'],
    );
  });

  it('works on any database, with a policy file', async t => {
    const { ownerUrl } = await emptyDatabase(t);
    const owner = await connect({ url: ownerUrl });
    t.after(() => owner.close());
    await owner.script(`
      create table events (id int, created_at date);
      insert into events select n, current_date - n from generate_series(1, 100) as n;
    `);
    const args = ['cleanup', '--database-url', ownerUrl];
    const without = await runHoldfast(args);
    assert.equal(without.code, 0);
    assert.match(without.stdout, /not one of Holdfast, and no policy file says what may go/);
    const policies = [{ table: 'events', time: 'created_at', retention: '90d' }];
    const { code, result } = await runHoldfastJson<CleanupRun>([
      ...args,
      '--policy',
      policyFile(t, { policies }),
    ]);
    assert.deepEqual([code, rowsOf(result)], [0, { 'events.created_at': 11 }]);
    const wrong = await runHoldfast([...args, '--policy', policyFile(t, { policies: [{ table: 'x' }] })]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /policies\[0\]: "retention" must be a duration/);
  });

  it('says that a part failed', async t => {
    const { ownerUrl } = await emptyDatabase(t);
    const owner = await connect({ url: ownerUrl });
    t.after(() => owner.close());
    await owner.script(`
      create table events (at timestamptz);
      insert into events values ('2020-01-01');
      create function refuse() returns trigger language plpgsql as $$ begin raise 'not this one'; end $$;
      create trigger refuse before delete on events for each row execute function refuse();
    `);
    const policies = [{ table: 'events', time: 'at', retention: '90d' }];
    const { code, stdout } = await runHoldfast([
      'cleanup',
      '--database-url',
      ownerUrl,
      '--policy',
      policyFile(t, { policies }),
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /events\.at +failed after 0: not this one/);
  });

  it('refuses wrong usage and waits for nobody', async t => {
    const { pool, args } = await system(t);
    for (const [more, problem] of [
      [['7'], /RETENTION must be a duration/],
      [['-5d'], /^error: RETENTION must be a duration .*, not "-5d": it .* cannot be negative\. Nothing was/],
      [['--deleted', '-5d'], /^error: --deleted must be a duration .*, not "-5d"/],
      [['--audit', 'soon'], /--audit must be a duration/],
      [['--batch-size', '0'], /--batch-size must be a whole number/],
      [['--policy', '/nowhere.json'], /nowhere\.json: it cannot be read/],
    ] as const) {
      const { code, stderr } = await runHoldfast([...args, ...more]);
      assert.equal(code, 2);
      assert.match(stderr, problem);
    }
    await pool.connection(async connection => {
      await connection.query(sql`select pg_advisory_lock(${advisoryLockKey('holdfast:cleanup')}::bigint)`);
      assert.equal((await runHoldfast(args)).code, 3);
    });
    const { count } = await pool.one(sql<{ count: number }>`select count(*) as count from sessions`);
    assert.equal(count, 3);
  });
});
