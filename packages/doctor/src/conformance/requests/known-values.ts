import { isObject, type JsonObject } from '../document/json-value.ts';

/** Values that earlier answers held, by where they came from. */
export interface KnownValues {
  /** Remembers the scalar members of the objects in an answer from a path template. */
  learn(template: string, body: unknown): void;
  /** Values for a parameter of a path template, the likeliest first. */
  valuesFor(template: string, name: string): readonly unknown[];
  /** Remembers what this run has created, and therefore may change and remove. */
  learnOwn(template: string, body: unknown): void;
  ownValuesFor(template: string, name: string): readonly unknown[];
}

const MAX_OBJECTS = 20;
const MAX_VALUES = 20;
/** Members that hold the objects of a list, or the one object, in answers with an envelope. */
const ENVELOPES = [
  'data',
  'items',
  'results',
  'content',
  'value',
  'records',
  'rows',
  'entries',
  'hits',
  'list',
  '_embedded',
];

type Store = Map<string, unknown[]>;

export function createKnownValues(): KnownValues {
  const seen: Store = new Map();
  const own: Store = new Map();
  return {
    learn: (template, body) => learn(seen, template, body),
    valuesFor: (template, name) => lookUp(seen, template, name),
    learnOwn: (template, body) => learn(own, template, body),
    ownValuesFor: (template, name) => lookUpOwn(own, template, name),
  };
}

function learn(store: Store, template: string, body: unknown): void {
  for (const object of objectsIn(body).slice(0, MAX_OBJECTS)) {
    for (const [name, value] of Object.entries(object)) {
      if (typeof value !== 'string' && typeof value !== 'number') continue;
      remember(store, `${template} ${plainName(name)}`, value);
      remember(store, `* ${plainName(name)}`, value);
    }
  }
}

function remember(store: Store, key: string, value: unknown): void {
  const values = store.get(key) ?? [];
  if (values.length < MAX_VALUES && !values.includes(value)) store.set(key, [...values, value]);
}

/** The objects of an answer: those of the list in it, or the answer itself. */
export function objectsIn(body: unknown): JsonObject[] {
  const list = listIn(body);
  if (list !== undefined) return list.filter(isObject);
  if (!isObject(body)) return [];
  const inner = ENVELOPES.map(name => body[name]).find(isObject);
  return inner === undefined ? [body] : objectsIn(inner);
}

/** The list of an answer, however it is wrapped; undefined when there is none. */
export function listIn(body: unknown): readonly unknown[] | undefined {
  if (Array.isArray(body)) return body;
  if (!isObject(body)) return undefined;
  const named = ENVELOPES.map(name => body[name]);
  const list = named.find(Array.isArray);
  if (list !== undefined) return list;
  const lists = Object.values(body).filter(Array.isArray);
  if (lists.length === 1 && !('id' in body)) return lists[0];
  return isObject(body.data) ? listIn(body.data) : undefined;
}

/** `/orders/{orderId}`: `orderId` or `id` of what `/orders` has told, then `orderId` of anything. */
function lookUp(store: Store, template: string, name: string): unknown[] {
  const wanted = plainName(name);
  const collection = collectionOf(template, name);
  if (collection === undefined) return store.get(`* ${wanted}`) ?? [];
  const segment = segmentOf(collection);
  const keys = [
    `${collection} ${wanted}`,
    ...identifying(wanted, segment).map(member => `${collection} ${member}`),
    `* ${wanted === 'id' ? `${singular(segment)}id` : wanted}`,
  ];
  return [...new Set(keys.flatMap(key => store.get(key) ?? []))];
}

/** What identifies a created thing itself: its `customer_id` is somebody else's. */
function lookUpOwn(store: Store, template: string, name: string): unknown[] {
  const collection = collectionOf(template, name);
  if (collection === undefined) return [];
  const wanted = plainName(name);
  const members = identifying(wanted, segmentOf(collection));
  const keys = members.flatMap(member => [`${collection} ${wanted}`, `${collection} ${member}`]);
  return [...new Set(keys.flatMap(key => store.get(key) ?? []))];
}

/** The part of a template before a parameter; undefined when it has no such parameter. */
function collectionOf(template: string, name: string): string | undefined {
  const at = template.indexOf(`{${name}}`);
  return at === -1 ? undefined : template.slice(0, at).replace(/\/$/, '');
}

function segmentOf(collection: string): string {
  const names = collection.split('/').filter(part => !part.startsWith('{'));
  return plainName(names.at(-1) ?? '');
}

/** Members that may be meant by the parameter: `id` for `orderId` below `/orders`. */
function identifying(wanted: string, segment: string): string[] {
  const suffix = ['id', 'uuid', 'slug', 'name', 'key', 'code', 'number'].find(item => wanted.endsWith(item));
  const stem = suffix === undefined ? wanted : wanted.slice(0, -suffix.length);
  if (stem !== '' && !segment.startsWith(stem) && !stem.startsWith(singular(segment))) return [];
  return suffix === undefined ? ['id'] : [suffix];
}

function singular(segment: string): string {
  if (segment.endsWith('ies')) return `${segment.slice(0, -3)}y`;
  return segment.replace(/s$/, '');
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
