import { HoldfastError } from '@holdfast/core';
import { type Queryable, sql } from '@holdfast/postgres';
import { compareVersions, type Migration } from './migration.ts';
import type { RunContext } from './run-context.ts';

/** The table in which dbmate notes what it has applied: one column, `version`. */
export interface ForeignLedger {
  readonly tool: 'dbmate';
  readonly schema: string;
  /** Ascending, as numbers; what is no number is left out. */
  readonly versions: readonly string[];
}

const TABLE = 'schema_migrations';

/** The pattern of a comparison that leaves that table out. */
export const FOREIGN_LEDGER = `table:*.${TABLE}`;

/** Finds the table of dbmate, in the schemas of the search path first; undefined when there is none, or nothing in it. */
export async function findForeignLedger(db: Queryable): Promise<ForeignLedger | undefined> {
  const found = await db.maybeOne(sql<{ schema: string }>`
    select namespace.nspname as schema
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
    where class.relname = ${TABLE} and class.relkind = 'r'
      and pg_catalog.has_schema_privilege(namespace.oid, 'usage') and pg_catalog.has_table_privilege(class.oid, 'select')
      and (
        select array_agg(attname::text || ' ' || atttypid::regtype::text)
        from pg_catalog.pg_attribute where attrelid = class.oid and attnum > 0 and not attisdropped
      ) = array['version character varying']
    order by array_position(current_schemas(false), namespace.nspname) nulls last, namespace.nspname
    limit 1
  `);
  if (found === undefined) return undefined;
  const rows = await db.many(
    sql<{ version: string }>`select version from ${sql.id(found.schema, TABLE)} where version ~ '^[0-9]+$'`,
  );
  const versions = rows.map(({ version }) => version).sort(compareVersions);
  return versions.length === 0 ? undefined : { tool: 'dbmate', schema: found.schema, versions };
}

/** Refuses a database that another tool has brought to where it is with these very files: they would be applied twice. */
export async function refuseForeignLedger(
  { connection: db, commandLine }: Pick<RunContext, 'connection' | 'commandLine'>,
  migrations: readonly Migration[],
): Promise<void> {
  const ledger = await findForeignLedger(db);
  if (ledger === undefined) return;
  const theirs = new Set(ledger.versions.map(BigInt));
  const applied = migrations.filter(({ version }) => theirs.has(BigInt(version)));
  if (applied.length === 0) return;
  const message =
    `${ledger.tool} has applied ${applied.length} of these migrations to this database (${ledger.schema}.${TABLE}); ` +
    `nothing was run, since they would be applied twice. Take them over first with: ${commandLine('migrate baseline')}`;
  throw new HoldfastError('migration_adoption_needed', message, {
    details: { tool: ledger.tool, schema: ledger.schema, versions: applied.map(({ version }) => version) },
  });
}
