import { LAYERS } from '../engine/index.ts';
import { DIAGNOSIS_SCHEMA } from '../report/diagnosis-schema.ts';

const text = { type: 'string' } as const;
const nullableText = { type: ['string', 'null'] } as const;
const number = { type: 'number', minimum: 0 } as const;

function object(properties: Readonly<Record<string, unknown>>) {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  } as const;
}

function list(items: unknown) {
  return { type: 'array', items } as const;
}

const state = object({
  check: text,
  outcome: { enum: ['pass', 'fail', 'degraded', 'blocked', 'unknown'] },
  detail: text,
});

const record = object({
  id: text,
  code: text,
  subject: text,
  risk: { enum: ['safe', 'confirm', 'destructive'] },
  startedAt: text,
  finishedAt: nullableText,
  outcome: { enum: ['helped', 'undone', 'failed', 'interrupted', 'planned'] },
  backup: nullableText,
  steps: list(
    object({
      what: text,
      command: nullableText,
      outcome: { enum: ['done', 'failed', 'skipped', 'undone', 'planned'] },
      detail: text,
      durationMs: number,
    }),
  ),
  before: list(state),
  after: list(state),
  remains: list(text),
  untouched: { anyOf: [{ type: 'null' }, object({ compared: number, changed: list(text) })] },
  undo: text,
});

const { $schema, $id: _id, title: _title, ...diagnosis } = DIAGNOSIS_SCHEMA;

/** The JSON form of a run of repairs (JSON Schema 2020-12). `schemaVersion` changes whenever a reader would have to. */
export const REPAIR_SCHEMA = {
  $schema,
  $id: 'urn:holdfast:schema:repair:1',
  title: 'Repairs of holdfast doctor --fix',
  ...object({
    schemaVersion: { const: 1 },
    mode: { enum: ['plan', 'apply'] },
    status: { enum: ['green', 'not_green', 'planned'] },
    headline: text,
    backup: nullableText,
    resumed: list(record),
    repairs: list(record),
    left: list(object({ code: text, layer: { enum: LAYERS }, subject: text, why: text, steps: list(text) })),
    missing: list(text),
    journal: nullableText,
    diagnosis,
  }),
} as const;
