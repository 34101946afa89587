import { shellWord } from '@holdfast/core';
import { type Queryable, sql } from '@holdfast/postgres';
import { planKey } from './conflict-checks.ts';
import type { EmptyColumn } from './recreate-tables.ts';
import { childKey, type ForeignKey, parentKey, tableKey, tableText } from './relation.ts';
import type { PlannedTable, TableRestorePlan } from './table-plan.ts';

interface Coming {
  readonly tables: readonly PlannedTable[];
  readonly plans: readonly TableRestorePlan[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Columns that come back with the type of a table. */
  readonly emptyColumns: readonly EmptyColumn[];
}

/** What went with the rows that come back and does not come with them, a clause each. */
export async function leftBehind(target: Queryable, coming: Coming): Promise<string[]> {
  const filled = coming.plans.filter(({ inserts, created }) => inserts > 0 && !created);
  const parents = filled.map(({ schema, name }) => ({ schema, name, key: tableKey(schema, name) }));
  return [
    ...parents.flatMap(parent => hangingNotes(parent, coming)),
    ...(await emptiedNotes(target, new Set(parents.map(({ key }) => key)), coming)),
    ...emptyColumnNotes(coming),
  ];
}

/** Nothing tells the rows which of them had a value; the table is restored for that. */
function emptyColumnNotes({ tables, emptyColumns }: Coming): string[] {
  const rewritten = new Set(tables.filter(({ mode }) => mode !== 'missing').map(planKey));
  const byTable = Map.groupBy(emptyColumns, ({ schema, table }) => tableKey(schema, table));
  return [...byTable].flatMap(([key, columns]) => {
    const [first] = columns;
    if (first === undefined || rewritten.has(key)) return [];
    const [name, names] = [
      tableText({ schema: first.schema, name: first.table }),
      columns.map(({ column }) => column),
    ];
    return [
      `${name} gets ${names.toSorted().join(', ')} back without the values: --table ${shellWord(name)} --mode overwrite shows them`,
    ];
  });
}

/** Rows that came to refer to them since have what refers to them; those that a cascade took are gone. */
function hangingNotes(
  { schema, name, key }: { readonly schema: string; readonly name: string; readonly key: string },
  { tables, foreignKeys }: Coming,
): string[] {
  const cascades = foreignKeys.filter(({ onDelete }) => onDelete === 'cascade');
  const coming = new Set(tables.map(planKey));
  const hanging = new Map<string, string>();
  const open = [key];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    for (const child of cascades.filter(other => parentKey(other) === parent)) {
      if (coming.has(childKey(child)) || hanging.has(childKey(child))) continue;
      hanging.set(childKey(child), tableText({ schema: child.schema, name: child.table }));
      open.push(childKey(child));
    }
  }
  if (hanging.size === 0) return [];
  const names = [...hanging.values()].toSorted();
  return [
    `rows of ${tableText({ schema, name })} come back without what a cascade took with them: to have it as well, name ${names.join(', ')} with --table`,
  ];
}

/** Whether a reference was emptied by the deletion, or always was empty, the live table does not tell. */
async function emptiedNotes(
  target: Queryable,
  parents: ReadonlySet<string>,
  { tables, foreignKeys }: Coming,
): Promise<string[]> {
  const rewritten = new Set(tables.filter(({ mode }) => mode !== 'missing').map(planKey));
  const emptied = foreignKeys.filter(
    key => key.onDelete === 'set null' && parents.has(parentKey(key)) && !rewritten.has(childKey(key)),
  );
  const notes: string[] = [];
  for (const key of emptied) if (await hasEmpty(target, key)) notes.push(noteOf(key));
  return notes;
}

async function hasEmpty(target: Queryable, { schema, table, columns }: ForeignKey): Promise<boolean> {
  const given = sql.join(columns.map(column => sql.id(column)));
  const { found } = await target.one(sql<{ found: boolean }>`
    select exists (select from ${sql.id(schema, table)} where pg_catalog.num_nulls(${given}) > 0) as found`);
  return found;
}

function noteOf({ schema, table, columns, name, parentTable }: ForeignKey): string {
  const empty = columns.join(', ');
  const child = tableText({ schema, name: table });
  return `rows of ${child} without ${empty} may have lost it with the rows of ${parentTable} (${name}, on delete set null), and do not get it back: --table ${shellWord(child)} --mode overwrite shows which`;
}
