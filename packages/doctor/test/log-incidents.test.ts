import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseSettings, systemClock } from '@holdfast/core';
import { generateLog, renderJsonLog, type ScenarioName } from '@holdfast/testing';
import { lookAtLogIncidents } from '../src/probes/log-incidents-probe.ts';
import { type Looks, sawIn } from '../src/probes/probe.ts';
import { resolveTarget } from '../src/target.ts';

async function homeWithLog(t: TestContext, log: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-log-incidents-'));
  t.after(() => rm(home, { recursive: true }));
  await mkdir(join(home, 'logs'));
  await writeFile(join(home, 'logs', 'server.log'), log);
  return home;
}

async function look(home: string, now: number): Promise<Looks> {
  const target = await resolveTarget({ home, settings: parseSettings([]) });
  const clock = { ...systemClock, now: () => now };
  return lookAtLogIncidents(target, { clock, signal: new AbortController().signal, patience: 1 });
}

/** A seed whose incident goes on to the end of its log. */
function lastingLog(incident: ScenarioName): { text: string; end: number } {
  for (let seed = 1; seed < 20; seed += 1) {
    const log = generateLog({ seed, incident });
    const end = log.requests.at(-1)?.time ?? 0;
    if (end - (log.truth?.end ?? 0) < 120_000) return { text: renderJsonLog(log), end };
  }
  throw new Error(`${incident} never lasts`);
}

describe('the logs of the home', () => {
  it('tell of an incident that goes on, with what it is about', async t => {
    const { text, end } = lastingLog('deployment_regression');
    const saw = sawIn(await look(await homeWithLog(t, text), end), 'logs.incidents');
    assert.deepEqual(
      saw?.incidents.map(({ state, endpoints, affectedBy }) => [state, endpoints, affectedBy]),
      [['open', ['POST /api/v1/chat/conversations/{id}/messages'], 'user']],
    );
    assert.ok((saw?.incidents[0]?.affected ?? 0) > 10);
  });

  it('are looked at for the last hour alone', async t => {
    const { text, end } = lastingLog('deployment_regression');
    const saw = sawIn(await look(await homeWithLog(t, text), end + 3_600_001), 'logs.incidents');
    assert.deepEqual(saw, { requests: 0, incidents: [] });
  });

  it('are no observation where there are none', async t => {
    const home = await mkdtemp(join(tmpdir(), 'holdfast-log-incidents-'));
    t.after(() => rm(home, { recursive: true }));
    assert.deepEqual(await look(home, Date.now()), {});
  });
});
