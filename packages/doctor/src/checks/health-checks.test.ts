import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CheckOutcome, type Observation, runChecks } from '../engine/index.ts';
import { HEALTH_CHECKS } from './health-checks.ts';

const HOLDER = {
  ...{ role: 'holds', tables: 1, seconds: 1.2, target: 'relation public.users', mode: 'AccessExclusiveLock' },
  ...{ pid: 42, user: 'ada', application: 'psql', state: 'idle in transaction', query: 'lock table users' },
};

const LOCKED_OUT: Observation = {
  ...{ id: 'schema.catalog', probe: 'schema', subject: 'database', couldNotLook: 'a lock' },
  blockedBy: 'health.blocked-sessions',
};

function judgeLocks(
  saw: { readonly level: string; readonly evidence: readonly unknown[] },
  ...others: readonly Observation[]
): CheckOutcome[] {
  const seen = { summary: 'said by the catalogue', remedy: null, ...saw };
  const looked = { id: 'health.blocked-sessions', probe: 'health', subject: 'database', saw: seen };
  return runChecks(HEALTH_CHECKS, [looked, ...others]).filter(({ check }) => check === 'database.locks');
}

describe('a table that is locked whole', () => {
  it('is named once a look has met the lock, with who holds it and what ends it', () => {
    const [failure, ...others] = judgeLocks({ level: 'ok', evidence: [HOLDER] }, LOCKED_OUT);
    assert.deepEqual([failure?.outcome, failure?.subject, others], ['fail', 'table:users', []]);
    assert.equal(
      failure?.detail,
      'pid 42 (role ada, application psql) keeps even readers out of users, its transaction open for 1.2 s; idle in transaction: lock table users',
    );
    assert.equal(failure?.remedy?.at(-1), 'select pg_terminate_backend(42);');
  });

  it('is no fault for the moment in which nobody has met the lock', () => {
    const [outcome, ...others] = judgeLocks({ level: 'ok', evidence: [HOLDER] });
    assert.deepEqual([outcome?.outcome, others], ['pass', []]);
  });

  it('is named without that once it is locked for long', () => {
    const [outcome] = judgeLocks({ level: 'critical', evidence: [{ ...HOLDER, seconds: 60 }] });
    assert.deepEqual([outcome?.outcome, outcome?.subject], ['fail', 'table:users']);
  });

  it('is not made up where a look has met a lock that is gone since', () => {
    const [outcome] = judgeLocks({ level: 'ok', evidence: [] }, LOCKED_OUT);
    assert.equal(outcome?.outcome, 'pass');
  });

  it('is told without what is hidden, and with how many tables it is', () => {
    const hidden = { ...HOLDER, user: null, application: null, seconds: null, state: null, query: null };
    const [failure] = judgeLocks({ level: 'ok', evidence: [{ ...hidden, tables: 3 }] }, LOCKED_OUT);
    assert.equal(failure?.detail, 'pid 42 keeps even readers out of users and 2 more tables');
  });
});
