import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Observation, runChecks } from '../engine/index.ts';
import { LOG_CHECKS } from './log-checks.ts';

const INCIDENT = {
  kind: 'route_failure',
  title: 'GET /a fails with 500',
  state: 'open',
  onset: '2026-05-01T10:00:00.000Z',
  endpoints: ['GET /a'],
  affected: 12,
  affectedBy: 'user',
};

function outcomeOf(change: Partial<typeof INCIDENT>): readonly [string, string] {
  const saw = { requests: 900, incidents: [{ ...INCIDENT, ...change }] };
  const observation: Observation = { id: 'logs.incidents', probe: 'logs', subject: 'log', saw };
  const [result] = runChecks(LOG_CHECKS, [observation]);
  return [result?.outcome ?? '', result?.detail ?? ''];
}

it('an incident of the logs is never a failure, and only one that goes on is degraded', () => {
  assert.deepEqual(outcomeOf({}), [
    'degraded',
    'GET /a fails with 500 since 2026-05-01T10:00:00.000Z, 12 users affected',
  ]);
  const fine = ['pass', '900 requests without an incident that goes on'];
  assert.deepEqual(outcomeOf({ state: 'recovered' }), fine);
  assert.deepEqual(outcomeOf({ affected: 4 }), fine);
  assert.deepEqual(outcomeOf({ affectedBy: 'client' }), fine);
  const [outcome, detail] = outcomeOf({ affectedBy: 'client', affected: 20 });
  assert.deepEqual([outcome, detail.endsWith('20 clients affected')], ['degraded', true]);
});
