import { type Queryable, sql } from '@holdfast/postgres';
import { estimatedRows, seesAllRows } from '../relation-fragments.ts';

export interface TableRule {
  readonly kind: 'check' | 'not null';
  /** The constraint, or the column. */
  readonly name: string;
  /** The condition of a check, or the column, as SQL. */
  readonly expression: string;
  readonly validated: boolean;
  /** It calls a function that may have effects of its own. */
  readonly volatile: boolean;
}

export interface RuledTable {
  readonly table: string;
  readonly rows: number | string;
  readonly seesAll: boolean;
  readonly rules: readonly TableRule[];
}

/**
 * The CHECK and NOT NULL rules that the tables of the schemas have. Partitions are looked at one by one, since each
 * may have rules of its own.
 */
export function listRuledTables(
  db: Queryable,
  schemas: readonly string[],
  version: number,
): Promise<RuledTable[]> {
  const enforced = version >= 180_000 ? sql`o.conenforced` : sql`true`;
  const virtual = version >= 180_000 ? sql`a.attgenerated <> 'v'` : sql`true`;
  return db.many(sql<RuledTable>`
    with rules as (
      select o.conrelid as relation, 'check' as kind, o.conname::text as name,
        pg_catalog.pg_get_expr(o.conbin, o.conrelid) as expression, o.convalidated as validated,
        exists (
          select from pg_catalog.pg_depend d join pg_catalog.pg_proc f on f.oid = d.refobjid
          where d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and d.objid = o.oid
            and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and f.provolatile = 'v'
        ) as volatile
      from pg_catalog.pg_constraint o where o.contype = 'c' and o.conrelid <> 0 and ${enforced}
      union all
      select a.attrelid, 'not null', a.attname::text, pg_catalog.quote_ident(a.attname), true, false
      from pg_catalog.pg_attribute a
      where a.attnotnull and a.attnum > 0 and not a.attisdropped and ${virtual}
    )
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table",
      ${estimatedRows('c')} as rows, ${seesAllRows('c')} as "seesAll",
      pg_catalog.json_agg(pg_catalog.json_build_object('kind', r.kind, 'name', r.name, 'expression', r.expression,
        'validated', r.validated, 'volatile', r.volatile) order by r.kind, r.name) as rules
    from rules r
    join pg_catalog.pg_class c on c.oid = r.relation and c.relkind = 'r'
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (${schemas}::pg_catalog.text[])
    group by c.oid, n.nspname, c.relname, c.relkind
    order by 1
  `);
}
