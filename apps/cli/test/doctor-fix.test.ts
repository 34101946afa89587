import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import {
  apiHung,
  apiProcessDown,
  databaseReadOnly,
  databaseStopped,
  eventually,
  type FaultInjection,
  rightsRevoked,
  type Stack,
  sequenceBehind,
  triggerDisabled,
  wrongDatabasePassword,
} from '@holdfast/testing';
import { base, fix, journals, post, startFixableStack } from './doctor-fix-command.ts';
import { collect, runHoldfast, spawnHoldfast } from './run-holdfast.ts';

const SIGN_INS = 30;

describe('holdfast doctor --fix', () => {
  let stack: Stack;

  before(async () => {
    stack = await startFixableStack();
    await post(stack, 'register');
    // each leaves a row, and each insert that fails moves the sequence on by one
    for (let time = 0; time < SIGN_INS; time += 1) await post(stack, 'login');
    await stack.saveDatabase();
  });
  after(() => stack.close());

  async function withFault(fault: FaultInjection, work: () => Promise<void>): Promise<void> {
    await fault.inject(stack);
    try {
      await work();
    } finally {
      await fault.heal(stack);
    }
  }

  function positionOfSequence(): Promise<number> {
    return stack.asSuperuser(async db => {
      const row = await db.one(
        sql<{ last: number }>`select last_value::int4 as last from audit_log_position_seq`,
      );
      return row.last;
    });
  }

  it('--fix=plan shows the statement and changes nothing', async () => {
    await withFault(sequenceBehind('audit_log', 'position'), async () => {
      const { code, stdout } = await runHoldfast(['doctor', '--fix=plan', ...base(stack)]);
      assert.equal(code, 1);
      assert.match(stdout, /^1 repair planned, 0 causes left to you\. Nothing was changed\.$/m);
      assert.match(stdout, /^ +select pg_catalog\.setval\('public\.audit_log_position_seq', greatest\(/m);
      assert.ok((await positionOfSequence()) < SIGN_INS);
      assert.deepEqual(await readdir(join(stack.home, 'repairs')).catch(() => []), []);
    });
  });

  it('a safe repair is done at once, and a second run has nothing to do', async () => {
    await withFault(sequenceBehind('audit_log', 'position'), async () => {
      const { code, stdout } = await runHoldfast(['doctor', '--fix', ...base(stack)]);
      assert.match(stdout, /^Repaired: 1 repair done and proven, and everything that was examined works\.$/m);
      assert.equal(code, 0);
      assert.ok((await positionOfSequence()) > SIGN_INS);
      const again = await fix(stack);
      assert.deepEqual([again.code, again.report.status, again.report.repairs], [0, 'green', []]);
    });
  });

  it('what needs consent is not begun without, and is done with --yes after a backup', async () => {
    await withFault(triggerDisabled('users', 'users_modified_at'), async () => {
      const refused = await fix(stack);
      assert.equal(refused.code, 1);
      assert.deepEqual(
        refused.report.repairs.map(({ outcome, steps }) => [outcome, steps[0]?.detail]),
        [['planned', 'not agreed to; --yes agrees']],
      );
      const done = await fix(stack, '--yes');
      assert.equal(done.code, 0, done.report.headline);
      const [repaired] = done.report.repairs;
      assert.match(repaired?.backup ?? '', /^\d{8}T/);
      assert.ok((repaired?.untouched?.compared ?? 0) > 10);
      assert.deepEqual(repaired?.untouched?.changed, []);
    });
  });

  for (const fault of [apiHung, databaseReadOnly, wrongDatabasePassword, rightsRevoked('user_profiles')]) {
    it(`${fault.name}: repaired by the command`, async () => {
      await withFault(fault, async () => {
        const { code, report } = await fix(stack, '--yes');
        assert.equal(code, 0, JSON.stringify(report.repairs));
        assert.ok(report.repairs.every(({ outcome }) => outcome === 'helped'));
      });
    });
  }

  it('a run that is killed is finished by the next one, and a plain doctor says so until then', async () => {
    const fault = triggerDisabled('users', 'users_modified_at');
    await withFault(fault, async () => {
      await stack.asSuperuser(async db => {
        await db.query(sql`begin`);
        await db.query(sql`lock table users in row exclusive mode`);
        const child = spawnHoldfast(['doctor', '--fix', '--yes', '--json', ...base(stack)]);
        const output = collect(child);
        await eventually(
          async () => (await journals(stack)).some(text => text.includes('"state": "begun"')),
          {
            timeoutMs: 60_000,
          },
        );
        child.kill('SIGKILL');
        await eventually(async () => child.signalCode === 'SIGKILL');
        assert.equal(output.stdout, '');
        await db.query(sql`rollback`);
      });
      const plain = await runHoldfast(['doctor', ...base(stack)]);
      assert.match(
        plain.stdout,
        /the repair of trigger_disabled at trigger:users\.users_modified_at .* was cut off/,
      );
      await fault.heal(stack);
      const planned = await runHoldfast(['doctor', '--fix=plan', ...base(stack)]);
      assert.equal(planned.code, 1, planned.stdout);
      await fault.inject(stack);
      const { code, report } = await fix(stack);
      assert.equal(code, 0, JSON.stringify(report));
      assert.deepEqual(
        report.resumed.map(({ code: name, outcome }) => [name, outcome]),
        [['trigger_disabled', 'helped']],
      );
      assert.deepEqual(report.repairs, []);
    });
  });

  it('what stopped is started again and stays, when the command has ended', async () => {
    await databaseStopped.inject(stack);
    const database = await fix(stack);
    assert.equal(database.code, 0, JSON.stringify([database.report.headline, database.report]));
    await stack.startDatabase();
    await apiProcessDown.inject(stack);
    const server = await fix(stack);
    assert.equal(server.code, 0, JSON.stringify([server.report.headline, server.report]));
    const run = JSON.parse(await readFile(join(stack.home, 'run', 'server.json'), 'utf8')) as { pid: number };
    process.kill(run.pid, 'SIGTERM');
  });
});
