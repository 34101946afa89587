import { LAYERS } from '../engine/index.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const texts = { type: 'array', items: text } as const;
const layer = { enum: LAYERS } as const;
const number = { type: 'number', minimum: 0 } as const;

function object(properties: Readonly<Record<string, unknown>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter(name => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false } as const;
}

function list(items: unknown) {
  return { type: 'array', items } as const;
}

const repair = object({ risk: { enum: ['safe', 'confirm', 'destructive'] }, steps: texts, undo: text });

const rootCause = object(
  {
    code: { type: 'string', pattern: '^[a-z][a-z0-9_]*$' },
    layer,
    subject: text,
    summary: text,
    mechanism: text,
    confidence: { enum: ['certain', 'likely'] },
    evidence: texts,
    explains: { type: 'array', items: text, minItems: 1 },
    repair,
    left: text,
  },
  ['left'],
);

const judged = { check: text, layer, title: text, detail: text, evidence: texts };

const check = object(
  {
    id: text,
    check: text,
    layer,
    title: text,
    outcome: { enum: ['pass', 'fail', 'degraded', 'blocked', 'unknown'] },
    detail: text,
    evidence: texts,
    subject: text,
    remedy: texts,
    undo: text,
    outOfTime: flag,
  },
  ['subject', 'remedy', 'undo', 'outOfTime'],
);

const observationHead = { id: text, probe: text, subject: text };
const observation = {
  oneOf: [
    object({ ...observationHead, saw: { type: 'object' } }),
    object({ ...observationHead, couldNotLook: text, blockedBy: text, outOfTime: flag }, [
      'blockedBy',
      'outOfTime',
    ]),
  ],
} as const;

const nullableText = { type: ['string', 'null'] } as const;

/** The JSON form of a diagnosis (JSON Schema 2020-12). `schemaVersion` changes whenever a reader would have to. */
export const DIAGNOSIS_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:holdfast:schema:diagnosis:1',
  title: 'Diagnosis of holdfast doctor',
  ...object({
    schemaVersion: { const: 1 },
    status: { enum: ['healthy', 'degraded', 'findings', 'incomplete', 'not_examined'] },
    headline: text,
    target: object({ home: text, apiUrl: nullableText, keeperUrl: nullableText, databaseUrl: nullableText }),
    rootCauses: list(rootCause),
    undecided: list(
      object({ alternatives: list(list(rootCause)), separatedBy: list(object({ check: text, why: text })) }),
    ),
    unexplained: list(object({ ...judged, couldBe: list(object({ code: text, shownBy: texts })) })),
    degraded: list(object(judged)),
    checks: list(check),
    observations: list(observation),
    notExamined: list(object({ check: text, why: text, outOfTime: flag })),
    timings: object({
      startedAt: text,
      durationMs: number,
      probes: { type: 'object', additionalProperties: number },
    }),
  }),
} as const;
