import * as fc from 'fast-check';
import { isObject, type JsonObject, membersOf } from '../document/json-value.ts';
import { mergeSchemas } from './merge-schemas.ts';
import { numberArbitrary } from './number-arbitrary.ts';
import { textArbitrary } from './text-arbitrary.ts';

export interface ArbitraryOptions {
  /** The schema at an address, for references. */
  find(address: string): unknown;
  /** Whether properties that need not be there are left out. */
  readonly requiredOnly: boolean;
}

interface Context extends ArbitraryOptions {
  readonly depth: number;
}

const MAX_DEPTH = 5;
const MAX_ITEMS = 3;
const TYPES = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'];

/**
 * Values that a schema (JSON Schema 2020-12) describes. What cannot be turned around, such as `not` or `if`, is left to
 * whoever validates the values. Recursive schemas end: beyond some depth only what is required is there.
 */
export function valueArbitrary(schema: unknown, options: ArbitraryOptions): fc.Arbitrary<unknown> {
  return build(schema, { ...options, depth: 0 });
}

function build(schema: unknown, context: Context): fc.Arbitrary<unknown> {
  if (!isObject(schema)) return textArbitrary({});
  if (context.depth > MAX_DEPTH * 2) return fc.constant(null);
  const flat = flatten(schema, context, 0);
  if ('const' in flat) return fc.constant(flat.const);
  if (Array.isArray(flat.enum) && flat.enum.length > 0) return fc.constantFrom(...flat.enum);
  const choices = alternatives(flat);
  if (choices.length > 0) return chooseAmong(choices, flat, context);
  return ofTypes(flat, context);
}

/** References followed and `allOf` merged into one schema. */
function flatten(schema: JsonObject, context: Context, hops: number): JsonObject {
  if (hops > 30) return {};
  const { $ref, allOf, ...own } = schema;
  const referred = typeof $ref === 'string' ? context.find($ref) : undefined;
  const parts = [...(isObject(referred) ? [referred] : []), ...(Array.isArray(allOf) ? allOf : [])];
  return parts
    .filter(isObject)
    .map(part => flatten(part, context, hops + 1))
    .reduce((merged, part) => mergeSchemas(merged, part), own);
}

function alternatives({ oneOf, anyOf }: JsonObject): unknown[] {
  const all = Array.isArray(oneOf) ? oneOf : anyOf;
  return Array.isArray(all) ? all : [];
}

function chooseAmong(choices: readonly unknown[], flat: JsonObject, context: Context): fc.Arbitrary<unknown> {
  const { oneOf: _one, anyOf: _any, ...rest } = flat;
  const deeper = { ...context, depth: context.depth + 1 };
  const simplest = context.depth >= MAX_DEPTH ? choices.filter(isFlat) : [];
  const offered = simplest.length > 0 ? simplest : choices;
  return fc
    .constantFrom(...offered)
    .chain(choice => build(isObject(choice) ? { ...rest, allOf: [choice, ...partsOf(rest)] } : rest, deeper));
}

function partsOf({ allOf }: JsonObject): unknown[] {
  return Array.isArray(allOf) ? allOf : [];
}

function isFlat(schema: unknown): boolean {
  return isObject(schema) && !('$ref' in schema) && !('properties' in schema) && schema.type !== 'array';
}

function ofTypes(flat: JsonObject, context: Context): fc.Arbitrary<unknown> {
  const types = typesOf(flat);
  if (types.length > 1 && types.includes('null') && context.depth >= MAX_DEPTH) return fc.constant(null);
  const arbitraries = types.map(type => ofType(type, flat, context));
  const [first] = arbitraries;
  return arbitraries.length > 1 || first === undefined ? fc.oneof(...arbitraries) : first;
}

function typesOf(schema: JsonObject): string[] {
  const { type } = schema;
  const named = (Array.isArray(type) ? type : [type]).filter(name => TYPES.includes(String(name)));
  if (named.length > 0) return named.map(String);
  if ('properties' in schema || 'additionalProperties' in schema || 'required' in schema) return ['object'];
  if ('items' in schema || 'prefixItems' in schema) return ['array'];
  if ('minimum' in schema || 'maximum' in schema || 'multipleOf' in schema) return ['number'];
  return ['string'];
}

function ofType(type: string, schema: JsonObject, context: Context): fc.Arbitrary<unknown> {
  if (type === 'null') return fc.constant(null);
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer' || type === 'number') return numberArbitrary(schema, type);
  if (type === 'array') return arrays(schema, context);
  if (type === 'object') return objects(schema, context);
  return textArbitrary(schema);
}

function arrays(schema: JsonObject, context: Context): fc.Arbitrary<unknown> {
  const deeper = { ...context, depth: context.depth + 1 };
  const { items, prefixItems, minItems, maxItems, uniqueItems } = schema;
  const first = (Array.isArray(prefixItems) ? prefixItems : []).map(item => build(item, deeper));
  const low = typeof minItems === 'number' ? minItems : 0;
  const high = Math.min(typeof maxItems === 'number' ? maxItems : low + MAX_ITEMS, low + MAX_ITEMS);
  if (items === false || (items === undefined && first.length > 0)) return fc.tuple(...first);
  const bounds = {
    minLength: Math.max(0, low - first.length),
    maxLength:
      context.depth >= MAX_DEPTH ? Math.max(0, low - first.length) : Math.max(0, high - first.length),
  };
  const item = build(items ?? {}, deeper);
  const rest =
    uniqueItems === true
      ? fc.uniqueArray(item, { ...bounds, selector: value => JSON.stringify(value) })
      : fc.array(item, bounds);
  return fc.tuple(fc.tuple(...first), rest).map(([head, tail]) => [...head, ...tail]);
}

function objects(schema: JsonObject, context: Context): fc.Arbitrary<unknown> {
  const deeper = { ...context, depth: context.depth + 1 };
  const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
  const properties = new Map(membersOf(schema.properties).filter(([, property]) => property !== false));
  for (const name of required)
    if (!properties.has(name)) properties.set(name, schema.additionalProperties ?? {});
  const known = [...properties].filter(([name, property]) => {
    const readOnly = isObject(property) && property.readOnly === true;
    return required.has(name) || !(readOnly || context.requiredOnly || context.depth >= MAX_DEPTH);
  });
  const model = Object.fromEntries(known.map(([name, property]) => [name, build(property, deeper)]));
  const requiredKeys = known.map(([name]) => name).filter(name => required.has(name));
  return fc.record(model, { requiredKeys, noNullPrototype: true });
}
