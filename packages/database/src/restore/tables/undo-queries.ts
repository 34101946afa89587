import { HoldfastError } from '@holdfast/core';
import { type Queryable, type SqlQuery, sql, sqlState, type Transaction } from '@holdfast/postgres';
import { catalogText } from './catalog-text.ts';
import {
  ACTION,
  fromTable,
  goneTable,
  keysEqual,
  names,
  rowText,
  TAB,
  TID,
  valueTexts,
  workTable,
} from './row-sql.ts';
import type { PlannedTable, TableRestoreMode } from './table-plan.ts';

/** A restore of tables as the ledger has it. */
export interface RecordedRestore {
  readonly id: string;
  readonly restoredAt: Date;
  readonly source: string;
  readonly mode: TableRestoreMode;
  readonly tables: readonly RecordedTable[];
  readonly undoneAt: Date | null;
}

export interface RecordedTable {
  readonly position: number;
  readonly schema: string;
  readonly name: string;
  readonly created: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Columns of the key; null when whole rows were compared. */
  readonly key: readonly string[] | null;
}

const KEPT_DAYS = 30;
const LOCK_NOT_AVAILABLE = '55P03';
const MAKER_WAIT = '60s';

/** What there is of the tables that keep how to go back. */
interface UndoTables {
  readonly schema: boolean;
  readonly rows: boolean;
  /** False for a table that an earlier version made without a key, and that this role may change. */
  readonly complete: boolean;
}

function findUndoTables(db: Queryable): Promise<UndoTables> {
  return db.one(sql<UndoTables>`
    select pg_catalog.to_regnamespace('holdfast_ledger') is not null as schema, kept.oid is not null as rows,
      kept.oid is not null and (
        exists (select from pg_catalog.pg_index where indrelid = kept.oid and indisprimary)
        or not pg_catalog.pg_has_role(kept.relowner, 'usage')
      ) as complete
    from (select) as one
    left join pg_catalog.pg_class as kept on kept.oid = pg_catalog.to_regclass('holdfast_ledger.table_restore_rows')`);
}

/**
 * Makes the tables of the ledger that keep how to go back. Everybody may read the ledger, but not these two: they hold rows, and
 * row security without a policy shows them to their owner alone, whatever is granted. Of several restores at once one makes them.
 */
export async function ensureUndoTables(tx: Transaction): Promise<void> {
  if ((await findUndoTables(tx)).complete) return;
  await waitForMaker(tx);
  const found = await findUndoTables(tx);
  if (found.complete) return;
  if (found.rows) return addRowsKey(tx);
  try {
    if (!found.schema) await createLedgerSchema(tx);
    await createUndoTables(tx);
  } catch (cause) {
    if (sqlState(cause) !== '42501') throw cause;
    const message =
      'The rows from before the restore cannot be kept: this role may not create the schema holdfast_ledger or a table in it. Use the owner of the database, or give up the way back with --no-undo';
    throw new HoldfastError('restore_refused', message, { cause });
  }
}

/** Lets another restore that is making the tables end first; what it made is seen then. */
async function waitForMaker(tx: Transaction): Promise<void> {
  const setTimeout = (value: string) =>
    tx.query(sql`select pg_catalog.set_config('lock_timeout', ${value}, true)`);
  const { usual } = await tx.one(
    sql<{ usual: string }>`select pg_catalog.current_setting('lock_timeout') as usual`,
  );
  await setTimeout(MAKER_WAIT);
  try {
    await tx.query(
      sql`select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('holdfast undo tables', 0))`,
    );
  } catch (cause) {
    if (sqlState(cause) !== LOCK_NOT_AVAILABLE) throw cause;
    const message = `Another restore of tables is making holdfast_ledger.table_restore_rows and has not ended within ${MAKER_WAIT}. Nothing was changed; run this one again when that one has ended`;
    throw new HoldfastError('lock_timeout', message, { cause });
  }
  await setTimeout(usual);
}

/** Everybody may look into it, as when a migration makes it: else nobody but its owner can tell that it holds no ledger. */
async function createLedgerSchema(tx: Transaction): Promise<void> {
  await tx.execute(sql`create schema holdfast_ledger`);
  await tx.execute(sql`grant usage on schema holdfast_ledger to public`);
}

