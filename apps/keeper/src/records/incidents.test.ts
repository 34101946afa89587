import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { openIncidents, readIncidents } from './incidents.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-incidents-'));
after(() => rmSync(directory, { recursive: true }));

test('an incident is opened, acted on and closed; every change is a line, the last one holds', async () => {
  const path = join(directory, 'life');
  const incidents = await openIncidents({ path, clock: systemClock });
  incidents.open('server', 'exit', 'the API server was killed by SIGKILL');
  incidents.act('server', 'started it again at once');
  incidents.recover('server');
  await incidents.flush();
  assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 3);
  const [incident, ...others] = await readIncidents(path, 10);
  assert.equal(others.length, 0);
  assert.equal(incident?.kind, 'exit');
  assert.deepEqual(incident?.actions, ['started it again at once']);
  assert.ok(Date.parse(incident?.recoveredAt ?? '') >= Date.parse(incident?.startedAt ?? ''));
  assert.equal(incidents.openedCount, 1);
});

test('trouble that goes on changes the open incident instead of opening another', async () => {
  const path = join(directory, 'goes-on');
  const incidents = await openIncidents({ path, clock: systemClock });
  const first = incidents.open('server', 'exit', 'one');
  const second = incidents.open('server', 'crash-loop', 'two');
  assert.equal(second.id, first.id);
  assert.equal(second.kind, 'crash-loop');
  assert.equal(incidents.list(10).length, 1);
});

test('parts have incidents of their own', async () => {
  const incidents = await openIncidents({ path: join(directory, 'parts'), clock: systemClock });
  incidents.open('server', 'exit', 'one');
  incidents.open('postgres', 'exit', 'two');
  incidents.recover('server');
  assert.equal(incidents.openIncident('server'), undefined);
  assert.equal(incidents.openIncident('postgres')?.reason, 'two');
});

test('an incident that a killed keeper left open is closed by its successor', async () => {
  const path = join(directory, 'successor');
  const before = await openIncidents({ path, clock: systemClock });
  const { id } = before.open('postgres', 'exit', 'gone');
  await before.flush();
  const later = await openIncidents({ path, clock: systemClock });
  later.recover('postgres');
  await later.flush();
  const [incident] = await readIncidents(path, 1);
  assert.equal(incident?.id, id);
  assert.notEqual(incident?.recoveredAt, null);
});
