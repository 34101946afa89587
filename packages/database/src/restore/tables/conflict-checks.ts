import { type SqlQuery, sql } from '@holdfast/postgres';
import { catalogText } from './catalog-text.ts';
import { childKey, type ForeignKey, parentKey, type RelationIndex, tableKey, tableText } from './relation.ts';
import { ACTION, fromTable, goneTable, names, staysAsItIs, TAB, TID, workTable } from './row-sql.ts';
import type { ConflictKind, PlannedTable } from './table-plan.ts';

/** One thing that may stand in the way of rows: which of the rows to write, or of the places to delete, it holds for. */
export interface ConflictCheck {
  readonly table: PlannedTable;
  readonly kind: ConflictKind;
  readonly subject: string;
  readonly message: string;
  readonly of: 'work' | 'gone';
  /** The `ctid`s of those rows of the temporary table. */
  readonly rows: SqlQuery<unknown>;
}

export interface CheckContext {
  readonly tables: readonly PlannedTable[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly find: (key: string) => PlannedTable | undefined;
}

/** Everything to look for, rules of the tables themselves before those between tables. */
export function conflictChecks(context: CheckContext): ConflictCheck[] {
  return [
    ...context.tables.flatMap(table => [
      ...notNullChecks(table),
      ...table.relation.checks.flatMap(check => checkCheck(table, check)),
      ...table.relation.indexes.flatMap(index => indexChecks(table, index)),
    ]),
    ...context.foreignKeys.flatMap(key => parentChecks(context, key)),
    ...context.foreignKeys.flatMap(key => referenceChecks(context, key)),
  ];
}

function notNullChecks(table: PlannedTable): ConflictCheck[] {
  return table.relation.columns
    .filter(({ name, notNull }) => notNull && table.columns.includes(name))
    .map(({ name }) => ({
      table,
      kind: 'not null',
      subject: name,
      message: `${name} must have a value and has none in the backup`,
      of: 'work',
      rows: sql`select ctid from ${workTable(table)} where pg_catalog.num_nulls(${sql.id(name)}) > 0`,
    }));
}

/** The rows to write as the table would have them, with the generated columns that a rule may speak of. */
function workRows(table: PlannedTable): SqlQuery<never> {
  const generated = table.relation.columns
    .filter(column => column.generated !== null)
    .map(column => sql`, ${catalogText(`(${column.generated})`)} as ${sql.id(column.name)}`);
  return sql<never>`(select ctid as "holdfast row", ${names(table.columns)}
    ${generated.length === 0 ? sql`` : sql.join(generated, ' ')} from ${workTable(table)})`;
}

/** Columns that came after the backup get defaults, which are not known before; the database itself judges those rows. */
function knows(table: PlannedTable, columns: readonly string[]): boolean {
  const generated = table.relation.columns.filter(column => column.generated !== null);
  const known = new Set([...table.columns, ...generated.map(({ name }) => name)]);
  return columns.every(column => known.has(column));
}

function checkCheck(table: PlannedTable, check: PlannedTable['relation']['checks'][number]): ConflictCheck[] {
  if (!knows(table, check.columns)) return [];
  return [
    {
      table,
      kind: 'check',
      subject: check.name,
      message: `the check ${check.name} refuses them: ${check.expression}`,
      of: 'work',
      rows: sql`select "holdfast row" from ${workRows(table)} w where (${catalogText(check.expression)}) is false`,
    },
  ];
}

/** An index as two lists of rows, those to write (`w`) and the live ones (`t`), and when two of them cannot both be. */
export function indexSides(
  table: PlannedTable,
  index: RelationIndex,
):
  | { readonly ours: SqlQuery<never>; readonly theirs: SqlQuery<never>; readonly same: SqlQuery<never> }
  | undefined {
  if (!knows(table, index.columns) || index.parts.some(({ operator }) => operator === null)) return undefined;
  const parts = index.parts.map(
    ({ expression }, number) => sql`${catalogText(`(${expression})`)} as ${sql.id(`holdfast k${number}`)}`,
  );
  const where = index.predicate === null ? sql`` : sql`where ${catalogText(`(${index.predicate})`)}`;
  return {
    ours: sql`(select "holdfast row", ${sql.join(parts)} from ${workRows(table)} x ${where})`,
    theirs: sql`(select tableoid, ctid, ${sql.join(parts)} from ${fromTable(table.relation)} ${where})`,
    same: sql.join(
      index.parts.map(({ operator }, number) => samePart(number, operator ?? '', index.nullsNotDistinct)),
      ' and ',
    ),
  };
}

/** Rows that share a key, or overlap, with a live row that stays or with another row to write. */
function indexChecks(table: PlannedTable, index: RelationIndex): ConflictCheck[] {
  const sides = indexSides(table, index);
  if (sides === undefined) return [];
  const { ours, theirs, same } = sides;
  return [
    {
      table,
      kind: index.exclusion ? 'exclusion' : 'unique',
      subject: index.name,
      message: `another row has the same ${index.parts.map(({ expression }) => expression).join(', ')} (${index.name})`,
      of: 'work',
      rows: sql`select w."holdfast row" from ${ours} w join ${theirs} t on ${same} where ${staysAsItIs(table, 't')}
        union select w."holdfast row" from ${ours} w join ${ours} t on ${same} where t."holdfast row" <> w."holdfast row"`,
    },
  ];
}

function samePart(number: number, operator: string, nullsToo: boolean): SqlQuery<never> {
  const [one, other] = [sql.id('t', `holdfast k${number}`), sql.id('w', `holdfast k${number}`)];
  const equal = sql<never>`${one} ${catalogText(operator)} ${other}`;
  return nullsToo ? sql<never>`(${equal} or (${one} is null and ${other} is null))` : equal;
}

/** Rows whose parent is neither in the live table after the restore nor among the rows to write. */
function parentChecks({ find }: CheckContext, key: ForeignKey): ConflictCheck[] {
  const table = find(childKey(key));
  if (table === undefined || !knows(table, key.columns)) return [];
  return [
    {
      table,
      kind: 'missing parent',
      subject: key.name,
      message: `the row of ${tableText({ schema: key.parentSchema, name: key.parentTable })} that they refer to is not there (${key.name})`,
      of: 'work',
      rows: sql`select w.ctid from ${workTable(table)} w where ${isOrphan(key, 'w', find(parentKey(key)))}`,
    },
  ];
}

/** Whether what `alias` refers to will be missing. MATCH SIMPLE: one null, and it refers to nothing. */
export function isOrphan(key: ForeignKey, alias: string, parent: PlannedTable | undefined): SqlQuery<never> {
  const given = sql.join(
    key.columns.map(column => sql`pg_catalog.num_nulls(${sql.id(alias, column)}) = 0`),
    ' and ',
  );
  const matches = sql.join(
    key.columns.map(
      (column, number) =>
        sql`p.${sql.id(key.parentColumns[number] ?? '')} ${catalogText(key.operators[number] ?? '=')} ${sql.id(alias, column)}`,
    ),
    ' and ',
  );
  const name = sql.id(key.parentSchema, key.parentTable);
  const stays = parent === undefined ? sql`` : sql`and ${staysAsItIs(parent, 'p2')}`;
  const live = sql`exists (select from (select p2.* from ${name} p2 where true ${stays}) p where ${matches})`;
  const planned =
    parent === undefined ? sql`` : sql`and not exists (select from ${workTable(parent)} p where ${matches})`;
  return sql<never>`(${given} and not ${live} ${planned})`;
}

/** Rows that cannot go, or lose their key, because a row that stays refers to them. */
function referenceChecks({ find }: CheckContext, key: ForeignKey): ConflictCheck[] {
  const table = find(parentKey(key));
  if (table === undefined || table.created || !key.parentColumns.every(name => table.columns.includes(name)))
    return [];
  const child = find(childKey(key));
  const message = `rows of ${tableText({ schema: key.schema, name: key.table })} refer to them (${key.name}, on delete ${key.onDelete}): restore that table as well`;
  const of = (place: 'work' | 'gone', temporary: SqlQuery<unknown>): ConflictCheck => ({
    table,
    kind: 'referenced',
    subject: key.name,
    message,
    of: place,
    rows: sql`select w.ctid from ${temporary} w join ${fromTable(table.relation)} t
      on t.ctid = w.${TID} and t.tableoid = w.${TAB}
      where ${isReferenced(key, child)} and not ${isStillThere(key, table)}`,
  });
  return [
    of('gone', goneTable(table)),
    of('work', sql`(select ctid, * from ${workTable(table)} where ${ACTION} = 'u')`),
  ];
}

function isReferenced(key: ForeignKey, child: PlannedTable | undefined): SqlQuery<never> {
  const matches = sql.join(
    key.columns.map(
      (column, number) =>
        sql`t.${sql.id(key.parentColumns[number] ?? '')} ${catalogText(key.operators[number] ?? '=')} c.${sql.id(column)}`,
    ),
    ' and ',
  );
  const name = sql.id(key.schema, key.table);
  const stays = child === undefined ? sql`` : sql`and ${staysAsItIs(child, 'c2')}`;
  const planned =
    child === undefined || !key.columns.every(column => child.columns.includes(column))
      ? sql``
      : sql`or exists (select from ${workTable(child)} c where ${matches})`;
  return sql<never>`(exists (select from (select c2.* from ${name} c2 where true ${stays}) c where ${matches}) ${planned})`;
}

/** Another row has the key afterwards. */
function isStillThere(key: ForeignKey, table: PlannedTable): SqlQuery<never> {
  const matches = sql.join(
    key.parentColumns.map(
      (column, number) =>
        sql`p.${sql.id(column)} ${catalogText(key.parentOperators[number] ?? '=')} t.${sql.id(column)}`,
    ),
    ' and ',
  );
  return sql<never>`exists (select from ${workTable(table)} p where ${matches})`;
}

export function planKey({ relation }: PlannedTable): string {
  return tableKey(relation.schema, relation.name);
}
