import { isObject, type JsonObject } from '../document/json-value.ts';

/** Keywords of which the stricter one holds when both sides have it. */
const LARGER = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']);
const SMALLER = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']);

/** One schema that asks for what both ask for, as far as that can be written in one; validation has the last word. */
export function mergeSchemas(left: JsonObject, right: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...left };
  for (const [key, value] of Object.entries(right)) {
    merged[key] = Object.hasOwn(left, key) ? mergeKeyword(key, left[key], value) : value;
  }
  return merged;
}

function mergeKeyword(key: string, left: unknown, right: unknown): unknown {
  if (LARGER.has(key)) return Math.max(Number(left), Number(right));
  if (SMALLER.has(key)) return Math.min(Number(left), Number(right));
  if (key === 'type') return commonTypes(left, right);
  if (key === 'required') return [...new Set([...listOf(left), ...listOf(right)])];
  if (key === 'enum') return listOf(left).filter(item => listOf(right).includes(item));
  if (key === 'properties' || key === '$defs') return mergeProperties(left, right);
  if (key === 'allOf') return [...listOf(left), ...listOf(right)];
  // both lists of alternatives hold: the second one stays as one of the parts
  if (key === 'oneOf' || key === 'anyOf') return left;
  if (key === 'items' && isObject(left) && isObject(right)) return { allOf: [left, right] };
  if (key === 'additionalProperties' && left === false) return false;
  return right;
}

function mergeProperties(left: unknown, right: unknown): JsonObject {
  const merged: Record<string, unknown> = { ...(left as JsonObject) };
  for (const [name, schema] of Object.entries(right as JsonObject)) {
    merged[name] = Object.hasOwn(merged, name) ? { allOf: [merged[name], schema] } : schema;
  }
  return merged;
}

function commonTypes(left: unknown, right: unknown): unknown {
  const types = listOf(left);
  const common = listOf(right).filter(
    type => types.includes(type) || (type === 'integer' && types.includes('number')),
  );
  if (types.includes('integer') && listOf(right).includes('number')) common.push('integer');
  return common;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
