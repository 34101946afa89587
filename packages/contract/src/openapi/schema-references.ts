import type { TSchema } from 'typebox';
import { components } from './components.ts';

const names = new Map<unknown, string>(Object.entries(components).map(([name, schema]) => [schema, name]));

/** A copy of a schema in which every named schema, itself included, is a reference into the components. */
export function withReferences(schema: TSchema): unknown {
  const name = names.get(schema);
  return name === undefined ? copy(schema) : { $ref: `#/components/schemas/${name}` };
}

/** The components themselves; each may refer to others. */
export function componentSchemas(): Record<string, unknown> {
  return Object.fromEntries(Object.entries(components).map(([name, schema]) => [name, copy(schema)]));
}

/** Copies the members of a schema, not the schema's own name; leaves out what JSON does not carry. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolve);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolve(member)]));
}

function resolve(value: unknown): unknown {
  const name = names.get(value);
  return name === undefined ? copy(value) : { $ref: `#/components/schemas/${name}` };
}