async function createUndoTables(tx: Transaction): Promise<void> {
  await tx.execute(sql`create table holdfast_ledger.table_restores (
    id text primary key, restored_at timestamptz not null default now(), restored_by text not null default session_user,
    source text not null, mode text not null, tables jsonb not null, undone_at timestamptz)`);
  // values as their types write them under fixed settings: no type or table of a user is pinned by it
  await tx.execute(sql`create table holdfast_ledger.table_restore_rows (
    id bigint generated always as identity primary key,
    restore text not null references holdfast_ledger.table_restores on delete cascade, position integer not null,
    action "char" not null, key text[], before text[], digest bytea)`);
  await tx.execute(
    sql`create index table_restore_rows_restore on holdfast_ledger.table_restore_rows (restore, position)`,
  );
  for (const table of ['table_restores', 'table_restore_rows']) {
    const name = sql.id('holdfast_ledger', table);
    await tx.execute(sql`alter table ${name} enable row level security`);
    await tx.execute(sql`revoke all on ${name} from public`);
  }
}

/** Left for the next restore while somebody reads or writes the table: nobody waits for a key. */
async function addRowsKey(tx: Transaction): Promise<void> {
  await tx.execute(sql`savepoint holdfast_key`);
  try {
    await tx.execute(sql`lock table holdfast_ledger.table_restore_rows in access exclusive mode nowait`);
    await tx.execute(
      sql`alter table holdfast_ledger.table_restore_rows add column id bigint generated always as identity primary key`,
    );
  } catch (error) {
    if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
    await tx.execute(sql`rollback to savepoint holdfast_key`);
  }
  await tx.execute(sql`release savepoint holdfast_key`);
}

const digest = (alias: string, { columns }: PlannedTable): SqlQuery<never> =>
  sql<never>`pg_catalog.sha256(pg_catalog.convert_to(${rowText(alias, columns)}, 'UTF8'))`;

const beforeTable = ({ position }: PlannedTable): SqlQuery<never> =>
  sql.id('pg_temp', `holdfast_before_${position}`);

const keyTexts = (alias: string, { match }: PlannedTable): SqlQuery<never> =>
  match.kind === 'key' ? valueTexts(alias, match.columns) : sql<never>`null::pg_catalog.text[]`;

/** Keeps the rows that are about to be changed or deleted. */
export async function keepBefore(tx: Transaction, table: PlannedTable): Promise<void> {
  const values = valueTexts('t', table.columns);
  const live = sql`${fromTable(table.relation)} t on t.ctid = w.${TID} and t.tableoid = w.${TAB}`;
  await tx.execute(sql`create temporary table ${beforeTable(table)} on commit drop as
    select 'u'::pg_catalog."char" as action, w.ctid as place, ${values} as before
    from ${workTable(table)} w join ${live} where w.${ACTION} = 'u'
    union all select 'd', null, ${values} from ${goneTable(table)} w join ${live}`);
}

/** Writes down how to go back from what was written: the rows from before, and what the others look like now. */
export async function recordRows(tx: Transaction, restore: string, table: PlannedTable): Promise<void> {
  const { match, relation, position } = table;
  const head = sql`${restore}::pg_catalog.text, ${position}::pg_catalog.int4`;
  const [row, join] =
    match.kind === 'key'
      ? ['t', sql`join ${fromTable(relation)} t on ${keysEqual(table, 't', 'w')}`]
      : ['w', sql``];
  await tx.execute(sql`
    insert into holdfast_ledger.table_restore_rows (restore, position, action, key, before, digest)
    select ${head}, w.${ACTION}, ${keyTexts(row, table)}, b.before, ${digest(row, table)}
    from ${workTable(table)} w ${join} left join ${beforeTable(table)} b on b.place = w.ctid
    union all select ${head}, 'd', null, before, null from ${beforeTable(table)} where action = 'd'`);
}

export async function recordRestore(
  tx: Transaction,
  restore: Pick<RecordedRestore, 'id' | 'source' | 'mode' | 'tables'>,
): Promise<void> {
  await tx.execute(sql`delete from holdfast_ledger.table_restores
    where restored_at < now() - ${`${KEPT_DAYS} days`}::pg_catalog.interval`);
  await tx.execute(sql`insert into holdfast_ledger.table_restores (id, source, mode, tables)
    values (${restore.id}, ${restore.source}, ${restore.mode}, ${sql.json(restore.tables)}::pg_catalog.jsonb)`);
}

