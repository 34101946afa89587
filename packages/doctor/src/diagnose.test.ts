import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CHECKS } from './checks/index.ts';
import { diagnose } from './diagnose.ts';
import type { Diagnosis } from './diagnosis.ts';
import { type CheckOutcome, type OutcomeKind, outcomeId } from './engine/index.ts';
import { CODEBOOK } from './faults/index.ts';
import { headlineOf } from './report/headline.ts';
import { renderDiagnosis } from './report/render-diagnosis.ts';

function outcome(kind: OutcomeKind, check: string, detail = 'detail', subject?: string): CheckOutcome {
  const layer = CHECKS.find(({ id }) => id === check)?.layer ?? 'data';
  const head = { id: outcomeId(check, subject), check, layer, title: check, outcome: kind } as const;
  const result = { ...head, detail, evidence: [`seen.${check}`] };
  return subject === undefined ? result : { ...result, subject };
}

function diagnosisOf(checks: readonly CheckOutcome[]): Diagnosis {
  const reasoned = {
    schemaVersion: 1 as const,
    ...diagnose(checks, CODEBOOK),
    target: { home: '/home', apiUrl: null, keeperUrl: null, databaseUrl: null },
    checks,
    observations: [],
    timings: { startedAt: '', durationMs: 1_234, probes: {} },
  };
  return { ...reasoned, headline: headlineOf(reasoned) };
}

/** A system in which every check passes but these. */
function system(...others: readonly CheckOutcome[]): CheckOutcome[] {
  const named = new Set(others.map(({ check }) => check));
  const rest = CHECKS.filter(({ id }) => !named.has(id));
  return [...others, ...rest.map(({ id, layer }) => ({ ...outcome('pass', id, `${id} is fine`), layer }))];
}

const down = [outcome('fail', 'process.server', 'gone'), outcome('fail', 'api.port', 'refused')];

describe('diagnose', () => {
  it('takes three faults at once for what they are', () => {
    const { rootCauses, unexplained } = diagnosisOf(
      system(
        ...down,
        outcome('fail', 'data.session_families'),
        outcome('fail', 'schema.tables', 'missing', 'table:audit_log'),
      ),
    );
    const codes = rootCauses.map(({ code }) => code);
    assert.deepEqual(codes.sort(), ['api_process_down', 'refresh_tokens_truncated', 'table_missing']);
    assert.deepEqual(unexplained, []);
  });

  it('gives each subject of one fault its own root cause and evidence', () => {
    const { rootCauses, headline } = diagnosisOf([
      outcome('fail', 'schema.tables', 'no a', 'table:a'),
      outcome('fail', 'schema.tables', 'no b', 'table:b'),
    ]);
    assert.deepEqual(
      rootCauses.map(({ subject, explains }) => [subject, explains]),
      [
        ['table:a', ['schema.tables@table:a']],
        ['table:b', ['schema.tables@table:b']],
      ],
    );
    assert.equal(headline, 'The table a is missing from the database (and 1 more like it).');
  });

  it('tells what one fault explains of a subject no second time among the subjects of another', () => {
    const rows = (table: string) =>
      outcome('fail', 'data.rows', `${table}: all rows are gone`, `table:${table}`);
    const { rootCauses } = diagnosisOf(
      system(outcome('fail', 'data.grants', 'none'), rows('role_permissions'), rows('user_roles')),
    );
    assert.deepEqual(
      rootCauses.map(({ code, subject, explains }) => [code, subject, explains]),
      [
        [
          'role_permissions_deleted',
          'table:role_permissions',
          ['data.grants', 'data.rows@table:role_permissions'],
        ],
        ['rows_lost', 'table:user_roles', ['data.rows@table:user_roles']],
      ],
    );
  });

  it('is degraded, not broken, by what is merely weak', () => {
    const diagnosis = diagnosisOf([outcome('degraded', 'database.round_trip', 'slow')]);
    assert.equal(diagnosis.status, 'degraded');
    assert.match(renderDiagnosis(diagnosis), /^Everything that was examined works, though not everything/);
    assert.match(renderDiagnosis(diagnosis), /\nWeak {6}- slow \(database\.round_trip\)\n/);
  });

  it('lists what was not examined and why', () => {
    const { notExamined } = diagnosisOf([outcome('blocked', 'a', 'no way'), outcome('unknown', 'b', 'dark')]);
    assert.deepEqual(notExamined, [
      { check: 'a', why: 'no way', outOfTime: false },
      { check: 'b', why: 'dark', outOfTime: false },
    ]);
  });
});

describe('the rendered diagnosis', () => {
  it('tells the cause first, then evidence, plan, and what is fine', () => {
    const seen = system(
      ...down,
      outcome('pass', 'database.login', 'connected as app in 3 ms'),
      outcome('blocked', 'x'),
    );
    const text = renderDiagnosis(diagnosisOf(seen));
    assert.match(
      text,
      /^The API server process is not running; the database is fine \(connected as app in 3 ms, /,
    );
    const order = [
      'Cause     api_process_down · process · process:server · certain\n',
      'Evidence',
      '- gone',
      'Plan      safe',
      '1. Start',
      'Undo',
      'Fine',
      'Not seen',
    ];
    const places = order.map(part => text.indexOf(part));
    assert.ok(!places.includes(-1), text);
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    );
  });

  it('does not clear a database that was not seen, or is part of the trouble', () => {
    const unseen = system(...down, outcome('blocked', 'database.login'));
    assert.equal(diagnosisOf(unseen).headline, 'The API server process is not running.');
    const alsoData = system(...down, outcome('fail', 'data.session_families'));
    assert.doesNotMatch(diagnosisOf(alsoData).headline, /the database is fine/);
  });

  it('takes two lines for a healthy system, and every check when asked', () => {
    const healthy = diagnosisOf([outcome('pass', 'database.login')]);
    assert.equal(
      renderDiagnosis(healthy),
      'Everything that was examined works.\n1 check passed, in 1.2 s.\n',
    );
    assert.match(
      renderDiagnosis(healthy, { verbose: true }),
      /\n {2}ok {6}database\.login — database\.login: detail\n/,
    );
  });

  it('has no colour unless asked', () => {
    assert.ok(!renderDiagnosis(diagnosisOf(down)).includes('\u001b'));
    assert.ok(renderDiagnosis(diagnosisOf(down), { color: true }).startsWith('\u001b['));
  });

  it('shows the first of many causes, and what would decide, where the symptoms alone were seen', () => {
    const text = renderDiagnosis(diagnosisOf([outcome('fail', 'auth.login', 'answered 500')]));
    assert.match(
      text,
      /^Something is broken \(answered 500\), and what can be seen cannot tell which of \d\d causes it has\.\n/,
    );
    assert.equal(text.match(/\n *then: /g)?.length, 3);
    assert.match(text, /\nor {8}one of [a-z_, ]*table_missing/);
    assert.match(text, /\nDecides {3}- [a-z_., ]+ and \d+ more, not seen: /);
  });

  it('shows what no fault explains with its evidence', () => {
    const text = renderDiagnosis(diagnosisOf([outcome('fail', 'auth.greeting', 'answered 500')]));
    assert.match(text, /^Something is broken that the doctor cannot explain: answered 500\.\n/);
    assert.match(
      text,
      /\nUnknown {3}- auth\.greeting: answered 500\n(?: .*\n)*Next {6}1\. `holdfast drift`: .*\n.*`holdfast logs analyze FILES`.*\n.*`holdfast doctor --verbose`/,
    );
  });
});
