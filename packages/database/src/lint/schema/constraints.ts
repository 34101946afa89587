import type { Constraint } from 'libpg-query';
import { columnsIn, constantsIn, notNullIn } from './expressions.ts';
import type { KnownConstraint, KnownRelation, KnownSchema } from './known-schema.ts';
import { strings } from './names.ts';

const KINDS: Readonly<Record<string, KnownConstraint['kind']>> = {
  CONSTR_CHECK: 'check',
  CONSTR_FOREIGN: 'foreign key',
  CONSTR_UNIQUE: 'unique',
  CONSTR_PRIMARY: 'primary key',
  CONSTR_EXCLUSION: 'exclusion',
  CONSTR_NOTNULL: 'not null',
};

/**
 * Puts down a constraint, under the name that PostgreSQL gives it when the statement gives none.
 * @param column the column that it stands behind, when it is a column's
 */
export function addConstraint(
  schema: KnownSchema,
  table: KnownRelation,
  constraint: Constraint,
  column?: string,
): void {
  const kind = KINDS[constraint.contype ?? ''];
  if (kind === undefined) return;
  const columns = columnsOf(schema, constraint, column);
  const notNull = kind === 'check' ? notNullIn(constraint.raw_expr) : kind === 'not null' ? columns : [];
  const name = constraintName(schema, table, constraint, column);
  const validated = constraint.skip_validation !== true && constraint.is_enforced !== false;
  const { transaction } = schema;
  const constants = kind === 'check' ? constantsIn([constraint.raw_expr]) : [];
  table.constraints.set(name, { name, kind, columns, notNull, constants, validated, transaction });
  if (kind === 'primary key' || (kind === 'not null' && validated)) {
    for (const key of columns) markNotNull(table, key);
  }
}

/** The name that the statement gives the constraint, or else PostgreSQL. */
export function constraintName(
  schema: KnownSchema,
  table: KnownRelation,
  constraint: Constraint,
  column?: string,
): string {
  const { conname, indexname, contype = 'CONSTR_CHECK' } = constraint;
  const kind = KINDS[contype] ?? 'check';
  const chosen = (): string => freeName(table, baseName(table, kind, columnsOf(schema, constraint, column)));
  return conname ?? indexname ?? chosen();
}

export function columnsOf(schema: KnownSchema, constraint: Constraint, column?: string): string[] {
  if (column !== undefined) return [column];
  if (constraint.contype === 'CONSTR_CHECK') return columnsIn([constraint.raw_expr]);
  if (constraint.contype === 'CONSTR_FOREIGN') return strings(constraint.fk_attrs);
  if (constraint.indexname !== undefined) {
    const index = [...schema.indexes.values()].find(({ name }) => name === constraint.indexname);
    return [...(index?.columns ?? [])];
  }
  return strings(constraint.keys);
}

export function markNotNull(table: KnownRelation, column: string): void {
  const known = table.columns.get(column);
  if (known === undefined) table.columns.set(column, { name: column, type: undefined, notNull: true });
  else known.notNull = true;
}

/** Whether a validated constraint proves the column not to be null, so that nothing has to be read. */
export function provesNotNull(table: KnownRelation, column: string): boolean {
  return [...table.constraints.values()].some(
    constraint => constraint.validated && constraint.notNull.includes(column),
  );
}

const SUFFIXES: Readonly<Record<KnownConstraint['kind'], string>> = {
  check: 'check',
  'foreign key': 'fkey',
  unique: 'key',
  'primary key': 'pkey',
  exclusion: 'excl',
  'not null': 'not_null',
};

function baseName(table: KnownRelation, kind: KnownConstraint['kind'], columns: readonly string[]): string {
  const named = kind === 'primary key' || (kind === 'check' && columns.length !== 1) ? [] : columns;
  return [table.name, ...named, SUFFIXES[kind]].join('_');
}

function freeName(table: KnownRelation, base: string): string {
  let name = base;
  for (let number = 1; table.constraints.has(name); number++) name = `${base}${number}`;
  return name;
}
