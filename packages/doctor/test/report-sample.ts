import type { Diagnosis } from '../src/index.ts';
import type { Readings, RepairRecord } from '../src/report/index.ts';

const HOSTILE = 'table:"<script>alert(1)</script>"';

/** A diagnosis with a cause, something not decided, something unexplained, and texts that must not get out as they are. */
export function sampleDiagnosis(): Diagnosis {
  const repair = {
    risk: 'confirm',
    steps: ['Bring it back: holdfast restore --table x.'],
    undo: 'None.',
  } as const;
  const cause = {
    code: 'table_missing',
    layer: 'schema',
    subject: HOSTILE,
    summary: 'A table is missing.',
    mechanism: 'Everything that reads it fails for ada@example.com.',
    confidence: 'certain',
    evidence: ['schema.catalog'],
    explains: ['schema.tables', 'api.operations@GET /x'],
    repair,
  } as const;
  const check = (
    id: string,
    layer: Diagnosis['checks'][number]['layer'],
    outcome: Diagnosis['checks'][number]['outcome'],
  ) => ({
    ...{ id, check: id.split('@')[0] ?? id, layer, title: `title of ${id}`, outcome },
    detail: `${outcome}, token=hunter2secret`,
    evidence: ['schema.catalog'],
  });
  return {
    schemaVersion: 1,
    status: 'findings',
    headline: 'A table is missing.',
    target: {
      home: '/srv/holdfast',
      apiUrl: 'http://127.0.0.1:7400',
      keeperUrl: null,
      databaseUrl: 'postgresql://app:hunter2secret@db.example.com/shop',
    },
    rootCauses: [cause],
    undecided: [
      {
        alternatives: [
          [{ ...cause, code: 'one', subject: 'env:A', layer: 'config' }],
          [{ ...cause, code: 'two', subject: 'env:B' }],
        ],
        separatedBy: [{ check: 'config.variables_set', why: 'the log is gone' }],
      },
    ],
    unexplained: [
      { ...check('auth.login', 'auth', 'fail'), couldBe: [{ code: 'other', shownBy: ['data.roles'] }] },
    ],
    degraded: [],
    checks: [
      check('schema.tables', 'schema', 'fail'),
      check('api.operations@GET /x', 'api', 'fail'),
      check('auth.login', 'auth', 'fail'),
      check('database.login', 'database', 'pass'),
      check('data.roles', 'data', 'unknown'),
    ],
    observations: [
      {
        id: 'schema.catalog',
        probe: 'schema',
        subject: HOSTILE,
        saw: { tables: 3, missingTables: ['</td><img src=x onerror=alert(1)>'], apiKey: 'hunter2secret' },
      },
      {
        id: 'data.roles',
        probe: 'data',
        subject: 'database',
        couldNotLook: 'no session for grace@example.com',
      },
    ],
    notExamined: [{ check: 'data.roles', why: 'no session for grace@example.com', outOfTime: false }],
    timings: { startedAt: '2026-05-01T10:00:00.000Z', durationMs: 1_234, probes: { schema: 17 } },
  };
}

/** Nothing could be read, each for a reason of its own. */
export function missingReadings(): Readings {
  const missing = (name: string) => ({ missing: `no ${name} for the test` });
  return {
    health: missing('health'),
    logs: missing('logs'),
    latency: missing('latency'),
    incidents: missing('incidents'),
    migrations: missing('migrations'),
    backups: missing('backups'),
    backupRuns: missing('backupRuns'),
    dependencies: missing('dependencies'),
  };
}

/** One that helped, and one that was taken back. */
export function sampleRepairs(): RepairRecord[] {
  const base = {
    risk: 'safe',
    startedAt: '2026-05-01T10:01:00.000Z',
    finishedAt: '2026-05-01T10:01:05.000Z',
    undo: 'holdfast restore r-1 --undo --yes',
  } as const;
  return [
    {
      ...base,
      ...{
        id: 'r-1',
        code: 'sequence_behind',
        subject: 'sequence:orders_id_seq',
        outcome: 'helped',
        backup: '20260501T100030Z-logical-ab12',
      },
      steps: [
        {
          what: 'Move the sequence',
          command: "select setval('orders_id_seq', 42)",
          outcome: 'done',
          detail: 'is at 42',
          durationMs: 12,
        },
      ],
      before: [{ check: 'data.sequences', outcome: 'fail', detail: 'is at 7, the table at 42' }],
      after: [{ check: 'data.sequences', outcome: 'pass', detail: 'is at 42, the table at 42' }],
      untouched: { compared: 16, changed: [] },
      remains: [],
    },
    {
      ...base,
      ...{ id: 'r-2', code: 'index_invalid', subject: 'index:orders_key', outcome: 'undone', backup: null },
      steps: [
        {
          what: 'Build it anew',
          command: null,
          outcome: 'undone',
          detail: 'duplicates are in the way',
          durationMs: 3_400,
        },
      ],
      before: [{ check: 'schema.index_validity', outcome: 'fail', detail: 'invalid' }],
      after: [{ check: 'schema.index_validity', outcome: 'fail', detail: 'still invalid' }],
      untouched: { compared: 16, changed: ['public.orders'] },
      remains: [],
    },
  ];
}
