import { HoldfastError } from '@holdfast/core';
import { type Queryable, sql } from '@holdfast/postgres';
import { readLedger } from './ledger-schema.ts';
import { compareVersions, type Migration } from './migration.ts';

/**
 * Refuses to have Holdfast's own migrations do anything with a database that somebody else has made: one whose ledger names none of
 * them, or one with tables and without any of Holdfast's. An empty one is welcome. Reads only.
 * @param own Holdfast's own migrations
 * @param advice what to do instead, of whoever was about to migrate
 * @throws `usage` with what to type
 */
export async function refuseForeignDatabase(
  db: Queryable,
  own: readonly Migration[],
  advice = 'Name yours with --migrations DIR',
): Promise<void> {
  const foreign = (reason: string): HoldfastError =>
    new HoldfastError(
      'usage',
      `These are Holdfast's own migrations, and the database is somebody else's: ${reason}. Nothing was done. ${advice}`,
      { details: { reason } },
    );
  const rows = await readLedger(db);
  const isOurs = rows.some(row =>
    own.some(({ version, name }) => compareVersions(version, row.version) === 0 && name === row.name),
  );
  if (isOurs) return;
  const [first] = rows;
  if (first !== undefined) {
    throw foreign(`its ledger begins with ${first.version}_${first.name}, which is none of them`);
  }
  const table = await findForeignTable(db);
  if (table !== undefined) throw foreign(`it has the table ${table}, and none of Holdfast's`);
}

/** Undefined where there are no tables, or Holdfast's among them: a ledger may be lost. */
async function findForeignTable(db: Queryable): Promise<string | undefined> {
  const { ours, table } = await db.one(sql<{ ours: boolean; table: string | null }>`
    select
      coalesce(bool_or(
        namespace.nspname = 'holdfast_recovery' or class.relname in ('password_credentials', 'one_time_tokens')
      ), false) as ours,
      min(pg_catalog.format('%I.%I', namespace.nspname, class.relname)) as table
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
    where class.relkind in ('r', 'p', 'f') and class.relpersistence <> 't'
      and namespace.nspname !~ '^pg_' and namespace.nspname not in ('information_schema', 'holdfast_ledger')
      and not exists (
        select from pg_catalog.pg_depend as dependency
        where dependency.classid = 'pg_catalog.pg_class'::regclass and dependency.objid = class.oid
          and dependency.deptype = 'e'
      )
  `);
  return ours ? undefined : (table ?? undefined);
}
