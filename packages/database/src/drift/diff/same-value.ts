import { loadModule, parseSync } from 'libpg-query';
import type { PropertyValue } from '../objects/schema-object.ts';

// the parser is WebAssembly: loaded once, it answers at once
await loadModule();

/** Properties that hold SQL, which another major version of PostgreSQL may write in other words. */
const SQL_PROPERTIES = new Set([
  'definition',
  'default',
  'using',
  'with check',
  'generated',
  'index',
  'constraints',
]);
/** PostgreSQL 17 added it to what GRANT ALL grants. */
const NEW_PRIVILEGE = /\bMAINTAIN\b\*?(?:, )?|, MAINTAIN\b\*?/g;

/** Whether two values of one property mean the same. `otherMajor`: they come from different major versions. */
export function sameValue(
  property: string,
  expected: PropertyValue,
  live: PropertyValue,
  otherMajor: boolean,
): boolean {
  if (asText(expected) === asText(live)) return true;
  if (property === 'populated') return live === true;
  if (!otherMajor) return false;
  if (property === 'privileges') {
    return asText(expected).replaceAll(NEW_PRIVILEGE, '') === asText(live).replaceAll(NEW_PRIVILEGE, '');
  }
  if (!SQL_PROPERTIES.has(property)) return false;
  return typeof expected === 'string' && typeof live === 'string' ? sameSql(expected, live) : false;
}

/** Equal but for casts between the given types, which PostgreSQL writes into every expression over a column. */
export function sameButForCasts(expected: PropertyValue, live: PropertyValue): boolean {
  return withoutCasts(asText(expected)) === withoutCasts(asText(live));
}

export function asText(value: PropertyValue): string {
  return JSON.stringify(value, (_, inner: PropertyValue) => (isRecord(inner) ? sorted(inner) : inner));
}

function isRecord(value: PropertyValue): value is { readonly [name: string]: PropertyValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: { readonly [name: string]: PropertyValue }): PropertyValue {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const CAST =
  /::(?:[\w$]+\.|\\"[^"]+\\"\.)?(?:character varying|double precision|(?:timestamp|time)(?: with(?:out)? time zone)?|bit varying|[\w$]+|\\"[^"]+\\")(?:\(\d+(?:,\d+)?\))?(?:\[\])*/g;

function withoutCasts(text: string): string {
  return text
    .replaceAll(CAST, '')
    .replaceAll(/[()\s]/g, '')
    .replaceAll(/USING\w+/g, '');
}

function sameSql(one: string, other: string): boolean {
  const [a, b] = [normalForm(one), normalForm(other)];
  return a !== undefined && a === b;
}

/** The parse tree without places, and without the table before a column where PostgreSQL 16 began to leave it out. */
function normalForm(text: string): string | undefined {
  for (const statement of [text, `select ${text}`, `alter table t add ${text}`]) {
    try {
      return JSON.stringify(parseSync(statement).stmts, simplify);
    } catch {
      // not a whole statement: it may be an expression, or a constraint
    }
  }
  return undefined;
}

const PLACES = new Set([
  'location',
  'stmt_len',
  'stmt_location',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
]);

function simplify(name: string, value: unknown): unknown {
  if (PLACES.has(name)) return undefined;
  if (name === 'fields' && Array.isArray(value)) return value.slice(-1);
  return value;
}
