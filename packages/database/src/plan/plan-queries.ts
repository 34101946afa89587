import { type Queryable, sql } from '@holdfast/postgres';
import type { LockMode } from '../lint/finding.ts';

/** A relation as it is at the moment of asking. */
export interface RelationState {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** As in pg_class. */
  readonly kind: string;
  /** Of an index: its table. */
  readonly table: number | null;
  /** Changes when the relation is written anew. */
  readonly fileNode: number;
  /** How often this transaction has read all of it. */
  readonly scans: number;
  /** As last counted by ANALYZE or VACUUM; null when never. */
  readonly rows: number | null;
  /** As last counted, without indexes. */
  readonly bytes: number;
}

const RELATIONS = sql<RelationState>`
  select class.oid::bigint as oid, namespace.nspname as schema, class.relname as name, class.relkind as kind,
    index.indrelid::bigint as "table", class.relfilenode::bigint as "fileNode",
    coalesce(pg_catalog.pg_stat_get_xact_numscans(class.oid), 0) as scans,
    case when class.reltuples >= 0 then class.reltuples::bigint end as rows,
    class.relpages::bigint * pg_catalog.current_setting('block_size')::bigint as bytes
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  left join pg_catalog.pg_index as index on index.indexrelid = class.oid
  where class.relkind in ('r', 'p', 'm', 'f', 'v', 'i', 'I') and class.oid >= 16384
    and namespace.nspname <> 'information_schema' and namespace.nspname not like 'pg\\_%'
`;

/** Every relation outside of the system's schemas. */
export function listRelations(db: Queryable): Promise<RelationState[]> {
  return db.many(RELATIONS);
}

/** Those of these that are still there, and their indexes. */
export function listRelationsAmong(db: Queryable, oids: readonly number[]): Promise<RelationState[]> {
  const list = `{${oids.join(',')}}`;
  return db.many(sql<RelationState>`
    ${RELATIONS} and (class.oid = any (${list}::oid[]) or index.indrelid = any (${list}::oid[]))
  `);
}

export interface HeldRelationLock {
  readonly relation: number;
  readonly mode: LockMode;
}

/** The locks of this session on relations outside of the system's schemas. */
export function listOwnLocks(db: Queryable): Promise<HeldRelationLock[]> {
  return db.many(sql<HeldRelationLock>`
    select relation::bigint as relation,
      upper(trim(pg_catalog.regexp_replace(pg_catalog.regexp_replace(mode, 'Lock$', ''), '([A-Z])', ' \\1', 'g'))) as mode
    from pg_catalog.pg_locks
    where pid = pg_catalog.pg_backend_pid() and locktype = 'relation' and granted and relation >= 16384
      and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
  `);
}

export interface RelationSize {
  readonly oid: number;
  readonly bytes: number;
}

/** The size of relations that this session has locked, with indexes and what is stored out of line. */
export function measureRelations(db: Queryable, oids: readonly number[]): Promise<RelationSize[]> {
  return db.many(sql<RelationSize>`
    select class.oid::bigint as oid, pg_catalog.pg_total_relation_size(class.oid) as bytes
    from pg_catalog.pg_class as class where class.oid = any (${`{${oids.join(',')}}`}::oid[])
  `);
}

/** The size of a table, named as in SQL, without indexes; Infinity when there is none of that name. */
export async function findTableBytes(db: Queryable, table: string): Promise<number> {
  const { bytes } = await db.one(sql<{ bytes: number | null }>`
    select pg_catalog.pg_relation_size(pg_catalog.to_regclass(${table})) as bytes
  `);
  return bytes ?? Number.POSITIVE_INFINITY;
}
