import { type Queryable, sql } from '@holdfast/postgres';
import { estimatedRows, seesAllRows } from '../relation-fragments.ts';

export interface ForeignKeyColumn {
  readonly child: string;
  readonly parent: string;
  /** Such as `operator(pg_catalog.=)`: the one that the constraint compares with. */
  readonly operator: string;
  /** Only where the two columns differ in it; the parent's decides. */
  readonly collation: string | null;
}

export interface ForeignKey {
  readonly name: string;
  /** Schemas and tables as they are; `child` and `parent` as SQL would write them. */
  readonly schema: string;
  readonly table: string;
  readonly child: string;
  readonly parent: string;
  readonly definition: string;
  readonly validated: boolean;
  readonly matchFull: boolean;
  /** Since PostgreSQL 18, the last column is a period that the parent's periods must cover. */
  readonly period: boolean;
  /** A table of its own: rows of tables that inherit from it do not count. False for partitioned ones. */
  readonly childOnly: boolean;
  readonly parentOnly: boolean;
  /** Estimates. */
  readonly childRows: number | string;
  readonly parentRows: number | string;
  readonly seesAll: boolean;
  /** One of the triggers that enforce it is off. */
  readonly triggersOff: boolean;
  readonly columns: readonly ForeignKeyColumn[];
}

/** The enforced foreign keys on tables of the schemas; those of partitions are part of their parents'. */
export function listForeignKeys(
  db: Queryable,
  schemas: readonly string[],
  version: number,
): Promise<ForeignKey[]> {
  const newest = version >= 180_000;
  return db.many(sql<ForeignKey>`
    select o.conname as name, n.nspname as schema, c.relname as "table",
      pg_catalog.format('%I.%I', n.nspname, c.relname) as child,
      pg_catalog.format('%I.%I', pn.nspname, p.relname) as parent,
      pg_catalog.pg_get_constraintdef(o.oid) as definition,
      o.convalidated as validated,
      o.confmatchtype = 'f' as "matchFull",
      ${newest ? sql`o.conperiod` : sql`false`} as period,
      c.relkind <> 'p' as "childOnly",
      p.relkind <> 'p' as "parentOnly",
      ${estimatedRows('c')} as "childRows",
      ${estimatedRows('p')} as "parentRows",
      ${seesAllRows('c')} and ${seesAllRows('p')} as "seesAll",
      exists (
        select from pg_catalog.pg_trigger g
        where g.tgconstraint = o.oid and g.tgisinternal and g.tgenabled in ('D', 'R')
      ) as "triggersOff",
      (
        select pg_catalog.json_agg(pg_catalog.json_build_object(
          'child', ca.attname,
          'parent', pa.attname,
          'operator', pg_catalog.format('operator(%I.%s)', opn.nspname, op.oprname),
          'collation', case when ca.attcollation <> pa.attcollation and pa.attcollation <> 0
            then pg_catalog.format('%I.%I', con.nspname, co.collname) end
        ) order by k.position)
        from rows from (
          pg_catalog.unnest(o.conkey), pg_catalog.unnest(o.confkey), pg_catalog.unnest(o.conpfeqop)
        ) with ordinality as k(child, parent, operator, position)
        join pg_catalog.pg_attribute ca on ca.attrelid = o.conrelid and ca.attnum = k.child
        join pg_catalog.pg_attribute pa on pa.attrelid = o.confrelid and pa.attnum = k.parent
        join pg_catalog.pg_operator op on op.oid = k.operator
        join pg_catalog.pg_namespace opn on opn.oid = op.oprnamespace
        left join pg_catalog.pg_collation co on co.oid = pa.attcollation
        left join pg_catalog.pg_namespace con on con.oid = co.collnamespace
      ) as columns
    from pg_catalog.pg_constraint o
    join pg_catalog.pg_class c on c.oid = o.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_class p on p.oid = o.confrelid
    join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
    where o.contype = 'f' and o.conparentid = 0 and n.nspname = any (${schemas}::pg_catalog.text[])
      and ${newest ? sql`o.conenforced` : sql`true`}
    order by n.nspname, c.relname, o.conname
  `);
}
