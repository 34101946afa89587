import { type Queryable, sql } from '@holdfast/postgres';

export interface CollationVersion {
  /** `database shop`, or a collation as SQL would write it. */
  readonly name: string;
  readonly kind: 'database' | 'collation';
  readonly recorded: string;
  readonly actual: string;
  readonly indexes: number;
}

/** Where the version of a collation that objects were built with is not the one that the system has now. */
export function listChangedCollations(db: Queryable, version: number): Promise<CollationVersion[]> {
  const database =
    version >= 150_000
      ? ofDatabase
      : sql`select null::text as name, null::text as kind, null::text as recorded, null::text as actual, 0::pg_catalog.int8 as indexes where false`;
  return db.many(sql<CollationVersion>`
    ${database}
    union all
    select pg_catalog.format('%I.%I', n.nspname, c.collname), 'collation', c.collversion,
      pg_catalog.pg_collation_actual_version(c.oid),
      (select count(distinct i.indexrelid) from pg_catalog.pg_index i where c.oid = any (i.indcollation::pg_catalog.oid[]))
    from pg_catalog.pg_collation c
    join pg_catalog.pg_namespace n on n.oid = c.collnamespace
    where c.collversion is not null and c.collversion is distinct from pg_catalog.pg_collation_actual_version(c.oid)
      and pg_catalog.pg_collation_actual_version(c.oid) is not null
    order by 5 desc, 1
  `);
}

/** 100 is the collation `default`, which stands for the database's. */
const ofDatabase = sql`
  select pg_catalog.format('%I', d.datname) as name, 'database' as kind, d.datcollversion as recorded,
    pg_catalog.pg_database_collation_actual_version(d.oid) as actual,
    (select count(*) from pg_catalog.pg_index i where 100 = any (i.indcollation::pg_catalog.oid[])) as indexes
  from pg_catalog.pg_database d
  where d.datname = pg_catalog.current_database() and d.datcollversion is not null
    and d.datcollversion is distinct from pg_catalog.pg_database_collation_actual_version(d.oid)
    and pg_catalog.pg_database_collation_actual_version(d.oid) is not null`;

/** How many collations have a version at all: musl has none, and neither has C. */
export async function countVersionedCollations(db: Queryable, version: number): Promise<number> {
  const database =
    version >= 150_000
      ? sql`select count(*) from pg_catalog.pg_database d where d.datname = pg_catalog.current_database() and d.datcollversion is not null`
      : sql`select 0`;
  const { versioned } = await db.one(sql<{ versioned: number }>`
    select (select count(*) from pg_catalog.pg_collation where collversion is not null) + (${database}) as versioned
  `);
  return versioned;
}
