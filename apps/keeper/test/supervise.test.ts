import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { newId, systemClock } from '@holdfast/core';
import { identifyProcess } from '../src/process/process-identity.ts';
import { type Incidents, openIncidents } from '../src/records/incidents.ts';
import { untilHanging } from '../src/supervision/liveness.ts';
import type { Supervisor } from '../src/supervision/supervise.ts';
import {
  BROKEN,
  CRASHING,
  eventually,
  fakePart,
  QUICK,
  STEADY,
  STUBBORN,
  superviseFake,
} from './fake-part.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-supervise-'));
after(() => rmSync(directory, { recursive: true }));

const started: Supervisor[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map(supervisor => supervisor.stop(AbortSignal.abort())));
});

const incidentsFor = (): Promise<Incidents> =>
  openIncidents({ path: join(directory, newId()), clock: systemClock });
const never = (): AbortSignal => new AbortController().signal;

test('a killed part is started again, and the incident tells why and when it was over', async () => {
  const incidents = await incidentsFor();
  const part = fakePart(STEADY);
  const supervisor = superviseFake(part, incidents);
  started.push(supervisor);
  await supervisor.firstAttempt;
  const [pid] = part.pids;
  assert.ok(pid !== undefined && pid > 0);
  process.kill(pid, 'SIGKILL');
  await eventually('a second life runs', () => part.pids.length === 2 && supervisor.state.kind === 'running');
  const [incident] = incidents.list(1);
  assert.equal(incident?.kind, 'exit');
  assert.equal(incident?.reason, 'it was killed by SIGKILL');
  assert.deepEqual(incident?.actions, ['started it again at once']);
  assert.notEqual(incident?.recoveredAt, null);
  assert.equal(supervisor.restarts, 1);
});

test('a part that crashes again and again is tried on slowly, with one open incident', async () => {
  const incidents = await incidentsFor();
  const part = fakePart(CRASHING);
  const supervisor = superviseFake(part, incidents);
  started.push(supervisor);
  await eventually('it is a crash loop', () => supervisor.state.kind === 'crash-looping');
  assert.equal(part.pids.length, 4);
  const open = incidents.openIncident('server');
  assert.equal(open?.kind, 'crash-loop');
  assert.equal(open?.reason, 'it exited with code 7');
});

test('a wish for a restart ends the waiting of a crash loop', async () => {
  const incidents = await incidentsFor();
  const part = fakePart(CRASHING);
  const supervisor = superviseFake(part, incidents);
  started.push(supervisor);
  await eventually('it is a crash loop', () => supervisor.state.kind === 'crash-looping');
  part.program = STEADY;
  supervisor.restart();
  await eventually('it runs', () => supervisor.state.kind === 'running');
  assert.equal(incidents.openIncident('server'), undefined);
});

test('a part that cannot be started rejects the first attempt and is tried again', async () => {
  const incidents = await incidentsFor();
  const part = fakePart(BROKEN);
  const supervisor = superviseFake(part, incidents);
  started.push(supervisor);
  await assert.rejects(supervisor.firstAttempt, /it exited with code 3/);
  part.program = STEADY;
  await eventually('it runs', () => supervisor.state.kind === 'running');
  assert.equal(incidents.list(1)[0]?.kind, 'start-failed');
});

test('a part that hangs is killed and started again', async () => {
  const incidents = await incidentsFor();
  let healthy = false;
  const part = fakePart(STUBBORN, (_life, signal) =>
    untilHanging(
      {
        intervalMs: 5,
        timeoutMs: 5,
        hangAfterMs: 20,
        clock: systemClock,
        probe: () => (healthy ? Promise.resolve() : Promise.reject(new Error('silent'))),
        onAnswer: () => undefined,
      },
      signal,
    ),
  );
  const supervisor = superviseFake(part, incidents);
  started.push(supervisor);
  await supervisor.firstAttempt;
  const [first = 0] = part.pids;
  await eventually('the hanging life is gone', () => identifyProcess(first) === undefined);
  healthy = true;
  await eventually(
    'another life runs',
    () => supervisor.state.kind === 'running' && part.pids.at(-1) !== first,
  );
  const [incident] = incidents.list(1);
  assert.match(incident?.reason ?? '', /^did not answer its liveness probe/);
  assert.equal(incident?.actions[0], 'killed it');
});

test('a restart that was asked for is no incident', async () => {
  const incidents = await incidentsFor();
  const part = fakePart(STEADY);
  const supervisor = superviseFake(part, incidents);
  started.push(supervisor);
  await supervisor.firstAttempt;
  supervisor.restart();
  await eventually('a second life runs', () => part.pids.length === 2 && supervisor.state.kind === 'running');
  assert.equal(incidents.list(1).length, 0);
});

test('a restart that is wished for while the part is starting follows that start', async () => {
  const incidents = await incidentsFor();
  const part = fakePart(STEADY);
  const supervisor = superviseFake(part, incidents);
  started.push(supervisor);
  assert.equal(supervisor.state.kind, 'starting');
  supervisor.restart();
  await eventually('a second life runs', () => part.pids.length === 2 && supervisor.state.kind === 'running');
  assert.equal(incidents.list(1).length, 0);
});

test('a restart that is wished for during an attempt that fails is not kept waiting', async () => {
  const incidents = await incidentsFor();
  const part = fakePart(BROKEN);
  const supervisor = superviseFake(part, incidents, { ...QUICK, loopExits: 1 });
  started.push(supervisor);
  part.program = STEADY; // from the second attempt on
  supervisor.restart();
  await assert.rejects(supervisor.firstAttempt, /it exited with code 3/);
  await eventually('it runs', () => supervisor.state.kind === 'running');
});

test('stopping ends the part and does not start it again', async () => {
  const incidents = await incidentsFor();
  const part = fakePart(STEADY);
  const supervisor = superviseFake(part, incidents);
  await supervisor.firstAttempt;
  await supervisor.stop(never());
  assert.equal(supervisor.state.kind, 'stopped');
  assert.equal(identifyProcess(part.pids[0] ?? 0), undefined);
  assert.equal(incidents.list(1).length, 0);
});

test('a second stop hurries the first', async () => {
  const incidents = await incidentsFor();
  const part = fakePart(STUBBORN);
  const supervisor = superviseFake(part, incidents);
  await supervisor.firstAttempt;
  const first = supervisor.stop(never());
  await supervisor.stop(AbortSignal.abort());
  await first;
  assert.equal(identifyProcess(part.pids[0] ?? 0), undefined);
});
