import { type JsonObject, membersOf } from './json-value.ts';

/** Members whose keys are names that the author chose, not keywords. */
const NAME_MAPS = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'schemas',
  'responses',
  'requestBodies',
  'headers',
  'paths',
  'pathItems',
  'webhooks',
  'callbacks',
  'content',
  'encoding',
  'securitySchemes',
  'links',
  'examples',
  'mapping',
  'variables',
]);

/** Members that hold data of the API and no description of it. */
const DATA = new Set(['example', 'default', 'enum', 'const', 'value', 'mapping', 'required', 'security']);

/** What a member of an object is: a description to go on with, a map of names, or data to leave alone. */
export type MemberRole = 'node' | 'names' | 'data';

/**
 * The role of a member. `examples` is a map of Example objects in OpenAPI and a list of data in JSON Schema; neither has
 * anything to resolve except a reference to an example.
 */
export function memberRole(key: string, value: unknown, within: MemberRole): MemberRole {
  if (within === 'names') return 'node';
  if (DATA.has(key) || key.startsWith('x-')) return 'data';
  if (key === 'examples' && Array.isArray(value)) return 'data';
  // the components' parameters are a map, those of an operation a list
  if (key === 'parameters' && !Array.isArray(value)) return 'names';
  return NAME_MAPS.has(key) ? 'names' : 'node';
}

/** Visits every object that describes something, with its path. */
export function visitNodes(
  value: unknown,
  visit: (node: JsonObject, path: readonly string[]) => void,
  path: readonly string[] = [],
  role: MemberRole = 'node',
): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visitNodes(item, visit, [...path, String(index)], 'node');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (role === 'node') visit(value as JsonObject, path);
  for (const [key, member] of membersOf(value)) {
    const next = memberRole(key, member, role);
    if (next !== 'data') visitNodes(member, visit, [...path, key], next);
  }
}
