import { type Difference, describeDifference, diffCatalogs } from '../../drift/index.ts';
import { displayName } from '../../drift/objects/schema-object.ts';
import type { BackupProblem, DatabaseContent, TableContent } from '../manifest.ts';

/**
 * What a restore is not asked to bring back: settings of the server, the collations of its operating system, and versions of
 * extensions, which the system it runs on has.
 */
const NOT_RESTORED: ReadonlySet<Difference['type']> = new Set(['server setting', 'database', 'extension']);

/** How something was brought back: as a cluster with all that belongs to it, or from a dump of one database. */
export type RestoredBy = 'cluster' | 'dump';

/**
 * Compares what a backup says with what was found after bringing it back; both as {@link readContent} gives them. Empty when
 * every object, row and value is there again, and nothing else. Tables that the backup could not read are compared by their
 * columns alone. Sequences may be ahead: a crash or a copy under load skips numbers, and only a repeated one does harm. What no dump
 * holds is not missed after one: settings of the database and of roles, and indexes that were invalid; nor is the disk that something
 * lay on.
 */
export function compareContent(
  expected: readonly DatabaseContent[],
  found: readonly DatabaseContent[],
  by: RestoredBy = 'cluster',
): BackupProblem[] {
  const others = new Map(found.map(database => [database.name, database]));
  return expected.flatMap(database => {
    const other = others.get(database.name);
    if (other !== undefined) return compareDatabase(database, other, by);
    return [problem('missing_database', database.name, 'the database is not there')];
  });
}

function compareDatabase(expected: DatabaseContent, found: DatabaseContent, by: RestoredBy): BackupProblem[] {
  return [
    ...compareExtensions(expected, found),
    ...compareTables(expected, found),
    ...compareSequences(expected, found),
    ...compareMigrations(expected, found),
    ...compareSchema(expected, found, by),
  ];
}

function compareExtensions(expected: DatabaseContent, found: DatabaseContent): BackupProblem[] {
  const names = new Set(found.extensions.map(({ name }) => name));
  return expected.extensions.flatMap(({ name, version }) => {
    if (names.has(name)) return [];
    return [problem('missing_extension', name, `extension ${name} ${version} is not there`)];
  });
}

function compareTables(expected: DatabaseContent, found: DatabaseContent): BackupProblem[] {
  const others = new Map(found.tables.map(table => [keyOf(table), table]));
  const known = new Set(expected.tables.map(keyOf));
  const unexpected = found.tables
    .filter(table => !known.has(keyOf(table)))
    .map(table => problem('unexpected_table', nameOf(table), 'the backup does not know of this table'));
  return [...expected.tables.flatMap(table => compareTable(table, others.get(keyOf(table)))), ...unexpected];
}

function compareTable(expected: TableContent, found: TableContent | undefined): BackupProblem[] {
  const name = nameOf(expected);
  if (found === undefined) return [problem('missing_table', name, 'the table is not there')];
  if (found.columnsHash !== expected.columnsHash)
    return [problem('wrong_columns', name, 'its columns have other names, types or another order')];
  if (expected.checksum === null) return [];
  if (found.checksum === null)
    return [problem('unreadable_table', name, `it cannot be read: ${found.unread ?? 'no reason is known'}`)];
  if (found.rows !== expected.rows)
    return [problem('wrong_row_count', name, `it has ${found.rows} rows instead of ${expected.rows}`)];
  if (found.checksum === expected.checksum) return [];
  return [
    problem('wrong_checksum', name, `its ${found.rows} rows are as many as expected, but not the same`),
  ];
}

function compareSequences(expected: DatabaseContent, found: DatabaseContent): BackupProblem[] {
  const others = new Map(found.sequences.map(sequence => [keyOf(sequence), sequence]));
  const descending = new Set(
    expected.catalog.sequences.filter(({ increment }) => increment.startsWith('-')).map(keyOf),
  );
  return expected.sequences.flatMap(sequence => {
    const other = others.get(keyOf(sequence));
    const name = nameOf(sequence);
    if (other === undefined) return [problem('missing_sequence', name, 'the sequence is not there')];
    if (sequence.lastValue === null || other.lastValue === null) return [];
    const ahead = BigInt(other.lastValue) - BigInt(sequence.lastValue);
    const behind = descending.has(keyOf(sequence)) ? ahead > 0n : ahead < 0n;
    const uncalled = ahead === 0n && sequence.isCalled && !other.isCalled;
    if (!behind && !uncalled) return [];
    return [
      problem('sequence_behind', name, `it stands at ${other.lastValue} instead of ${sequence.lastValue}`),
    ];
  });
}

function compareMigrations(expected: DatabaseContent, found: DatabaseContent): BackupProblem[] {
  const text = ({ migrations }: DatabaseContent): string =>
    JSON.stringify(migrations?.map(({ version, name, checksum }) => [version, name, checksum]) ?? null);
  if (text(expected) === text(found)) return [];
  return [problem('ledger_differs', expected.name, 'the ledger names other migrations')];
}

function compareSchema(expected: DatabaseContent, found: DatabaseContent, by: RestoredBy): BackupProblem[] {
  const { differences } = diffCatalogs({ expected: expected.catalog, live: found.catalog });
  const invalid = new Set(
    expected.catalog.indexes
      .filter(({ valid }) => !valid)
      .map(({ schema, name }) => displayName([schema, name])),
  );
  return differences
    .filter(({ type }) => !NOT_RESTORED.has(type))
    .filter(difference => by === 'cluster' || !isInNoDump(difference, invalid))
    .map(difference => problem('schema_differs', difference.name, describeDifference(difference)));
}

/** An index that a failed CREATE INDEX CONCURRENTLY left behind serves nobody (manual, pg_dump leaves it out). */
function isInNoDump(
  { type, kind, name, property }: Difference,
  invalidIndexes: ReadonlySet<string>,
): boolean {
  if (type === 'setting' || property === 'tablespace') return true;
  return type === 'index' && kind === 'missing' && invalidIndexes.has(name);
}

function problem(code: string, subject: string, message: string): BackupProblem {
  return { code, subject, message };
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}
