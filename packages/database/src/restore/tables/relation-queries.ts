import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import type { ForeignKey, Relation } from './relation.ts';

export interface RelationName {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'partitioned' | 'foreign' | 'view';
  readonly isPartition: boolean;
  /** False for `create table t ()`. */
  readonly hasColumns: boolean;
  /** Found without its schema. */
  readonly visible: boolean;
}

/** Tables, and what could be mistaken for one, out of every schema but the system's. */
export function listRelations(db: Queryable): Promise<RelationName[]> {
  return db.many(sql<RelationName>`
    select c.oid::pg_catalog.text as oid, n.nspname as schema, c.relname as name, c.relispartition as "isPartition",
      case c.relkind when 'r' then 'table' when 'p' then 'partitioned' when 'f' then 'foreign' else 'view' end as kind,
      exists (select from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as "hasColumns",
      pg_catalog.pg_table_is_visible(c.oid) as visible
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f', 'v', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 2, 3
  `);
}

const operatorName = (oid: SqlQuery<unknown>): SqlQuery<never> => sql<never>`
  (select pg_catalog.format('operator(%I.%s)', opn.nspname, op.oprname)
   from pg_catalog.pg_operator op join pg_catalog.pg_namespace opn on opn.oid = op.oprnamespace where op.oid = ${oid})`;

const columns = sql`
  select pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
    'hasDefault', (d.oid is not null and a.attgenerated = '') or a.attidentity <> '',
    'generated', case when a.attgenerated <> '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
    'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end) order by a.attnum)
  from pg_catalog.pg_attribute a
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`;

/** The equality of a btree operator class is its strategy 3 (manual, chapter Index Access Method, btree). */
const indexOperator = sql`
  select ao.amopopr from pg_catalog.pg_opclass oc
  join pg_catalog.pg_am am on am.oid = oc.opcmethod and am.amname = 'btree'
  join pg_catalog.pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amopstrategy = 3
    and ao.amoplefttype = oc.opcintype and ao.amoprighttype = oc.opcintype
  where oc.oid = i.indclass[k.n - 1]`;

const indexParts = sql`
  select pg_catalog.json_agg(pg_catalog.json_build_object(
    'column', a.attname, 'expression', pg_catalog.pg_get_indexdef(i.indexrelid, k.n, false),
    'operator', ${operatorName(sql`coalesce(o.conexclop[k.n], (${indexOperator}))`)}) order by k.n)
  from pg_catalog.generate_series(1, i.indnkeyatts) k (n)
  left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k.n - 1] and a.attnum > 0`;

const indexColumns = sql`
  select pg_catalog.json_agg(distinct a.attname)
  from pg_catalog.pg_attribute a
  where a.attrelid = i.indrelid and a.attnum > 0 and (
    exists (select from pg_catalog.generate_series(1, i.indnkeyatts) k (n) where i.indkey[k.n - 1] = a.attnum)
    or exists (
      select from pg_catalog.pg_depend d
      where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = i.indrelid
        and d.refobjsubid = a.attnum and (
          (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = i.indexrelid)
          or (d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and d.objid = o.oid))))`;

const indexes = sql`
  select pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', ic.relname, 'primary', i.indisprimary, 'exclusion', i.indisexclusion, 'immediate', i.indimmediate,
    'nullsNotDistinct', coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::pg_catalog.bool, false),
    'predicate', pg_catalog.pg_get_expr(i.indpred, i.indrelid),
    'parts', (${indexParts}), 'columns', coalesce((${indexColumns}), '[]'))
    order by i.indisprimary desc, ic.relname)
  from pg_catalog.pg_index i
  join pg_catalog.pg_class ic on ic.oid = i.indexrelid
  left join pg_catalog.pg_constraint o on o.conindid = i.indexrelid and o.conrelid = i.indrelid
    and o.contype in ('p', 'u', 'x')
  where i.indrelid = c.oid and (i.indisunique or i.indisexclusion) and i.indisvalid and i.indislive`;

const enforced = (constraint: SqlQuery<unknown>): SqlQuery<never> =>
  sql<never>`coalesce((pg_catalog.to_jsonb(${constraint}) ->> 'conenforced')::pg_catalog.bool, true)`;

