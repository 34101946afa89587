import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CHECKS } from '../checks/index.ts';
import { diagnose } from '../diagnose.ts';
import { type CheckOutcome, type Fault, type FaultContext, runChecks } from '../engine/index.ts';
import { OTHER_CODEBOOK } from './index.ts';
import { remedyOf } from './symptoms.ts';

const OURS =
  /holdfast (start|stop|migrate|serve|restore|rollback|seed)|embedded|HOLDFAST_|logs\/|the migrations? |\b503\b|[Nn]obody is signed out|signs nobody out/;

/** Every check fails for the subject. */
function failing(subject: string | undefined, remedy?: readonly string[]): FaultContext {
  const failure = (check: string): CheckOutcome => ({
    ...{ id: check, check, layer: 'database', title: '', outcome: 'fail', detail: 'as seen', evidence: [] },
    ...(subject === undefined ? {} : { subject }),
    ...(remedy === undefined ? {} : { remedy }),
  });
  return { subject, outcomes: check => [failure(check)] };
}

function textsOf(fault: Fault, context: FaultContext): string[] {
  const { steps, undo } = fault.repair(context);
  return [fault.summary(context), fault.mechanism(context), ...steps, undo];
}

const stopped = (directory: string) => {
  const saw = { state: 'stopped', suspended: false, port: 5432, directory };
  return runChecks(CHECKS, [{ id: 'database.cluster', saw } as never]);
};

describe('what is said of the faults of a system of another make', () => {
  it('names nothing that only a Holdfast has', () => {
    const contexts = [
      failing(undefined),
      failing('kind:name'),
      failing('kind:name', ['-- do this']),
      { subject: 'kind:name', outcomes: () => [] },
    ];
    const wrong = OTHER_CODEBOOK.flatMap(fault =>
      contexts.flatMap(context => textsOf(fault, context).filter(text => OURS.test(text))),
    );
    assert.deepEqual(wrong, []);
  });

  it('starts a stopped PostgreSQL on its own data directory', () => {
    const outcomes = stopped('/var/lib/its data');
    assert.ok(!outcomes.some(({ title, detail }) => /embedded/.test(title + detail)));
    const fault = OTHER_CODEBOOK.find(({ code }) => code === 'database_stopped');
    const { steps } = fault?.repair({
      subject: 'database',
      outcomes: check => outcomes.filter(outcome => outcome.check === check),
    }) ?? { steps: [] };
    assert.match(
      steps[0] ?? '',
      /^Start it: systemctl start postgresql, or pg_ctl start -D '\/var\/lib\/its data' /,
    );
  });

  const failed = (check: string, layer: CheckOutcome['layer'], subject?: string): CheckOutcome => ({
    ...{ id: subject === undefined ? check : `${check}@${subject}`, check, layer, title: '' },
    ...{ outcome: 'fail', detail: 'as seen', evidence: [], ...(subject === undefined ? {} : { subject }) },
  });
  const codesOf = (outcomes: readonly CheckOutcome[]): string[] =>
    diagnose(outcomes, OTHER_CODEBOOK).rootCauses.map(({ code }) => code);

  it('an API that waits for a hung database is not said to hang itself', () => {
    const replicas = [{ url: 'http://127.0.0.1:1', port: 'open', result: 'timeout', milliseconds: 2_000 }];
    const named = (result: 'timeout' | 'connected'): string[] =>
      codesOf(
        runChecks(CHECKS, [
          { id: 'api.replicas', saw: { replicas } } as never,
          {
            id: 'database.app',
            saw: { role: 'shop', address: '127.0.0.1:2', result, milliseconds: 1 },
          } as never,
        ]),
      );
    assert.deepEqual(named('timeout'), ['database_hung']);
    assert.deepEqual(named('connected'), ['replica_hung']);
  });

  it('tells what stops the users before what is found in the schema', () => {
    const index = failed('schema.indexes', 'schema', 'index:shop.orders_user');
    const login = ['login', 'password'].map(name => failed(`database.${name}`, 'database', 'role:shop'));
    assert.deepEqual(codesOf([index, ...login]), ['wrong_database_password', 'index_missing']);
  });

  it('writes names at the beginning of a sentence as they are', () => {
    const stepsOf = (line: string) => remedyOf(failing('kind:name', [line]), 'any', []);
    for (const name of ['order_items_product_id_fkey: look', 'orders: look', 'shop.orders has', 'Orders x'])
      assert.deepEqual(stepsOf(`-- ${name}`), [name]);
    assert.deepEqual(stepsOf('-- wait for it'), ['Wait for it']);
    assert.deepEqual(stepsOf('select 1'), ['select 1']);
  });
});

it('says of an operation that was not waited for that it is slow or hangs, not that it fails', () => {
  const told = (detail: string): string | undefined => {
    const outcome = { check: 'api.failures', outcome: 'fail', detail } as CheckOutcome;
    return OTHER_CODEBOOK.find(({ code }) => code === 'operation_fails')?.summary({
      ...{ subject: 'endpoint:GET /orders', outcomes: () => [outcome] },
    });
  };
  assert.equal(
    told('GET /orders gave no answer: no answer within 2000 ms'),
    'The operation GET /orders gives no answer within 2 s: it is slow, or hangs.',
  );
  for (const detail of ['GET /orders answered 500', 'GET /orders gave no answer: socket hang up'])
    assert.equal(told(detail), 'The operation GET /orders fails though the request is valid.');
});
