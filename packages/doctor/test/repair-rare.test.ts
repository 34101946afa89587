import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import {
  databaseHung,
  indexDamaged,
  preparedTransactionForgotten,
  type Stack,
  tableLocked,
} from '@holdfast/testing';
import { type Diagnosis, examine, repair } from '../src/index.ts';
import { addressesOf } from '../src/repair/addresses.ts';
import { carryOut } from '../src/repair/carry-out.ts';
import { planRepairs } from '../src/repair/plan-repairs.ts';
import { stackWithUsers } from './examination.ts';
import { changedTables, fix, resolveStack } from './repair-support.ts';

describe('repairs of what is rarely broken', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  it('an index that misses a row is built anew, and the row stays', async () => {
    await indexDamaged.inject(stack);
    try {
      const report = await fix(stack);
      assert.equal(report.status, 'green', JSON.stringify([report.headline, report.repairs, report.left]));
      assert.deepEqual(outcomes(report), [['index_damaged', 'helped', ['done']]]);
      assert.deepEqual(await changedTables(stack), ['public.roles']);
      await stack.asSuperuser(db => db.query(sql`select bt_index_check('roles_deleted_at', true)`));
    } finally {
      await indexDamaged.heal(stack);
    }
  });

  it('a suspended PostgreSQL goes on', async () => {
    await databaseHung.inject(stack);
    try {
      const resolve = resolveStack(stack);
      const target = await resolve();
      const report = await repair(target, await examine(target), {
        ...{ mode: 'apply', stateDirectory: stack.home, tools: {}, consent: async () => true, resolve },
      });
      assert.equal(report.status, 'green', JSON.stringify([report.headline, report.repairs, report.left]));
      assert.deepEqual(outcomes(report), [['database_hung', 'helped', ['done']]]);
    } finally {
      await databaseHung.heal(stack);
    }
  });

  it('a forgotten prepared transaction is rolled back only where losing it is agreed to', async () => {
    await preparedTransactionForgotten.inject(stack);
    const asked: string[] = [];
    const refused = await fix(stack, {
      consent: async ({ code, risk }) => {
        asked.push(`${code} ${risk}`);
        return false;
      },
    });
    assert.deepEqual(asked, ['prepared_transaction_forgotten destructive']);
    assert.equal(refused.repairs[0]?.steps[0]?.detail, 'not agreed to; --yes-destructive agrees');
    assert.equal(await countPrepared(), 1);
    const report = await fix(stack);
    assert.equal(report.status, 'green', JSON.stringify([report.headline, report.repairs, report.left]));
    assert.deepEqual(outcomes(report), [['prepared_transaction_forgotten', 'helped', ['done']]]);
    assert.equal(await countPrepared(), 0);
  });

  it('of a transaction that was left open the session ends, and no other of its role', async () => {
    const { appUrl } = stack.cluster;
    const [forgetful, busy] = await Promise.all([connect({ url: appUrl }), connect({ url: appUrl })]);
    try {
      await forgetful.query(sql`begin`);
      const { pid } = await forgetful.one(sql<{ pid: number }>`select pg_backend_pid() as pid`);
      const target = await resolveStack(stack)();
      const at = new Date().toISOString();
      const { repairs, left } = await planRepairs({
        ...{ target, diagnosis: leftOpen(await examine(target), pid), tools: {}, runId: 'left-open', at },
      });
      assert.deepEqual(left, []);
      for (const repair of repairs) {
        await carryOut({
          ...{ addresses: await addressesOf(target), tools: {}, repair, clock: systemClock },
          ...{ signal: new AbortController().signal, save: async () => undefined },
          onProgress: () => undefined,
        });
      }
      assert.deepEqual(
        repairs.map(({ code, phase }) => [code, phase]),
        [['transaction_left_open', 'applied']],
      );
      await assert.rejects(forgetful.query(sql`select 1`));
      await busy.query(sql`select 1`);
    } finally {
      await Promise.all([forgetful, busy].map(session => session.close().catch(() => undefined)));
    }
  });

  it('who locks a table here is ended, and nobody who makes others wait in another database', async () => {
    const elsewhere = new URL(stack.cluster.superuserUrl);
    elsewhere.pathname = '/postgres';
    const url = elsewhere.href;
    const [holder, waiting] = await Promise.all([connect({ url }), connect({ url })]);
    await holder.query(sql`select pg_advisory_lock(1)`);
    const waited = waiting.query(sql`select pg_advisory_lock(1)`).catch(() => undefined);
    const fault = tableLocked('user_profiles');
    await fault.inject(stack);
    try {
      const report = await fix(stack);
      assert.deepEqual(outcomes(report), [['table_locked', 'helped', ['done']]]);
      await holder.query(sql`select pg_advisory_unlock(1)`);
      await waited;
    } finally {
      await fault.heal(stack);
      await Promise.all([holder, waiting].map(session => session.close().catch(() => undefined)));
    }
  });

  async function countPrepared(): Promise<number> {
    const rows = await stack.asSuperuser(db => db.many(sql`select from pg_prepared_xacts`));
    return rows.length;
  }
});

type Report = Awaited<ReturnType<typeof fix>>;

function outcomes({ repairs }: Report): unknown[] {
  return repairs.map(({ code, outcome, steps }) => [code, outcome, steps.map(step => step.outcome)]);
}

/** As after ten minutes: what the doctor says then of a session whose transaction nobody ends. */
function leftOpen(diagnosis: Diagnosis, pid: number): Diagnosis {
  const evidence = [{ pid, user: 'holdfast_app', stateSeconds: 700 }];
  const saw = { level: 'critical', summary: '', evidence, remedy: null };
  const cause = {
    code: 'transaction_left_open',
    layer: 'database',
    subject: 'role:holdfast_app',
    confidence: 'certain',
    ...{
      summary: '',
      mechanism: '',
      evidence: [],
      explains: ['database.idle_transactions@role:holdfast_app'],
    },
    repair: { risk: 'confirm', steps: [], undo: '' },
  } as const;
  const id = 'health.idle-in-transaction';
  return {
    ...diagnosis,
    rootCauses: [cause],
    observations: [
      ...diagnosis.observations.filter(observation => observation.id !== id),
      { id, probe: 'health', subject: 'database', saw },
    ],
  };
}
