import type { Catalog } from '@holdfast/postgres';
import type { Sightings } from '../sightings.ts';

type Table = Catalog['tables'][number];
type Index = Catalog['indexes'][number];
type Constraint = Catalog['constraints'][number];

/** What is gone, so that what went with it is not reported as well. */
interface Gone {
  readonly tables: ReadonlySet<string>;
  /** Names of missing columns, whatever their table. */
  readonly columns: ReadonlySet<string>;
}

/**
 * What the live catalog lacks of the expected one. What only is there in addition is no trouble. Of a table that is
 * missing only the table is named, and of a missing column not the indexes and constraints that went with it.
 */
export function compareCatalogs(expected: Catalog, live: Catalog): Sightings['schema.catalog'] {
  const liveTables = new Map(live.tables.map(table => [nameOf(table), table]));
  const missingTables = expected.tables.map(nameOf).filter(name => !liveTables.has(name));
  const missingColumns = expected.tables.flatMap(table =>
    missingColumnsOf(table, liveTables.get(nameOf(table))),
  );
  const gone: Gone = {
    tables: new Set(missingTables),
    columns: new Set(missingColumns.map(name => name.split('.').at(-1) ?? name)),
  };
  const constraints = expected.constraints.filter(constraint => shouldExist(constraint, gone));
  return {
    tables: expected.tables.length,
    indexes: expected.indexes.length,
    missingTables,
    missingColumns,
    missingIndexes: missingIndexesOf(expected, live, gone),
    invalidIndexes: live.indexes.filter(({ valid, ready }) => !valid || !ready).map(nameOf),
    missingConstraints: missingConstraintsOf(constraints, live, sameMajor(expected, live)),
  };
}

function missingColumnsOf(expected: Table, live: Table | undefined): string[] {
  if (live === undefined) return [];
  const types = new Map(live.columns.map(({ name, type }) => [name, type]));
  return expected.columns
    .filter(({ name, type }) => types.get(name) !== type)
    .map(({ name }) => `${nameOf(expected)}.${name}`);
}

/** The index behind a primary key or a unique constraint is missed as that constraint. */
function missingIndexesOf(expected: Catalog, live: Catalog, gone: Gone): string[] {
  const present = new Set(live.indexes.map(nameOf));
  const behindConstraints = new Set(expected.constraints.map(nameOf));
  return expected.indexes
    .filter(index => !present.has(nameOf(index)) && !behindConstraints.has(nameOf(index)))
    .filter(index => shouldExist(index, gone))
    .map(nameOf);
}

function missingConstraintsOf(
  expected: readonly Constraint[],
  live: Catalog,
  compareTexts: boolean,
): string[] {
  const present = new Map(live.constraints.map(item => [constraintName(item), item]));
  const isThere = (wanted: Constraint): boolean => {
    const found = present.get(constraintName(wanted));
    if (found === undefined || (wanted.validated && !found.validated)) return false;
    return !compareTexts || found.definition === wanted.definition;
  };
  return expected
    .filter(({ kind }) => kind !== 'not null')
    .filter(item => !isThere(item))
    .map(constraintName);
}

/** Another major version of PostgreSQL may word the same definition differently. */
function sameMajor(one: Catalog, other: Catalog): boolean {
  return Math.floor(one.serverVersion / 10_000) === Math.floor(other.serverVersion / 10_000);
}

function shouldExist({ schema, table, definition }: Index | Constraint, gone: Gone): boolean {
  const words = definition.split(/[^\w$]+/);
  const hangsOnTable = words.some(
    (word, index) => word === 'REFERENCES' && refersTo(words.slice(index + 1), gone),
  );
  if (gone.tables.has(nameOf({ schema, name: table })) || hangsOnTable) return false;
  return !words.some(word => gone.columns.has(word));
}

/** `REFERENCES table (…)` or `REFERENCES schema.table (…)`. */
function refersTo([first = '', second = '']: readonly string[], { tables }: Gone): boolean {
  return tables.has(first) || tables.has(second) || tables.has(`${first}.${second}`);
}

/** Names in the schema everybody uses are shown without it. */
function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return schema === 'public' ? name : `${schema}.${name}`;
}

function constraintName({ schema, table, name }: Constraint): string {
  return `${nameOf({ schema, name: table })}.${name}`;
}
