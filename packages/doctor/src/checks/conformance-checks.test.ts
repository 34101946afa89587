import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CheckOutcome, type Observation, runChecks } from '../engine/index.ts';
import type { ConformanceSighting } from '../sightings.ts';
import { CONFORMANCE_CHECKS } from './conformance-checks.ts';

type Way = 'api.conformance' | 'proxy.conformance';

const TIMES = ['a', 'b', 'c'].map(name => ({ operation: `GET /${name}`, milliseconds: 10 }));

function seen(id: Way, parts: Partial<ConformanceSighting> = {}): Observation {
  const whole = {
    target: 'http://api',
    operations: 3,
    requests: 9,
    findings: [],
    times: TIMES,
    complete: true,
    issued: true,
    refused: [],
  };
  return { id, probe: 'api', subject: 'process:server', saw: { ...whole, ...parts } };
}

const finding = (
  kind: ConformanceSighting['findings'][number]['kind'],
  operation: string | null = 'POST /session',
  status = 200,
) => ({ kind, operation, status, summary: 'is wrong' });

const WHOLE = {
  ...{
    tables: 3,
    indexes: 3,
    missingColumns: [],
    changedColumns: [],
    missingIndexes: [],
    invalidIndexes: [],
  },
  ...{ missingCode: [], missingExtensions: [], lostRights: [] },
  ...{ changedRowSecurity: [], interferingTriggers: [], changedTriggerFunctions: [] },
};

/** The database as it is looked at; well, unless told otherwise. */
function beneath(missingTables: readonly string[] = []): Observation[] {
  const observation = (id: string, saw: Record<string, unknown>): Observation => ({
    ...{ id, probe: 'database', subject: 'database', saw },
  });
  return [
    observation('database.server', { readOnly: false }),
    observation('database.app', { result: 'connected' }),
    observation('schema.catalog', { ...WHOLE, missingTables }),
    observation('health.blocked-sessions', { level: 'ok' }),
  ];
}

function outcomes(...observations: readonly Observation[]): Map<string, CheckOutcome['outcome']> {
  return new Map(runChecks(CONFORMANCE_CHECKS, observations).map(({ id, outcome }) => [id, outcome]));
}

describe('an API against its document', () => {
  it('passes all that was looked at', () => {
    const all = outcomes(seen('api.conformance'), seen('proxy.conformance'), ...beneath());
    assert.equal(all.size, CONFORMANCE_CHECKS.length);
    assert.deepEqual(new Set(all.values()), new Set(['pass']));
  });

  it('says nothing without a document, and is blocked when nothing answers', () => {
    assert.equal(outcomes().size, 0);
    const blind = {
      id: 'api.conformance',
      probe: 'api',
      subject: '',
      couldNotLook: 'no',
      blockedBy: 'api.replicas',
    };
    assert.equal(outcomes(blind).get('api.schema'), 'blocked');
  });

  it('blames the proxy for what the API itself does not show', () => {
    const redirected = seen('proxy.conformance', { findings: [finding('redirect_slash')] });
    const all = outcomes(seen('api.conformance'), redirected);
    const subject = 'endpoint:POST /session';
    assert.equal(all.get(`api.requests_kept@${subject}`), 'fail');
    assert.equal(all.get(`proxy.redirects@${subject}`), 'fail');
    assert.equal(all.get('api.redirects'), 'pass');
  });

  it('blames the API for what both show, and nobody when the API cannot be asked without the proxy', () => {
    const findings = [finding('html_for_json')];
    const both = outcomes(seen('api.conformance', { findings }), seen('proxy.conformance', { findings }));
    assert.deepEqual([both.get('api.pages'), both.get('proxy.answers')], ['fail', 'pass']);
    const proxied = outcomes(seen('proxy.conformance', { findings }));
    assert.equal(proxied.get('api.answers_kept'), 'fail');
    assert.deepEqual([proxied.get('api.pages'), proxied.get('proxy.answers')], ['unknown', 'unknown']);
  });

  it('takes for slow what is slow beside the others, and nothing on a slow machine', () => {
    const slow = { operation: 'GET /slow', milliseconds: 1_200 };
    assert.equal(
      outcomes(seen('api.conformance', { times: [...TIMES, slow] })).get('api.speed@endpoint:GET /slow'),
      'fail',
    );
    const busy = TIMES.map(({ operation }) => ({ operation, milliseconds: 900 }));
    assert.equal(outcomes(seen('api.conformance', { times: [...busy, slow] })).get('api.speed'), 'pass');
  });

  it('takes a path that is not there for a route that is gone, unless a thing may be missing', () => {
    const gone = (operation: string) =>
      outcomes(seen('api.conformance', { findings: [finding('status_undeclared', operation, 404)] }));
    assert.equal(gone('GET /orders').get('api.routes@endpoint:GET /orders'), 'fail');
    assert.equal(gone('GET /orders/{id}').get('api.routes'), 'pass');
  });

  it('does not pass what there was no time for', () => {
    const cut = outcomes(
      seen('api.conformance', { complete: false, findings: [finding('auth_ignored', 'GET /a')] }),
    );
    assert.deepEqual([cut.get('api.cors'), cut.get('api.guards@endpoint:GET /a')], ['unknown', 'fail']);
  });

  it('takes a failure at a method that no operation has for a weakness, not for an operation that fails', () => {
    const odd = finding('method_error', 'PROPFIND /a', 500);
    assert.equal(outcomes(seen('api.conformance', { findings: [odd] })).get('api.failures'), 'degraded');
    const failing = outcomes(
      seen('api.conformance', { findings: [odd, finding('server_error', 'GET /a', 500)] }),
    );
    assert.deepEqual(
      [failing.get('api.failures'), failing.get('api.failures@endpoint:GET /a')],
      [undefined, 'fail'],
    );
  });

  it('blames the API alone only when what lies beneath it was seen and is well', () => {
    const failing = seen('api.conformance', { findings: [finding('server_error', 'GET /a', 500)] });
    const alone = (...more: Observation[]) => outcomes(failing, ...more).get('api.alone');
    assert.equal(alone(...beneath()), 'fail');
    assert.equal(alone(...beneath(['orders'])), 'blocked');
    assert.equal(alone(), 'unknown');
    const differing = seen('api.conformance', { findings: [finding('body_schema', 'GET /a')] });
    // a table that is gone does not make an answer another one
    assert.equal(outcomes(differing, ...beneath(['orders'])).get('api.alone'), 'fail');
  });

  it('does not put slowness down to an index that nobody misses', () => {
    const slow = seen('api.conformance', {
      times: [...TIMES, { operation: 'GET /slow', milliseconds: 1_200 }],
    });
    const alone = (catalog: object) => {
      const observations = beneath().map(item =>
        item.id === 'schema.catalog' && 'saw' in item ? { ...item, saw: { ...item.saw, ...catalog } } : item,
      );
      return outcomes(slow, ...observations).get('api.slow_alone');
    };
    assert.equal(alone({}), 'fail');
    assert.equal(alone({ invalidIndexes: ['a'] }), 'blocked');
    assert.equal(alone({ invalidIndexes: ['a'], missedIndexes: ['a'] }), 'blocked');
    assert.equal(alone({ invalidIndexes: ['a'], missedIndexes: [] }), 'fail');
  });
});
