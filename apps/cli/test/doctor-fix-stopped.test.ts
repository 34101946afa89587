import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import {
  databaseRolledBack,
  eventually,
  preparedTransactionForgotten,
  type Stack,
  triggerDisabled,
} from '@holdfast/testing';
import { base, type FixJson, fix, journals, post, startFixableStack } from './doctor-fix-command.ts';
import { BINARY, cleanEnvironment, collect, spawnHoldfast } from './run-holdfast.ts';

const SCRIPT = '/usr/bin/script';
const LONG = { timeoutMs: 60_000 };
const SWITCHED_OFF = triggerDisabled('users', 'users_modified_at');

describe('holdfast doctor --fix that somebody stops, or is asked', () => {
  let stack: Stack;

  before(async () => {
    stack = await startFixableStack();
    // to which moment a database was put back shows in what was written before
    await post(stack, 'register');
    await stack.saveDatabase();
  });
  after(() => stack.close());

  it('Ctrl-C lets the step that was begun end, says so, and the next run goes on', async () => {
    await SWITCHED_OFF.inject(stack);
    try {
      const { output, child } = await stack.asSuperuser(async db => {
        await db.query(sql`begin`);
        await db.query(sql`lock table users in row exclusive mode`);
        const begun = spawnHoldfast(['doctor', '--fix', '--yes', '--json', ...base(stack)]);
        const said = collect(begun);
        await eventually(
          async () => (await journals(stack)).some(text => text.includes('"state": "begun"')),
          LONG,
        );
        begun.kill('SIGINT');
        await db.query(sql`rollback`);
        return { output: said, child: begun };
      });
      if (child.exitCode === null) await once(child, 'close');
      const { error } = JSON.parse(output.stdout) as FixJson;
      assert.deepEqual([child.signalCode, error?.code], [null, 'interrupted'], output.stderr);
      const { code, report } = await fix(stack);
      assert.deepEqual([code, report.repairs], [0, []], report.headline);
      assert.deepEqual(report.resumed.map(pair), [['trigger_disabled', 'helped']]);
    } finally {
      await SWITCHED_OFF.heal(stack);
    }
  });

  it('a database that was put back is told which time it lacks', async () => {
    const fault = databaseRolledBack();
    await fault.inject(stack);
    try {
      const { code, report } = await fix(stack, '--yes');
      const expected = [0, [['database_rolled_back', 'helped']]];
      assert.deepEqual([code, report.repairs.map(pair)], expected, JSON.stringify(report).slice(0, 4_000));
    } finally {
      await fault.heal(stack);
    }
  });

  const onTerminal = { skip: existsSync(SCRIPT) ? false : 'needs script(1) for a terminal' };

  it('on a terminal only a typed yes agrees', onTerminal, async () => {
    await SWITCHED_OFF.inject(stack);
    try {
      const refused = await typing('no');
      assert.match(refused.said, /Repair of trigger_disabled at trigger:users\.users_modified_at:/);
      assert.match(refused.said, /not agreed to; --yes agrees/);
      assert.equal(refused.code, 1);
      const agreed = await typing('yes');
      assert.match(agreed.said, /Repaired: 1 repair done and proven/);
      assert.equal(agreed.code, 0);
    } finally {
      await SWITCHED_OFF.heal(stack);
    }
  });

  it('what cannot be undone asks for the name of the fault, and yes is not enough', onTerminal, async () => {
    await preparedTransactionForgotten.inject(stack);
    const refused = await typing('yes');
    assert.match(refused.said, /Type prepared_transaction_forgotten to do it: /);
    assert.match(refused.said, /not agreed to; --yes-destructive agrees/);
    assert.equal(refused.code, 1);
    const agreed = await typing('prepared_transaction_forgotten');
    assert.match(agreed.said, /Repaired: 1 repair done and proven/);
    assert.equal(agreed.code, 0);
  });

  /** Runs the command on a terminal of its own, and answers its question. */
  async function typing(answer: string): Promise<{ readonly code: number | null; readonly said: string }> {
    const command = [process.execPath, BINARY, 'doctor', '--fix', ...base(stack)].join(' ');
    const child: ChildProcess = spawn(SCRIPT, ['-qefc', command, '/dev/null'], {
      env: cleanEnvironment({ SHELL: '/bin/sh' }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = collect(child);
    const closed = once(child, 'close');
    await eventually(() => / to do it: /.test(output.stdout) || child.exitCode !== null, LONG);
    child.stdin?.write(`${answer}\n`);
    const [code] = (await closed) as [number | null];
    return { code, said: output.stdout };
  }
});

const pair = ({ code, outcome }: FixJson['resumed'][number]): string[] => [code, outcome];