const checks = sql`
  select pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', o.conname, 'expression', pg_catalog.pg_get_expr(o.conbin, o.conrelid),
    'columns', (
      select coalesce(pg_catalog.json_agg(a.attname), '[]') from pg_catalog.pg_attribute a
      where a.attrelid = o.conrelid and a.attnum = any (o.conkey))) order by o.conname)
  from pg_catalog.pg_constraint o
  where o.conrelid = c.oid and o.contype = 'c' and ${enforced(sql`o`)}`;

const triggers = sql`
  select pg_catalog.json_agg(pg_catalog.json_build_object('schema', rn.nspname, 'table', r.relname, 'name', g.tgname,
    'enabled', case g.tgenabled when 'A' then 'always' else 'origin' end) order by rn.nspname, r.relname, g.tgname)
  from (select c.oid as relid union select relid from pg_catalog.pg_partition_tree(c.oid)) tree
  join pg_catalog.pg_class r on r.oid = tree.relid
  join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
  join pg_catalog.pg_trigger g on g.tgrelid = r.oid
  where not g.tgisinternal and g.tgenabled in ('O', 'A')`;

/** Owned by a column, behind an identity, or named in a default. */
const sequences = sql`
  select pg_catalog.json_agg(distinct pg_catalog.jsonb_build_object('schema', sn.nspname, 'name', s.relname, 'column', a.attname))
  from (
    select d.objid as sequence, d.refobjsubid as number from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refclassid = d.classid and d.refobjid = c.oid
      and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    union
    select d.refobjid, f.adnum from pg_catalog.pg_attrdef f
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = f.oid
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    where f.adrelid = c.oid
  ) used
  join pg_catalog.pg_class s on s.oid = used.sequence and s.relkind = 'S'
  join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = used.number`;

export function readRelation(db: Queryable, oid: string): Promise<Relation> {
  return db.one(sql<Relation>`
    select c.oid::pg_catalog.text as oid, n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned,
      pg_catalog.row_security_active(c.oid) as "rowSecurity",
      coalesce((${columns}), '[]') as columns, coalesce((${indexes}), '[]') as indexes,
      coalesce((${checks}), '[]') as checks, coalesce((${triggers}), '[]') as triggers,
      coalesce((${sequences}), '[]') as sequences
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = ${oid}::pg_catalog.oid
  `);
}

const columnNames = (relation: SqlQuery<unknown>, numbers: SqlQuery<unknown>): SqlQuery<never> => sql<never>`
  (select pg_catalog.array_agg(a.attname::pg_catalog.text order by k.n)
   from pg_catalog.unnest(${numbers}) with ordinality k (number, n)
   join pg_catalog.pg_attribute a on a.attrelid = ${relation} and a.attnum = k.number)`;

const operatorNames = (oids: SqlQuery<unknown>): SqlQuery<never> => sql<never>`
  (select pg_catalog.array_agg(${operatorName(sql`k.oid`)} order by k.n)
   from pg_catalog.unnest(${oids}) with ordinality k (oid, n))`;

/** Every foreign key that is enforced; of one between partitioned tables the one that was declared. */
export function listForeignKeys(db: Queryable): Promise<ForeignKey[]> {
  return db.many(sql<ForeignKey>`
    select o.conname as name, cn.nspname as schema, c.relname as table, pn.nspname as "parentSchema",
      p.relname as "parentTable", ${columnNames(sql`o.conrelid`, sql`o.conkey`)} as columns,
      ${columnNames(sql`o.confrelid`, sql`o.confkey`)} as "parentColumns",
      ${operatorNames(sql`o.conpfeqop`)} as operators, ${operatorNames(sql`o.conppeqop`)} as "parentOperators",
      case o.confdeltype when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null'
        when 'd' then 'set default' else 'no action' end as "onDelete"
    from pg_catalog.pg_constraint o
    join pg_catalog.pg_class c on c.oid = o.conrelid join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
    join pg_catalog.pg_class p on p.oid = o.confrelid join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
    where o.contype = 'f' and ${enforced(sql`o`)} and not exists (
      select from pg_catalog.pg_constraint up where up.oid = o.conparentid and up.conrelid = o.conrelid)
    order by 2, 3, 1
  `);
}
