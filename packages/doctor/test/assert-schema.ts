import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { DIAGNOSIS_SCHEMA, type Diagnosis } from '../src/index.ts';

const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
  DIAGNOSIS_SCHEMA,
);

/** The JSON text of a diagnosis is what its published schema says. */
export function assertSchema(diagnosis: Diagnosis): void {
  const valid = validate(JSON.parse(JSON.stringify(diagnosis)));
  assert.ok(valid, JSON.stringify(validate.errors));
}
