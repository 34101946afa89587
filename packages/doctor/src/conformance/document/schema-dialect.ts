import { isObject, type JsonObject, membersOf } from './json-value.ts';
import type { LoadedDocument } from './load-document.ts';
import type { Located, References } from './references.ts';
import { type MemberRole, memberRole } from './walk.ts';

/** Which way the data goes: properties that only the other way has are not required. */
export type Direction = 'request' | 'response';

/** What validation has no use for, or what would be resolved a second time. */
const DROPPED = new Set([
  '$id',
  '$schema',
  '$anchor',
  '$dynamicAnchor',
  '$dynamicRef',
  'nullable',
  'discriminator',
  'xml',
  'externalDocs',
  'example',
  'examples',
]);

/**
 * Copies of the files by their keys, in which every schema is JSON Schema 2020-12 and every reference an address:
 * OpenAPI 3.0's `nullable` and boolean `exclusiveMinimum`, and the discriminators of both versions, are written out.
 */
export function asJsonSchema(document: LoadedDocument, direction: Direction): Map<string, JsonObject> {
  const { files, references, version } = document;
  const context: Context = { references, direction, old: version === '3.0' };
  return new Map(
    files.map(file => [file.key, copy({ file, path: [], value: file.value }, 'node', context) as JsonObject]),
  );
}

interface Context {
  readonly references: References;
  readonly direction: Direction;
  readonly old: boolean;
}

function copy(located: Located, role: MemberRole, context: Context): unknown {
  const { value, file, path } = located;
  const inner = (key: string, member: unknown, next: MemberRole) =>
    copy({ file, path: [...path, key], value: member }, next, context);
  if (Array.isArray(value)) return value.map((item, index) => inner(String(index), item, 'node'));
  if (!isObject(value)) return value;
  const members = membersOf(value)
    .filter(([key]) => role === 'names' || !(DROPPED.has(key) || key.startsWith('x-')))
    .map(([key, member]) => {
      const next = memberRole(key, member, role);
      return [key, next === 'data' ? member : inner(key, member, next)] as const;
    });
  const copied = Object.fromEntries(members);
  return role === 'node' ? written(located as Located & { value: JsonObject }, copied, context) : copied;
}

type Mutable = Record<string, unknown>;

function written(located: Located & { value: JsonObject }, copied: Mutable, context: Context): unknown {
  const { value } = located;
  const { references, old } = context;
  const target = references.follow(value);
  const address = target === undefined ? undefined : references.address(target);
  // in 3.0 nothing beside a reference counts; null is what people mean by it all the same
  const base: Mutable = address === undefined ? copied : { ...(old ? {} : copied), $ref: address };
  const plain = withBounds(withRequired(withDiscriminator(base, located, context), value, context), old);
  return old && value.nullable === true ? withNull(plain) : plain;
}

function withNull(schema: Mutable): Mutable {
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  const choices = Array.isArray(schema.enum) ? { enum: [...new Set([...schema.enum, null])] } : {};
  return { ...schema, type: [schema.type, 'null'], ...choices };
}

/** `exclusiveMinimum: true` belongs to OpenAPI 3.0. */
function withBounds(schema: Mutable, old: boolean): Mutable {
  if (!old) return schema;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...rest } = schema;
  if (typeof exclusiveMinimum !== 'boolean' && typeof exclusiveMaximum !== 'boolean') return schema;
  const low =
    exclusiveMinimum === true ? { exclusiveMinimum: minimum } : { minimum, exclusiveMinimum: undefined };
  const high =
    exclusiveMaximum === true ? { exclusiveMaximum: maximum } : { maximum, exclusiveMaximum: undefined };
  const bounds = Object.entries({ ...low, ...high }).filter(([, bound]) => typeof bound === 'number');
  return { ...rest, ...Object.fromEntries(bounds) };
}

/** A property that goes only the other way cannot be required this way. */
function withRequired(schema: Mutable, original: JsonObject, { references, direction }: Context): Mutable {
  if (!Array.isArray(schema.required) || !isObject(original.properties)) return schema;
  const { properties } = original;
  const other = direction === 'request' ? 'readOnly' : 'writeOnly';
  const goesThisWay = (name: string): boolean => {
    let property = properties[name];
    for (let hops = 0; isObject(property) && hops < 10; hops += 1) {
      if (property[other] === true) return false;
      property = references.follow(property)?.value;
    }
    return true;
  };
  return {
    ...schema,
    required: schema.required.filter(name => typeof name !== 'string' || goesThisWay(name)),
  };
}

/** Each alternative goes with its own values of the property that tells them apart. */
function withDiscriminator(
  schema: Mutable,
  { value }: Located & { value: JsonObject },
  { references }: Context,
): Mutable {
  const { discriminator } = value;
  if (!isObject(discriminator) || typeof discriminator.propertyName !== 'string') return schema;
  const { propertyName } = discriminator;
  const keyword = ['oneOf', 'anyOf'].find(name => Array.isArray(schema[name]));
  if (keyword === undefined) return schema;
  const originals = value[keyword] as readonly unknown[];
  const alternatives = (schema[keyword] as readonly unknown[]).map((alternative, index) => {
    const original = originals[index];
    const names = isObject(original) ? discriminatorValues(discriminator, original, references) : [];
    if (names.length === 0) return alternative;
    const own = { required: [propertyName], properties: { [propertyName]: { enum: names } } };
    return { allOf: [alternative, own] };
  });
  return { ...schema, [keyword]: alternatives };
}

function discriminatorValues(
  discriminator: JsonObject,
  alternative: JsonObject,
  references: References,
): string[] {
  const target = references.follow(alternative);
  if (target === undefined) return [];
  const name = target.path.at(-1) ?? '';
  const mapped = membersOf(discriminator.mapping)
    .filter(([, value]) => value === alternative.$ref || value === name)
    .map(([key]) => key);
  return mapped.length > 0 ? mapped : [name];
}
