import { HoldfastError, suggest } from '@holdfast/core';
import { listSchemas, type Queryable, sql } from '@holdfast/postgres';
import { displayName } from '../drift/objects/schema-object.ts';
import type { Statement } from '../sql-script/split-statements.ts';
import type { Migration } from './migration.ts';
import type { RunContext } from './run-context.ts';

/**
 * Refuses the name of a schema that is not there and that no migration creates: to compare and to store it would be to look at
 * nothing, and to find all well for ever.
 * @throws `usage` with the one that was probably meant, and those that there are
 */
export async function refuseUnknownSchemas(
  { connection, schemas }: { readonly connection: Queryable; readonly schemas: RunContext['schemas'] },
  migrations: readonly Migration[],
): Promise<void> {
  if (schemas === 'all') return;
  const present = await presentSchemas(connection, schemas);
  const absent = schemas.filter(name => !present.includes(name));
  if (absent.length === 0) return;
  const statements = migrations.flatMap(({ up }) => up.statements);
  const created = statements.flatMap(statement => createdSchema(statement) ?? []);
  const unknown = absent.filter(name => !created.includes(name) && !statements.some(mayCreate(name)));
  if (unknown.length === 0) return;
  const known = [...new Set([...(await listSchemas(connection)), ...created])].sort();
  throw unknownSchemas(unknown, known);
}

/** Those of the names that the database has. */
export async function presentSchemas(db: Queryable, names: readonly string[]): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select nspname::text as name from pg_catalog.pg_namespace where nspname = any(${names}::text[])
  `);
  const found = new Set(rows.map(({ name }) => name));
  return names.filter(name => found.has(name));
}

function unknownSchemas(unknown: readonly string[], known: readonly string[]): HoldfastError {
  const list = (names: readonly string[]): string => names.map(name => displayName([name])).join(', ');
  const meant = unknown.flatMap(name => suggest(name, known) ?? []);
  const hint = meant.length === 0 ? '' : ` Did you mean ${list([...new Set(meant)])}?`;
  const message = `There ${unknown.length === 1 ? 'is no schema' : 'are no schemas'} ${list(unknown)}, and no migration creates ${unknown.length === 1 ? 'it' : 'them'}; there are ${list(known)}.${hint} Nothing was run`;
  return new HoldfastError('usage', message, { details: { unknown, known } });
}

const NAME = '("(?:[^"]|"")+"|[^\\s;(]+)';
const CREATE = new RegExp(
  `^create\\s+schema\\s+(?:if\\s+not\\s+exists\\s+)?(?:authorization\\s+)?${NAME}`,
  'i',
);
const RENAME = new RegExp(`^alter\\s+schema\\s+${NAME}\\s+rename\\s+to\\s+${NAME}`, 'i');

/** The schema that a statement makes, or that it gives its name. */
function createdSchema({ text }: Statement): string | undefined {
  const name = CREATE.exec(text)?.[1] ?? RENAME.exec(text)?.[2];
  if (name === undefined) return undefined;
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}

/** A block or a function that creates schemas may name it. */
function mayCreate(name: string): (statement: Statement) => boolean {
  return ({ words, text }) =>
    (words[0] === 'do' || words.includes('function') || words.includes('procedure')) &&
    /\bcreate\s+schema\b/i.test(text) &&
    (text.split(/[^\w$]+/).includes(name) || text.includes(`"${name}"`));
}
