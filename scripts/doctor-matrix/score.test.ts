import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CheckOutcome, CODEBOOK, type Diagnosis, type RootCause } from '@holdfast/doctor';
import { firstFailingLayer, mostFailures } from './baselines.ts';
import { compatiblePairs, type Witness, whyNotBoth } from './pairs.ts';
import { isExact, judgeHidden, score } from './score.ts';
import type { Expected, Injection } from './system.ts';

const LOST: Expected = { code: 'table_missing', layer: 'schema', subject: 'table:users' };

function check(
  id: string,
  outcome: CheckOutcome['outcome'] = 'fail',
  layer: CheckOutcome['layer'] = 'schema',
): CheckOutcome {
  const [name = id, subject] = id.split('@');
  const head = { id, check: name, layer, title: name, outcome, detail: '', evidence: ['schema.catalog'] };
  return subject === undefined ? head : { ...head, subject };
}

function cause(of: Expected, explains: readonly string[]): RootCause {
  const texts = { summary: '', mechanism: '', confidence: 'certain' as const, evidence: ['schema.catalog'] };
  const repair = { risk: 'safe' as const, steps: [], undo: '' };
  return { ...of, layer: of.layer as RootCause['layer'], ...texts, explains, repair };
}

function diagnosis(parts: Partial<Diagnosis>): Diagnosis {
  return {
    schemaVersion: 1,
    status: 'findings',
    headline: '',
    target: { home: '', apiUrl: null, keeperUrl: null, databaseUrl: null },
    ...{ rootCauses: [], undecided: [], unexplained: [], degraded: [], checks: [], notExamined: [] },
    observations: [{ id: 'schema.catalog', probe: 'schema', subject: 'database', saw: {} }],
    timings: { startedAt: '', durationMs: 7, probes: {} },
    ...parts,
  };
}

const WELL = diagnosis({ checks: [check('schema.tables', 'pass')] });
const SEEN = diagnosis({
  rootCauses: [cause(LOST, ['api.ready', 'schema.tables@table:users'])],
  checks: [check('schema.tables@table:users'), check('api.ready', 'fail', 'api')],
});

describe('the score of a diagnosis', () => {
  it('is full when the cause is named alone and explains what it broke', () => {
    assert.deepEqual(score(SEEN, LOST, WELL, CODEBOOK), {
      ...{ top1: true, top3: true, exact: true, grounded: true, falseReports: [], milliseconds: 7 },
      ...{ firstLayer: true, mostFailures: true },
    });
  });

  it('is not exact with another cause beside it, which is a false report', () => {
    const other = cause({ code: 'disk_full', layer: 'process', subject: 'disk' }, []);
    const both = diagnosis({ ...SEEN, rootCauses: [other, ...SEEN.rootCauses] });
    const { top1, top3, exact, falseReports } = score(both, LOST, WELL, CODEBOOK);
    assert.deepEqual([top1, top3, exact, falseReports], [false, true, false, ['disk_full disk']]);
  });

  it('is not grounded when it explains the subject of another fault, or what fails anyhow', () => {
    const elsewhere = diagnosis({
      rootCauses: [cause(LOST, ['schema.tables@table:roles'])],
      checks: [check('schema.tables@table:roles')],
    });
    assert.equal(score(elsewhere, LOST, WELL, CODEBOOK).grounded, false);
    assert.equal(score(SEEN, LOST, SEEN, CODEBOOK).grounded, false);
  });

  it('counts another table as wrong, and several subjects of one cause as one', () => {
    const roles = { ...LOST, subject: 'table:roles' };
    assert.equal(score(SEEN, roles, WELL, CODEBOOK).top1, false);
    const two = { ...SEEN, rootCauses: [cause(LOST, ['a']), cause(roles, ['b'])] };
    assert.ok(isExact(two, [{ ...LOST, also: ['table:roles'] }]));
    assert.ok(!isExact(two, [LOST]));
  });

  it('says of hidden evidence whether it has led to a wrong name', () => {
    const left = { check: 'x', layer: 'api', title: '', detail: '', evidence: [], couldBe: [] } as const;
    const open = (...codes: string[]) => ({
      alternatives: codes.map(code => [cause({ ...LOST, code }, [])]),
      separatedBy: [],
    });
    const judged = (parts: Partial<Diagnosis>) => judgeHidden(diagnosis(parts), LOST);
    assert.equal(judged({ rootCauses: SEEN.rootCauses }), 'named');
    assert.equal(judged({ undecided: [open('table_missing', 'disk_full')] }), 'cannot tell');
    assert.equal(judged({ undecided: [open('port_taken', 'disk_full')] }), 'wrong');
    assert.equal(judged({ rootCauses: [cause({ ...LOST, code: 'disk_full' }, [])] }), 'wrong');
    assert.equal(judged({ unexplained: [left] }), 'unexplained');
    assert.equal(judged({}), 'silent');
  });
});

describe('the baselines', () => {
  it('name what the first failed check of the deepest layer stands for, and what accounts for the most', () => {
    const checks = [
      check('auth.login', 'fail', 'auth'),
      check('api.ready', 'fail', 'api'),
      check('database.port', 'fail', 'database'),
    ];
    assert.equal(firstFailingLayer(checks, CODEBOOK)?.code, 'database_unreachable');
    assert.deepEqual(mostFailures([], CODEBOOK), undefined);
    const named = mostFailures(
      [check('schema.tables@table:users'), check('api.ready', 'fail', 'api')],
      CODEBOOK,
    );
    assert.deepEqual(named, { code: 'table_missing', subject: 'table:users' });
  });
});

describe('pairs of faults', () => {
  const witness = (
    kind: string,
    expected: Expected,
    alone: CheckOutcome[],
    touches: string[] = [],
  ): Witness => {
    const injection: Injection = {
      ...{ kind, name: kind, expected, touches },
      inject: async () => undefined,
      heal: async () => undefined,
    };
    return { injection, alone: diagnosis({ checks: alone }) };
  };
  const users = witness(
    'a',
    LOST,
    [
      check('schema.tables@table:users'),
      check('schema.indexes', 'pass'),
      check('database.port', 'pass'),
      check('database.cluster', 'pass'),
    ],
    ['users'],
  );
  const index = witness(
    'b',
    { code: 'index_missing', layer: 'schema', subject: 'index:roles_name' },
    [check('schema.tables', 'pass'), check('schema.indexes@index:roles_name')],
    ['roles'],
  );
  const stopped = witness('c', { code: 'database_stopped', layer: 'database', subject: 'database' }, [
    check('database.port', 'fail', 'database'),
    check('schema.tables', 'blocked'),
  ]);

  it('go together when each shows what the other does not hide', () => {
    assert.equal(whyNotBoth([users, index], CODEBOOK), undefined);
  });

  it('do not when one hides the other, breaks it as well, or changes the same table', () => {
    assert.equal(whyNotBoth([users, stopped], CODEBOOK), 'c hides a');
    const same = { ...index, injection: { ...index.injection, touches: ['users'] } };
    assert.equal(whyNotBoth([users, same], CODEBOOK), 'they change one thing');
    assert.equal(whyNotBoth([users, users], CODEBOOK), 'they are one fault');
  });

  it('come in an order that the seed decides', () => {
    const drawn = (value: number) =>
      compatiblePairs([users, index, stopped], CODEBOOK, {
        chance: () => value === 1,
        shuffle: <T>(items: readonly T[]) => [...items],
      }).map(pair => pair.map(({ injection }) => injection.kind).join());
    assert.deepEqual([drawn(1), drawn(2)], [['a,b'], ['b,a']]);
  });
});
