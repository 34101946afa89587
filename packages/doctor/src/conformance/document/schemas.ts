import { errorMessage } from '@holdfast/core';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { pointerParts, valueAt } from './json-pointer.ts';
import type { JsonObject } from './json-value.ts';
import type { LoadedDocument } from './load-document.ts';
import type { Located } from './references.ts';
import { asJsonSchema, type Direction } from './schema-dialect.ts';

/** What a value lacks to be what a schema says. */
export interface SchemaProblem {
  /** A JSON pointer into the value; empty for the value itself. */
  readonly at: string;
  readonly message: string;
}

/** The schemas of a document, for one direction. */
export interface Schemas {
  /** The first problems of a value; none when it is fine. `unusable` when the schema itself cannot be used. */
  check(schema: Located, value: unknown): readonly SchemaProblem[] | { readonly unusable: string };
  /** The schema as JSON Schema 2020-12; its references are addresses for {@link Schemas.find}. */
  read(schema: Located): unknown;
  find(address: string): unknown;
}

const MAX_PROBLEMS = 5;

export function createSchemas(document: LoadedDocument, direction: Direction): Schemas {
  const copies = asJsonSchema(document, direction);
  const ajv = new Ajv2020({
    strict: false,
    allErrors: false,
    validateSchema: false,
    logger: false,
    code: { regExp: lenientPattern },
  });
  formats.default(ajv);
  for (const [key, value] of copies) ajv.addSchema(value, key);
  const validators = new Map<string, ValidateFunction>();
  const { address } = document.references;
  const find = (target: string): unknown => {
    const [key = '', fragment = ''] = target.split('#', 2);
    return valueAt(copies.get(key), pointerParts(fragment) ?? []);
  };
  const validatorOf = (target: string): ValidateFunction => {
    const validator = validators.get(target) ?? ajv.compile({ $ref: target });
    validators.set(target, validator);
    return validator;
  };
  return {
    find,
    read: schema => find(address(schema)),
    check: (schema, value) => {
      try {
        const validate = validatorOf(address(schema));
        return validate(value) ? [] : (validate.errors ?? []).slice(0, MAX_PROBLEMS).map(problemOf);
      } catch (error) {
        // a pattern that is none, or a schema that contains itself without an end
        return { unusable: errorMessage(error) };
      }
    },
  };
}

function problemOf({ instancePath, message, keyword, params }: ErrorObject): SchemaProblem {
  const extra: Readonly<Record<string, string>> = {
    enum: `: ${JSON.stringify((params as { allowedValues?: unknown }).allowedValues)}`,
    additionalProperties: `: ${(params as JsonObject).additionalProperty}`,
    unevaluatedProperties: `: ${(params as JsonObject).unevaluatedProperty}`,
    const: `: ${JSON.stringify((params as JsonObject).allowedValue)}`,
  };
  return { at: instancePath, message: `${message ?? keyword}${extra[keyword] ?? ''}` };
}

/** Patterns of many documents are valid without the flag `u` alone. */
function lenientPattern(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern, flags.replace('u', ''));
  }
}
lenientPattern.code = 'new RegExp';
