import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { SYSTEM_ACTOR } from '../src/audit/index.ts';
import { createPasswordHasher, importAccounts } from '../src/index.ts';
import { PASSWORD } from './harness.ts';

const hasher = createPasswordHasher({ concurrency: 2 });

function people(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    line: index + 1,
    email: `p${index}@example.com`,
    displayName: `P ${index}`,
  }));
}

test('a batch whose transaction has to be run again is complete', async t => {
  const { pool, ownerUrl } = await testDatabase(t);
  const owner = await connect({ url: ownerUrl });
  t.after(() => owner.close());
  // a sequence remembers what a rolled back transaction did
  await owner.script(`
    create sequence attempts;
    grant usage on sequence attempts to public;
    create function fail_once() returns trigger language plpgsql as $$
    begin
      if nextval('attempts') = 1 then raise sqlstate '40001'; end if;
      return null;
    end $$;
    create trigger fail_once after insert on user_profiles for each statement execute function fail_once();
  `);
  const { imported, problems } = await importAccounts({ pool, hasher }, SYSTEM_ACTOR, people(50));
  assert.deepEqual([imported, problems], [50, []]);
  const counts = await pool.one(sql<Record<string, number>>`
    select (select count(*) from users) as users, (select count(*) from user_profiles) as profiles,
      (select count(*) from user_roles) as roles, (select count(*) from audit_log) as audited
  `);
  assert.deepEqual({ ...counts }, { users: 50, profiles: 50, roles: 50, audited: 1 });
});

test('passwords are hashed in small batches, each with its audit entry; a dry run and atomic change nothing', async t => {
  const { pool } = await testDatabase(t);
  const accounts = people(120).map((account, index) =>
    index === 5 ? { ...account, password: PASSWORD } : account,
  );
  const bad = [...accounts, { line: 121, email: 'x@example.com', password: 'short' }];
  for (const options of [{ dryRun: true }, { mode: 'atomic' }] as const) {
    const outcome = await importAccounts({ pool, hasher }, SYSTEM_ACTOR, bad, options);
    assert.equal(outcome.imported, 'dryRun' in options ? 120 : 0);
    assert.deepEqual(
      outcome.problems.map(({ line, code }) => [line, code]),
      [[121, 'password_rejected']],
    );
    assert.equal((await pool.many(sql`select from users`)).length, 0);
  }
  const { imported } = await importAccounts({ pool, hasher }, SYSTEM_ACTOR, bad);
  assert.equal(imported, 120);
  const batches = await pool.many(sql<{ accounts: number }>`
    select (details -> 'accounts')::int as accounts from audit_log order by position
  `);
  assert.deepEqual(
    batches.map(({ accounts: count }) => count),
    [100, 20],
  );
});
