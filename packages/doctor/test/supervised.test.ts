import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseSettings } from '@holdfast/core';
import { eventually, type SupervisedStack, startSupervisedStack } from '@holdfast/testing';
import { type Diagnosis, examine, resolveTarget } from '../src/index.ts';

describe('a system under a keeper, broken further and further', () => {
  let stack: SupervisedStack;

  before(async () => {
    stack = await startSupervisedStack();
  });
  after(() => stack.close());

  async function diagnose(): Promise<Diagnosis> {
    return examine(await resolveTarget({ home: stack.home, settings: parseSettings([]) }));
  }

  async function causes(): Promise<string[]> {
    const { rootCauses, undecided, unexplained } = await diagnose();
    assert.deepEqual([undecided, unexplained], [[], []]);
    return rootCauses.map(({ code, subject }) => `${code} ${subject}`);
  }

  async function signal(part: 'keeper' | 'server' | 'postgres', name: NodeJS.Signals): Promise<number> {
    const pid = (await stack.pids())[part];
    assert.ok(pid, `${part} is recorded`);
    process.kill(pid, name);
    return pid;
  }

  it('is healthy to begin with', async () => {
    assert.equal((await diagnose()).status, 'healthy');
  });

  it('is healthy again after the server was killed, because the keeper restarts it', async () => {
    const killed = await signal('server', 'SIGKILL');
    await eventually(async () => ((await stack.pids()).server ?? killed) !== killed);
    await eventually(async () => (await diagnose()).status === 'healthy');
  });

  it('a suspended keeper: the API answers, but not through it', async () => {
    await signal('keeper', 'SIGSTOP');
    // A signal takes effect a moment after it was sent.
    const { rootCauses, unexplained } = await eventually(async () => {
      const diagnosis = await diagnose();
      const seen =
        diagnosis.checks.find(({ check }) => check === 'process.keeper_scheduled')?.outcome === 'fail';
      return seen ? diagnosis : undefined;
    });
    const { keeper } = await stack.pids();
    assert.equal(rootCauses[0]?.repair.steps[0], `Let the process go on: kill -CONT ${keeper}.`);
    assert.deepEqual(
      rootCauses.map(({ code, layer }) => [code, layer]),
      [['keeper_does_not_forward', 'proxy']],
    );
    assert.deepEqual(unexplained, []);
    assert.match(rootCauses[0]?.mechanism ?? '', /^A signal has suspended the keeper/);
    await signal('keeper', 'SIGCONT');
  });

  it('a killed keeper', async () => {
    await signal('keeper', 'SIGKILL');
    await eventually(async () => (await causes()).length > 0);
    assert.deepEqual(await causes(), ['keeper_down process:keeper']);
  });

  it('a killed keeper and a killed server', async () => {
    await signal('server', 'SIGKILL');
    assert.deepEqual(await causes(), ['api_process_down process:server', 'keeper_down process:keeper']);
  });

  it('everything killed is one cause, not three', async () => {
    const postgres = await signal('postgres', 'SIGKILL');
    await eventually(async () => (await stack.pids()).postgres === postgres);
    assert.deepEqual(await causes(), ['holdfast_down process:holdfast']);
  });
});

describe('a system under a keeper that was stopped', () => {
  it('is said to be stopped, not to have crashed', async () => {
    const stack = await startSupervisedStack();
    try {
      await stack.stop();
      const target = await resolveTarget({ home: stack.home, settings: parseSettings([]) });
      const diagnosis = await examine(target);
      assert.deepEqual(
        diagnosis.rootCauses.map(({ code }) => code),
        ['holdfast_stopped'],
      );
      assert.match(diagnosis.headline, /^Holdfast is not running: it was stopped/);
    } finally {
      await stack.close();
    }
  });
});
