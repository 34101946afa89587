import { HoldfastError } from '@holdfast/core';
import { readCatalog, type SqlQuery, sql, type Transaction } from '@holdfast/postgres';
import { matchColumns } from './match-columns.ts';
import { planRecreation, type Recreation } from './recreate-tables.ts';
import { childKey, type ForeignKey, parentKey, type Relation, tableKey, tableText } from './relation.ts';
import { listForeignKeys, listRelations, type RelationName, readRelation } from './relation-queries.ts';
import { runStatements } from './run-recreation.ts';
import { selectTables, tablesLeftOut } from './select-tables.ts';
import type { PlannedTable, TableRestoreMode } from './table-plan.ts';

export interface Sides {
  readonly source: Transaction;
  readonly target: Transaction;
}

export interface LoadOptions {
  readonly tables: readonly string[];
  readonly condition: SqlQuery<never> | undefined;
  readonly mode: TableRestoreMode;
}

export interface LoadedTables {
  readonly tables: PlannedTable[];
  readonly foreignKeys: readonly ForeignKey[];
  /** What the reader should know of the choice of tables. */
  readonly notes: readonly string[];
  readonly recreation: Recreation | undefined;
  /** The backup's own view of the tables that are made again. */
  readonly recreated: readonly Relation[];
  /** Plans a table that nobody asked for; undefined when one of the sides lacks it. */
  adopt(key: string): Promise<PlannedTable | undefined>;
}

/** Finds the tables on both sides and pairs them; tables that were dropped are made again, still without their rows and rules. */
export async function loadTables(sides: Sides, options: LoadOptions): Promise<LoadedTables> {
  const { source, target } = sides;
  const inBackup = await listRelations(source);
  const selected = selectTables(options.tables, inBackup);
  await refuseOverlap(source, selected);
  const before = await listRelations(target);
  const recreation = await recreate(sides, selected, before);
  const live = recreation === undefined ? before : await listRelations(target);
  const byKey = (list: readonly RelationName[]) =>
    new Map(list.map(relation => [tableKey(relation.schema, relation.name), relation]));
  const [theirs, ours, old] = [byKey(inBackup), byKey(live), byKey(before)];
  let position = 0;
  const plan = async (key: string, role: PlannedTable['role']): Promise<PlannedTable | undefined> => {
    const [backup, now] = [theirs.get(key), ours.get(key)];
    if (backup === undefined || now === undefined) return undefined;
    const created = !old.has(key);
    const [one, other] = [await readRelation(source, backup.oid), await readRelation(target, now.oid)];
    return pairTables(one, other, { ...options, role, created, position: position++ });
  };
  const tables: PlannedTable[] = [];
  for (const { schema, name } of selected) {
    const table = await plan(tableKey(schema, name), 'selected');
    if (table !== undefined) tables.push(table);
  }
  const created = selected.filter(({ schema, name }) => !old.has(tableKey(schema, name)));
  const now = (key: string): boolean => ours.has(key);
  const isNew = (key: string): boolean => now(key) && !old.has(key);
  const promised = recreation === undefined ? [] : await listForeignKeys(source);
  return {
    tables,
    notes: tablesLeftOut(options.tables, inBackup),
    recreation,
    recreated: await Promise.all(created.map(({ oid }) => readRelation(source, oid))),
    foreignKeys: [
      ...(await listForeignKeys(target)),
      ...promised.filter(
        key => (isNew(childKey(key)) || isNew(parentKey(key))) && now(childKey(key)) && now(parentKey(key)),
      ),
    ],
    adopt: key => plan(key, 'parent'),
  };
}

interface PairOptions extends LoadOptions {
  readonly role: PlannedTable['role'];
  readonly created: boolean;
  readonly position: number;
}

function pairTables(backup: Relation, live: Relation, options: PairOptions): PlannedTable {
  const name = tableText(live);
  for (const [relation, where] of [
    [backup, 'backup'],
    [live, 'live database'],
  ] as const) {
    if (!relation.rowSecurity) continue;
    const message = `Row level security would hide rows of ${name} in the ${where} from this role. Connect as the owner of the table, a role with BYPASSRLS or a superuser`;
    throw new HoldfastError('restore_refused', message);
  }
  // a table that was just made gets its keys after its rows
  const found = matchColumns(backup, options.created ? { ...live, indexes: backup.indexes } : live);
  if (found.columns.length === 0) {
    throw new HoldfastError(
      'restore_refused',
      `${name} has no column in common with the table in the backup.`,
    );
  }
  if (found.unfillable.length > 0) {
    const message = `${name} cannot take rows of the backup: ${found.unfillable.join(', ')} was added since, must have a value, and has none by default. Give it a default for the time of the restore`;
    throw new HoldfastError('restore_refused', message);
  }
  const { role, position, created, condition, mode } = options;
  const isParent = role === 'parent';
  return {
    position,
    relation: live,
    role,
    created,
    mode: isParent ? 'missing' : mode,
    condition: isParent ? undefined : condition,
    match: found.match,
    columns: found.columns,
    notes: found.notes,
  };
}

async function recreate(
  { source, target }: Sides,
  selected: readonly RelationName[],
  live: readonly RelationName[],
): Promise<Recreation | undefined> {
  const gone: [string, string][] = [];
  for (const { schema, name } of selected) {
    const found = live.find(relation => relation.schema === schema && relation.name === name);
    if (found === undefined) gone.push([schema, name]);
    else if (found.kind === 'view' || found.kind === 'foreign') {
      const message = `${tableText(found)} is a ${found.kind === 'view' ? 'view' : 'foreign table'} in the live database and a table in the backup. Rename one of them first.`;
      throw new HoldfastError('restore_refused', message);
    }
  }
  if (gone.length === 0) return undefined;
  const recreation = planRecreation(
    {
      backup: await readCatalog(source, { schemas: 'all' }),
      live: await readCatalog(target, { schemas: 'all' }),
    },
    gone,
  );
  await runStatements(target, recreation.before);
  return recreation;
}

/** A partition and its parent hold the same rows. */
async function refuseOverlap(source: Transaction, selected: readonly RelationName[]): Promise<void> {
  const oids = selected.map(({ oid }) => oid);
  const overlap = await source.many(sql<{ part: string; whole: string }>`
    select part::pg_catalog.regclass::pg_catalog.text as part, up.relid::pg_catalog.text as whole
    from pg_catalog.unnest(${oids}::pg_catalog.oid[]) part, pg_catalog.pg_partition_ancestors(part) up
    where up.relid <> part and up.relid = any (${oids}::pg_catalog.oid[])`);
  const [first] = overlap;
  if (first === undefined) return;
  throw new HoldfastError(
    'restore_refused',
    `${first.part} is a partition of ${first.whole}: name one of them, not both.`,
  );
}
