import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { estimatedRows, seesAllRows } from '../relation-fragments.ts';

export interface UniqueKeyPart {
  /** A column or an expression, as SQL. */
  readonly expression: string;
  readonly isColumn: boolean;
  /** Only for types that have one. */
  readonly collation: string | null;
  /** Equal means the same bytes, so that any collation groups alike. */
  readonly bytewise: boolean;
}

export interface UniqueIndex {
  /** As SQL would write them. */
  readonly table: string;
  readonly index: string;
  /** The columns of INCLUDE are not among them. */
  readonly keys: readonly UniqueKeyPart[];
  readonly predicate: string | null;
  readonly nullsNotDistinct: boolean;
  /** False after a failed CREATE UNIQUE INDEX CONCURRENTLY. */
  readonly valid: boolean;
  /** False for partitioned tables. */
  readonly only: boolean;
  /** Ordered by a collation that a new version of a library may change. */
  readonly collated: boolean;
  readonly usualEquality: boolean;
  readonly hashable: boolean;
  readonly rows: number | string;
  readonly seesAll: boolean;
}

/** The unique indexes on tables of the schemas; those of partitions are part of their parents'. */
export function listUniqueIndexes(
  db: Queryable,
  schemas: readonly string[],
  version: number,
): Promise<UniqueIndex[]> {
  const ofDatabase = sql`(select ${databaseIsCollated(version)} from pg_catalog.pg_database d
    where d.datname = pg_catalog.current_database())`;
  const nullsNotDistinct = version >= 150_000 ? sql`i.indnullsnotdistinct` : sql`false`;
  return db.many(sql<UniqueIndex>`
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table",
      pg_catalog.format('%I.%I', n.nspname, ic.relname) as index,
      key.parts as keys,
      pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate,
      ${nullsNotDistinct} as "nullsNotDistinct",
      i.indisvalid and i.indisready as valid,
      c.relkind <> 'p' as only,
      key.collated,
      key.usual as "usualEquality",
      key.hashable,
      ${estimatedRows('c')} as rows,
      ${seesAllRows('c')} as "seesAll"
    from pg_catalog.pg_index i
    join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    join pg_catalog.pg_class c on c.oid = i.indrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    cross join lateral (
      select pg_catalog.json_agg(pg_catalog.json_build_object(
          'expression', pg_catalog.pg_get_indexdef(i.indexrelid, part.number, false),
          'isColumn', i.indkey[part.number - 1] <> 0,
          'collation', case when co.oid is not null then pg_catalog.format('%I.%I', con.nspname, co.collname) end,
          'bytewise', co.collisdeterministic and a.atttypid = any (array['text', 'varchar', 'bpchar', 'name']::pg_catalog.regtype[])
        ) order by part.number) as parts,
        coalesce(pg_catalog.bool_or(case co.collprovider when 'd' then ${ofDatabase} when 'i' then true
          when 'c' then co.collcollate !~ '^(C|POSIX)' else false end), false) as collated,
        pg_catalog.bool_and(oc.opcdefault or oc.opcname like '%pattern\\_ops') as usual,
        pg_catalog.bool_and(coalesce(co.collisdeterministic, true) and exists (
          select from pg_catalog.pg_opclass h join pg_catalog.pg_am am on am.oid = h.opcmethod and am.amname = 'hash'
          where h.opcdefault and (h.opcintype = a.atttypid or h.opcintype = oc.opcintype)
        )) as hashable
      from pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) part(number)
      join pg_catalog.pg_attribute a on a.attrelid = i.indexrelid and a.attnum = part.number
      join pg_catalog.pg_opclass oc on oc.oid = i.indclass[part.number - 1]
      left join pg_catalog.pg_collation co on co.oid = i.indcollation[part.number - 1]
      left join pg_catalog.pg_namespace con on con.oid = co.collnamespace
    ) key
    where i.indisunique and not ic.relispartition and i.indislive and c.relkind in ('r', 'p', 'm')
      and n.nspname = any (${schemas}::pg_catalog.text[])
    order by 1, 2
  `);
}

/** Whether the order of text in this database is a library's: C, and since PostgreSQL 17 its own, never change. */
function databaseIsCollated(version: number): SqlQuery<never> {
  const byLibrary = sql<never>`d.datcollate !~ '^(C|POSIX)'`;
  if (version < 150_000) return byLibrary;
  return sql<never>`case d.datlocprovider when 'i' then true when 'c' then ${byLibrary} else false end`;
}
