import { type Queryable, sql } from '@holdfast/postgres';
import { estimatedRows, ofExtension } from '../relation-fragments.ts';

export interface UnvalidatedConstraint {
  /** As SQL would write it: a table, or a domain. */
  readonly owner: string;
  readonly ownerKind: 'table' | 'domain';
  readonly name: string;
  readonly kind: string;
  readonly definition: string;
  readonly rows: number | string;
}

/** NOT VALID constraints of tables and domains that are meant to be enforced. */
export function listUnvalidated(
  db: Queryable,
  schemas: readonly string[],
  version: number,
): Promise<UnvalidatedConstraint[]> {
  const enforced = version >= 180_000 ? sql`o.conenforced` : sql`true`;
  return db.many(sql<UnvalidatedConstraint>`
    select
      case when c.oid is not null then pg_catalog.format('%I.%I', n.nspname, c.relname)
        else pg_catalog.format('%I.%I', n.nspname, ty.typname) end as owner,
      case when c.oid is not null then 'table' else 'domain' end as "ownerKind",
      pg_catalog.quote_ident(o.conname) as name,
      case o.contype when 'f' then 'foreign key' when 'c' then 'check' when 'n' then 'not null' else o.contype::text end as kind,
      pg_catalog.pg_get_constraintdef(o.oid) as definition,
      case when c.oid is null then 0 else ${estimatedRows('c')} end as rows
    from pg_catalog.pg_constraint o
    join pg_catalog.pg_namespace n on n.oid = o.connamespace
    left join pg_catalog.pg_class c on c.oid = o.conrelid
    left join pg_catalog.pg_type ty on ty.oid = o.contypid
    where not o.convalidated and ${enforced} and o.conparentid = 0 and n.nspname = any (${schemas}::pg_catalog.text[])
    order by rows desc, 1, 3
  `);
}

export interface SwitchedTrigger {
  readonly table: string;
  readonly name: string;
  readonly enabled: 'D' | 'R' | 'A';
  /** The constraint that the trigger enforces; null for one that somebody wrote. */
  readonly constraint: string | null;
  readonly foreignKey: boolean;
}

/** Triggers that do not fire as triggers do by default, those behind foreign keys among them. Clones on partitions count. */
export function listSwitchedTriggers(db: Queryable, schemas: readonly string[]): Promise<SwitchedTrigger[]> {
  return db.many(sql<SwitchedTrigger>`
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table",
      pg_catalog.quote_ident(g.tgname) as name,
      g.tgenabled as enabled,
      case when g.tgisinternal then o.conname end as "constraint",
      g.tgisinternal and o.contype is not distinct from 'f' as "foreignKey"
    from pg_catalog.pg_trigger g
    join pg_catalog.pg_class c on c.oid = g.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_constraint o on o.oid = g.tgconstraint
    where g.tgenabled <> 'O' and n.nspname = any (${schemas}::pg_catalog.text[]) and not ${ofExtension('c')}
    order by g.tgisinternal desc, 1, 2
  `);
}

export interface ReplicationRoleSetting {
  /** Where it stands, as the end of the statement that takes it back: `role app in database shop`. */
  readonly place: string;
  readonly value: string;
  readonly remedy: string;
}

/**
 * Where session_replication_role is set to something else than `origin`: for roles and databases, in the server's configuration,
 * or for the length of a function.
 */
export function listReplicationRoles(db: Queryable): Promise<ReplicationRoleSetting[]> {
  return db.many(sql<ReplicationRoleSetting>`
    with placed as (
      select
        case when s.setrole = 0 then pg_catalog.format('database %I', d.datname)
          when s.setdatabase = 0 then pg_catalog.format('role %I', pg_catalog.pg_get_userbyid(s.setrole))
          else pg_catalog.format('role %I in database %I', pg_catalog.pg_get_userbyid(s.setrole), d.datname) end as place,
        pg_catalog.split_part(item, '=', 2) as value
      from pg_catalog.pg_db_role_setting s
      cross join lateral pg_catalog.unnest(s.setconfig) item
      left join pg_catalog.pg_database d on d.oid = s.setdatabase
      where item like 'session_replication_role=%'
    )
    select place, value, pg_catalog.format('alter %s reset session_replication_role;', place) as remedy
    from placed where value <> 'origin'
    union all
    select 'the server''s configuration', reset_val,
      'alter system reset session_replication_role; select pg_reload_conf();'
    from pg_catalog.pg_settings
    where name = 'session_replication_role' and reset_val <> 'origin'
      and source not in ('database', 'user', 'database user', 'client')
    union all
    select pg_catalog.format('function %s', p.oid::pg_catalog.regprocedure), pg_catalog.split_part(item, '=', 2),
      pg_catalog.format('alter routine %s reset session_replication_role;', p.oid::pg_catalog.regprocedure)
    from pg_catalog.pg_proc p cross join lateral pg_catalog.unnest(p.proconfig) item
    where item like 'session_replication_role=%' and pg_catalog.split_part(item, '=', 2) <> 'origin'
    order by 1
  `);
}
