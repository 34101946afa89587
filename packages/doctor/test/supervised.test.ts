import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { generateKeyring, keyringPath, parseKeyring } from '@holdfast/auth/tokens';
import { parseSettings, systemClock } from '@holdfast/core';
import { eventually, type SupervisedStack, startSupervisedStack } from '@holdfast/testing';
import { type Diagnosis, examine, repair, resolveTarget } from '../src/index.ts';

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

  it('of which the plan is the command to type: a repair supervises nothing', async () => {
    const target = await resolveTarget({ home: stack.home, settings: parseSettings([]) });
    const { status, repairs, left } = await repair(target, await examine(target), {
      ...{ mode: 'plan', stateDirectory: stack.home, tools: {}, consent: async () => true },
    });
    assert.deepEqual([status, repairs], ['planned', []]);
    assert.deepEqual(
      left.map(({ code, subject }) => [code, subject]),
      [['holdfast_down', 'process:holdfast']],
    );
    assert.ok(left[0]?.why.endsWith(`there: holdfast start --home ${stack.home}`), left[0]?.why);
    assert.match(left[0]?.steps.join('\n') ?? '', /holdfast start/);
  });
});

describe('a server that ends at each start, under a keeper', () => {
  it('is one cause: what ends it, and not that it crashes again and again', async () => {
    const stack = await startSupervisedStack();
    try {
      const path = keyringPath(stack.home);
      const { keys } = parseKeyring(await readFile(path, 'utf8'));
      const second = generateKeyring(systemClock).keys.filter(({ use }) => use === 'refresh');
      await writeFile(path, JSON.stringify({ version: 1, keys: [...keys, ...second] }));
      const { server } = await stack.pids();
      assert.ok(server, 'the server is recorded');
      process.kill(server, 'SIGKILL');
      const target = () => resolveTarget({ home: stack.home, settings: parseSettings([]) });
      const diagnosis = await eventually(
        async () => {
          const seen = await examine(await target());
          const loops = seen.checks.some(
            ({ check, outcome }) => check === 'process.stable' && outcome === 'fail',
          );
          return loops ? seen : undefined;
        },
        { timeoutMs: 90_000, pollMs: 500 },
      );
      const { rootCauses, undecided, unexplained } = diagnosis;
      assert.deepEqual(
        rootCauses.map(({ code, subject }) => [code, subject]),
        [['keyring_unusable', 'keyring']],
      );
      assert.deepEqual([undecided, unexplained], [[], []]);
      assert.ok(rootCauses[0]?.explains.includes('process.stable'));
      assert.match(rootCauses[0]?.left ?? '', /put keyring\.json back from its backup$/);
    } finally {
      await stack.close();
    }
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
      const start = `there: holdfast start --home ${stack.home}`;
      assert.ok(diagnosis.rootCauses[0]?.left?.endsWith(start), diagnosis.rootCauses[0]?.left);
      const { repairs, left } = await repair(target, diagnosis, {
        ...{ mode: 'plan', stateDirectory: stack.home, tools: {}, consent: async () => true },
      });
      assert.deepEqual(repairs, []);
      assert.ok(left[0]?.why.endsWith(start), left[0]?.why);
    } finally {
      await stack.close();
    }
  });
});
