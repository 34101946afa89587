import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { parseSettings } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import {
  apiProcessDown,
  connectionsLeftInTransactions,
  databaseFilesGone,
  databaseHung,
  databaseStopped,
  encryptionKeyChanged,
  type FaultInjection,
  issuerChanged,
  requiredVariableUnset,
  type Stack,
  signingKeyChanged,
  tableMissing,
} from '@holdfast/testing';
import { type Diagnosis, examine, exitCode, renderDiagnosis, resolveTarget } from '../src/index.ts';
import { assertSchema } from './assert-schema.ts';
import { diagnose, PATIENTLY, stackWithUsers } from './examination.ts';

const causes = ({ rootCauses }: Diagnosis) => rootCauses.map(({ code }) => code);
const alternatives = ({ undecided }: Diagnosis) =>
  undecided.flatMap(item => item.alternatives.map(side => side.map(({ code }) => code).join('+')));

describe('with part of the evidence out of sight the doctor names no wrong cause', () => {
  let stack: Stack;
  const mend: (() => Promise<void>)[] = [];

  before(async () => {
    stack = await stackWithUsers();
  });
  afterEach(async () => {
    for (let step = mend.pop(); step !== undefined; step = mend.pop()) await step();
  });
  after(() => stack.close());

  async function inject(fault: FaultInjection): Promise<void> {
    mend.push(() => fault.heal(stack));
    await fault.inject(stack);
  }

  async function hideServerLog(): Promise<void> {
    const path = join(stack.home, 'logs', 'server.log');
    await rename(path, `${path}.hidden`);
    mend.push(() => rename(`${path}.hidden`, path));
  }

  /** The stack as seen from a machine that has only the URLs. */
  async function examineFromOutside(apiUrl: string): Promise<Diagnosis> {
    const values = { DATABASE_URL: stack.cluster.appUrl };
    const settings = parseSettings([{ origin: 'test', values }]);
    return examine(await resolveTarget({ home: '/nowhere', settings, apiUrl }), PATIENTLY);
  }

  for (const fault of [apiProcessDown, requiredVariableUnset]) {
    it(`${fault.name} without the log of the server: it cannot tell`, async () => {
      await inject(fault);
      await hideServerLog();
      const diagnosis = await diagnose(stack);
      assert.deepEqual(causes(diagnosis), []);
      assert.ok(alternatives(diagnosis).includes('api_process_down'));
      assert.ok(alternatives(diagnosis).includes('required_variable_unset'));
      assert.ok(diagnosis.undecided[0]?.separatedBy.some(({ check }) => check === 'config.variables_set'));
      assert.equal(exitCode(diagnosis), 1);
      assertSchema(diagnosis);
      assert.match(renderDiagnosis(diagnosis), /^Something is broken, but what can be seen cannot tell "/);
    });
  }

  for (const fault of [databaseStopped, databaseFilesGone]) {
    it(`${fault.name}, seen from outside: it cannot tell it from a wrong address`, async () => {
      const { url } = stack.server;
      await inject(fault);
      const diagnosis = await examineFromOutside(url);
      assert.deepEqual(causes(diagnosis), []);
      assert.deepEqual(alternatives(diagnosis).sort(), [
        'database_files_gone',
        'database_stopped',
        'database_unreachable',
      ]);
      assert.equal(exitCode(diagnosis), 1);
    });
  }

  it('everything stopped in order, seen from outside: it cannot tell, and says what would', async () => {
    const { url } = stack.server;
    mend.push(() => stack.server.start());
    await stack.server.stop();
    await inject(databaseStopped);
    const diagnosis = await examineFromOutside(url);
    assert.deepEqual([causes(diagnosis), diagnosis.unexplained], [[], []]);
    assert.deepEqual(alternatives(diagnosis).toSorted(), [
      'api_process_down+database_stopped',
      'api_process_down+database_unreachable',
      'holdfast_down',
      'holdfast_stopped',
    ]);
    const { separatedBy = [] } = diagnosis.undecided[0] ?? {};
    assert.match(
      separatedBy.find(({ check }) => check === 'process.in_service')?.why ?? '',
      /^no API server is known to belong on this machine; on its own, holdfast doctor sees it$/,
    );
    assert.equal(exitCode(diagnosis), 1);
    assert.match(
      diagnosis.headline,
      /^Something is broken, but what can be seen cannot tell "Holdfast is not/,
    );
  });

  it('a hung database, seen from outside: the plan says how to find its process', async () => {
    const { url } = stack.server;
    await inject(databaseHung);
    const diagnosis = await examineFromOutside(url);
    assert.deepEqual(causes(diagnosis), ['database_hung']);
    assert.match(
      diagnosis.rootCauses[0]?.repair.steps[0] ?? '',
      /^On the machine of PostgreSQL see whether its first process is suspended: ps /,
    );
  });

  it('a missing table, without the owner: it is named all the same', async () => {
    await inject(tableMissing('audit_log'));
    const diagnosis = await examineFromOutside(stack.server.url);
    assert.deepEqual(
      diagnosis.rootCauses.map(({ code, subject }) => [code, subject]),
      [['table_missing', 'table:audit_log']],
    );
  });

  it('a missing table, without the ledger: it cannot tell, and says what would', async () => {
    await inject(tableMissing('audit_log'));
    await stack.asSuperuser(db => db.query(sql`revoke usage on schema holdfast_ledger from public`));
    const diagnosis = await examineFromOutside(stack.server.url);
    assert.deepEqual([causes(diagnosis), diagnosis.unexplained], [[], []]);
    assert.ok(alternatives(diagnosis).includes('table_missing'));
    assert.ok(diagnosis.undecided[0]?.separatedBy.some(({ check }) => check === 'schema.tables'));
    assert.match(
      diagnosis.headline,
      /^Something is broken \(login answered 500 schema_mismatch, not 200\), and what can be seen cannot tell which of \d+ causes it has\.$/,
    );
  });

  it('a probe account that somebody shuts out: signing in is not blamed', async () => {
    await stack.asSuperuser(async db => {
      await db.query(sql`
        create function shut_out() returns trigger language plpgsql
        as $$ begin new.status := 'disabled'; return new; end $$
      `);
      await db.query(
        sql`create trigger shut_out before insert on users for each row execute function shut_out()`,
      );
    });
    mend.push(() => stack.restoreDatabase());
    const diagnosis = await diagnose(stack);
    assert.deepEqual([causes(diagnosis), diagnosis.undecided, diagnosis.unexplained], [[], [], []]);
    const signIn = diagnosis.notExamined.find(({ check }) => check === 'auth.login');
    assert.equal(signIn?.why, 'somebody has shut the probe account out (account_disabled)');
  });

  it('transactions left open that hold every connection, without the right to see them: it cannot tell', async () => {
    await inject(connectionsLeftInTransactions());
    const { url } = stack.server;
    const diagnosis = await examineFromOutside(url);
    assert.deepEqual(causes(diagnosis), []);
    assert.deepEqual(alternatives(diagnosis).toSorted(), [
      'connection_limit_reached',
      'connections_left_in_transactions',
    ]);
    assert.ok(diagnosis.undecided[0]?.separatedBy.some(({ check }) => check === 'database.slots_in_use'));
  });

  for (const [fault, check] of [
    [encryptionKeyChanged, 'keys.encryption'],
    [issuerChanged, 'config.claims'],
  ] as const) {
    it(`${fault.name}, seen from outside: it was not examined, and nothing else is blamed`, async () => {
      await inject(fault);
      const diagnosis = await examineFromOutside(stack.server.url);
      assert.deepEqual([causes(diagnosis), diagnosis.undecided, diagnosis.unexplained], [[], [], []]);
      assert.ok(!diagnosis.checks.some(({ id, outcome }) => id === check && outcome === 'pass'));
    });
  }

  it('changed keys, without the keyring: the published ones show it', async () => {
    await inject(signingKeyChanged);
    const diagnosis = await examineFromOutside(stack.server.url);
    assert.deepEqual(causes(diagnosis), ['signing_key_changed']);
    assert.equal(diagnosis.rootCauses[0]?.confidence, 'certain');
  });
});
