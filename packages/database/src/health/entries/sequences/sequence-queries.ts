import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { catalogSql } from '../catalog-sql.ts';
import { estimatedRows, ofExtension, seesAllRows } from '../relation-fragments.ts';

/** Values of sequences are decimal text: a bigint does not fit a number. */
export interface SequenceDefinition {
  /** As SQL would write it. */
  readonly name: string;
  readonly type: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly increment: string;
  readonly cycle: boolean;
  /** Whether this session can know where it stands. */
  readonly readable: boolean;
}

/** The sequences of the schemas, those behind identity columns among them. */
export function listSequences(db: Queryable, schemas: readonly string[]): Promise<SequenceDefinition[]> {
  return db.many(sql<SequenceDefinition>`
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
      pg_catalog.format_type(s.seqtypid, null) as type,
      s.seqmin::text as minimum, s.seqmax::text as maximum, s.seqincrement::text as increment, s.seqcycle as cycle,
      pg_catalog.has_sequence_privilege(c.oid, 'select')
        and (c.relpersistence = 'p' or not pg_catalog.pg_is_in_recovery()) as readable
    from pg_catalog.pg_sequence s
    join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (${schemas}::pg_catalog.text[]) and not ${ofExtension('c')}
    order by 1
  `);
}

/** A column that takes its values from a sequence: an identity, or by its default. */
export interface SequenceUse {
  readonly sequence: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
  /** The sequence goes when the column goes. */
  readonly owned: boolean;
  readonly identity: boolean;
  readonly numeric: boolean;
  /** An index can tell the highest value at once. */
  readonly indexed: boolean;
  readonly rows: number | string;
  readonly seesAll: boolean;
}

/** Which columns use which sequences. A sequence without any is not there; one with several is there for each. */
export function listSequenceUses(db: Queryable, schemas: readonly string[]): Promise<SequenceUse[]> {
  return db.many(sql<SequenceUse>`
    with uses as (
      -- the column owns the sequence, or is an identity
      select d.objid as sequence, d.refobjid as relation, d.refobjsubid as number, true as owned, d.deptype = 'i' as identity
      from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
      union all
      -- the default draws from it
      select d.refobjid, ad.adrelid, ad.adnum, false, false
      from pg_catalog.pg_depend d
      join pg_catalog.pg_attrdef ad on ad.oid = d.objid
      where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    ), columns as (
      select sequence, relation, number, pg_catalog.bool_or(owned) as owned, pg_catalog.bool_or(identity) as identity
      from uses group by sequence, relation, number
    )
    select pg_catalog.format('%I.%I', sn.nspname, sc.relname) as sequence,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as "table",
      pg_catalog.quote_ident(a.attname) as "column",
      pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
      u.owned, u.identity,
      a.atttypid = any (array['int2', 'int4', 'int8', 'numeric']::pg_catalog.regtype[]) as numeric,
      ${hasIndex(sql`u.relation`, sql`u.number`)} as indexed,
      ${estimatedRows('c')} as rows,
      ${seesAllRows('c')} as "seesAll"
    from columns u
    join pg_catalog.pg_class sc on sc.oid = u.sequence and sc.relkind = 'S'
    join pg_catalog.pg_namespace sn on sn.oid = sc.relnamespace
    join pg_catalog.pg_class c on c.oid = u.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = u.relation and a.attnum = u.number
    where sn.nspname = any (${schemas}::pg_catalog.text[])
      and not c.relispartition
    order by 1, 2, 3
  `);
}

/** Whether a complete btree index begins with the column. */
function hasIndex(relation: SqlQuery<unknown>, number: SqlQuery<unknown>): SqlQuery<never> {
  return sql<never>`exists (
    select from pg_catalog.pg_index i
    join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    join pg_catalog.pg_am am on am.oid = ic.relam and am.amname = 'btree'
    where i.indrelid = ${relation} and i.indkey[0] = ${number} and i.indpred is null and i.indisvalid
  )`;
}

export interface SequencePosition {
  readonly name: string;
  /** The last value that was drawn, or the first that will be when none was. */
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/** Where sequences stand. Read as tables are: pg_sequence_last_value() would lock like a writer. */
export function readPositions(db: Queryable, names: readonly string[]): Promise<SequencePosition[]> {
  const parts = names.map(
    name => sql`
      select ${name}::text as name, last_value::text as "lastValue", is_called as "isCalled" from ${catalogSql(name)}`,
  );
  return db.many(sql<SequencePosition>`${sql.join(parts, ' union all ')}`);
}

/** A key column of two or four bytes, and the column whose growth will exceed it: itself, or the key it refers to. */
export interface NarrowKey {
  readonly table: string;
  readonly column: string;
  readonly type: 'smallint' | 'integer';
  readonly limit: number;
  /** The column whose highest value counts. */
  readonly sourceTable: string;
  readonly sourceColumn: string;
  readonly indexed: boolean;
  readonly rows: number | string;
  readonly seesAll: boolean;
}

/**
 * Columns of type integer and smallint that hold ever new keys: primary keys of one column, columns with a sequence, and foreign
 * keys that are narrower than what they refer to.
 */
export function listNarrowKeys(db: Queryable, schemas: readonly string[]): Promise<NarrowKey[]> {
  return db.many(sql<NarrowKey>`
    with keys as (
      select o.conrelid as relation, o.conkey[1] as number, o.conrelid as source, o.conkey[1] as source_number
      from pg_catalog.pg_constraint o where o.contype = 'p' and pg_catalog.array_length(o.conkey, 1) = 1
      union
      select ad.adrelid, ad.adnum, ad.adrelid, ad.adnum
      from pg_catalog.pg_depend d
      join pg_catalog.pg_attrdef ad on ad.oid = d.objid
      join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
      where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
      union
      select a.attrelid, a.attnum, a.attrelid, a.attnum from pg_catalog.pg_attribute a where a.attidentity <> ''
      union
      select o.conrelid, k.child, o.confrelid, k.parent
      from pg_catalog.pg_constraint o
      cross join lateral rows from (pg_catalog.unnest(o.conkey), pg_catalog.unnest(o.confkey)) as k(child, parent)
      join pg_catalog.pg_attribute pa on pa.attrelid = o.confrelid and pa.attnum = k.parent
      join pg_catalog.pg_attribute ca on ca.attrelid = o.conrelid and ca.attnum = k.child
      where o.contype = 'f' and o.conparentid = 0 and ca.attlen < pa.attlen
        and pa.atttypid = any (array['int4', 'int8']::pg_catalog.regtype[])
    )
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table",
      pg_catalog.quote_ident(a.attname) as "column",
      pg_catalog.format_type(a.atttypid, null) as type,
      case a.attlen when 2 then 32767 else 2147483647 end as "limit",
      pg_catalog.format('%I.%I', tn.nspname, t.relname) as "sourceTable",
      pg_catalog.quote_ident(sa.attname) as "sourceColumn",
      ${hasIndex(sql`k.source`, sql`k.source_number`)} as indexed,
      ${estimatedRows('t')} as rows,
      ${seesAllRows('t')} as "seesAll"
    from keys k
    join pg_catalog.pg_class c on c.oid = k.relation and c.relkind in ('r', 'p')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = k.relation and a.attnum = k.number
    join pg_catalog.pg_class t on t.oid = k.source
    join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
    join pg_catalog.pg_attribute sa on sa.attrelid = k.source and sa.attnum = k.source_number
    where n.nspname = any (${schemas}::pg_catalog.text[]) and not c.relispartition
      and a.atttypid = any (array['int2', 'int4']::pg_catalog.regtype[])
    order by 1, 2
  `);
}