/** Newest first; none where nothing was ever restored. */
export async function listTableRestores(db: Queryable): Promise<RecordedRestore[]> {
  const { found } = await db.one(
    sql<{
      found: boolean;
    }>`select pg_catalog.to_regclass('holdfast_ledger.table_restores') is not null as found`,
  );
  if (!found) return [];
  return db.many(sql<RecordedRestore>`
    select id, restored_at as "restoredAt", source, mode, tables, undone_at as "undoneAt"
    from holdfast_ledger.table_restores order by restored_at desc, id desc`);
}

export async function markUndone(tx: Transaction, id: string): Promise<void> {
  await tx.execute(sql`delete from holdfast_ledger.table_restore_rows where restore = ${id}`);
  await tx.execute(
    sql`update holdfast_ledger.table_restores set undone_at = pg_catalog.now() where id = ${id}`,
  );
}

const RECORDED = { key: 'holdfast key', before: 'holdfast before' } as const;
const DIGEST = sql.id('holdfast digest');

/** The recorded texts as values of the columns' types. */
function typed(
  array: keyof typeof RECORDED,
  columns: readonly string[],
  table: PlannedTable,
): SqlQuery<unknown>[] {
  return columns.map((column, index) => {
    const type = table.relation.columns.find(({ name }) => name === column)?.type ?? 'text';
    return sql`(${sql.id('r', RECORDED[array])}[${sql.literal(String(index + 1))}::pg_catalog.int4])::${catalogText(type)}`;
  });
}

/**
 * Fills the temporary tables with the way back: inserted rows go, changed ones get what they had, deleted ones return. Rows that
 * somebody has changed since are left alone.
 * @returns how many those are
 */
export async function fillUndo(tx: Transaction, id: string, table: PlannedTable): Promise<number> {
  const { columns, relation, match, position } = table;
  // under names that no column of the table has
  const rows = sql`(select action as ${ACTION}, key as ${sql.id(RECORDED.key)}, before as ${sql.id(RECORDED.before)},
    digest as ${DIGEST} from holdfast_ledger.table_restore_rows
    where restore = ${id} and position = ${position}::pg_catalog.int4)`;
  const written = sql`r.${ACTION}`;
  const list = sql`${names(columns)}, ${ACTION}, ${TID}, ${TAB}`;
  await tx.execute(sql`insert into ${workTable(table)} (${list})
    select ${sql.join(typed('before', columns, table))}, 'i', null, null from ${rows} r where ${written} = 'd'`);
  let matched: number;
  if (match.kind === 'key') {
    const keys = sql`(select r.*, ${sql.join(
      typed('key', match.columns, table).map(
        (value, index) => sql`${value} as ${sql.id(match.columns[index] ?? '')}`,
      ),
    )} from ${rows} r where ${written} <> 'd')`;
    const live = sql`${keys} r join ${fromTable(relation)} t on ${keysEqual(table, 't', 'r')} and ${digest('t', table)} = r.${DIGEST}`;
    const gone = await tx.execute(
      sql`insert into ${goneTable(table)} select t.ctid, t.tableoid from ${live} where ${written} = 'i'`,
    );
    const changed = await tx.execute(sql`insert into ${workTable(table)} (${list})
      select ${sql.join(typed('before', columns, table))}, 'u', t.ctid, t.tableoid from ${live} where ${written} = 'u'`);
    matched = gone + changed;
  } else {
    matched = await tx.execute(sql`insert into ${goneTable(table)} select t.ctid, t.tableoid
      from (select ${DIGEST}, pg_catalog.row_number() over (partition by ${DIGEST}) as n from ${rows} r where ${written} = 'i') r
      join (select x.ctid, x.tableoid, ${digest('x', table)} as ${DIGEST},
          pg_catalog.row_number() over (partition by ${digest('x', table)}) as n from ${fromTable(relation)} x) t
        on t.${DIGEST} = r.${DIGEST} and t.n = r.n`);
  }
  const { all } = await tx.one(
    sql<{ all: number }>`select pg_catalog.count(*) as "all" from ${rows} r where ${written} <> 'd'`,
  );
  return all - matched;
}
