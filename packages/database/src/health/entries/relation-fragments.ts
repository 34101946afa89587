import { type SqlQuery, sql } from '@holdfast/postgres';

/** Pieces of catalog queries over a relation that is called by the given alias of pg_class. */
type Alias = 'c' | 'p' | 't';

/**
 * How many rows a table has, as the planner would estimate: density when last counted times the size now. Sums the
 * partitions of a partitioned table. Without statistics a row is taken to have 64 bytes.
 */
export function estimatedRows(alias: Alias): SqlQuery<never> {
  const [oid, kind] = [sql.id(alias, 'oid'), sql.id(alias, 'relkind')];
  return sql<never>`(
    select coalesce(sum(case
      when l.relpages > 0 and l.reltuples >= 0 then l.reltuples / l.relpages * (pg_catalog.pg_relation_size(l.oid) / 8192.0)
      else pg_catalog.pg_relation_size(l.oid) / 64.0 end), 0)::pg_catalog.int8
    from (
      select ${oid} as id where ${kind} <> 'p'
      union all
      select tree.relid from pg_catalog.pg_partition_tree(${oid}) tree where tree.isleaf and ${kind} = 'p'
    ) leaves
    join pg_catalog.pg_class l on l.oid = leaves.id and l.relkind in ('r', 'm')
  )`;
}

/**
 * Whether this session sees every row: it may read, and row security hides none. Otherwise counts would be wrong rather
 * than missing.
 */
export function seesAllRows(alias: Alias): SqlQuery<never> {
  const oid = sql.id(alias, 'oid');
  return sql<never>`(
    pg_catalog.has_table_privilege(${oid}, 'select')
    and not pg_catalog.row_security_active(${oid})
  )`;
}

/** True for what belongs to an extension. */
export function ofExtension(alias: Alias): SqlQuery<never> {
  return sql<never>`exists (
    select from pg_catalog.pg_depend e
    where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = ${sql.id(alias, 'oid')}
      and e.deptype = 'e'
  )`;
}
