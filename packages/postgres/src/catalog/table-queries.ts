import { sql } from '../sql.ts';

/** True for the objects of an extension, which come and go with it; `oid` and its catalog are given. */
export const isExtensionMember = (oid: 'c.oid' | 't.oid' | 'p.oid', catalog: string) => sql`
  exists (
    select from pg_catalog.pg_depend d
    where d.classid = ${sql.literal(`pg_catalog.${catalog}`)}::pg_catalog.regclass
      and d.objid = ${sql.id(...(oid.split('.') as [string, string]))} and d.deptype = 'e'
  )`;

const columns = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', a.attname,
    'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
    'notNull', a.attnotnull,
    'default', pg_catalog.pg_get_expr(ad.adbin, ad.adrelid),
    'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
    'generated', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end,
    'collation', case when a.attcollation <> ty.typcollation then a.attcollation::pg_catalog.regcollation::text end
  ) order by a.attnum), '[]')
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type ty on ty.oid = a.atttypid
  left join pg_catalog.pg_attrdef ad on ad.adrelid = a.attrelid and ad.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`;

export const tables = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'kind', case c.relkind when 'r' then 'table' when 'p' then 'partitioned' else 'foreign' end,
    'owner', pg_catalog.pg_get_userbyid(c.relowner),
    'rowSecurity', c.relrowsecurity,
    'columns', (${columns})
  ) order by n.nspname collate "C", c.relname collate "C"), '[]')
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and c.relkind in ('r', 'p', 'f')
    and not ${isExtensionMember('c.oid', 'pg_class')}`;

export const indexes = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'table', tbl.relname,
    'definition', pg_catalog.pg_get_indexdef(c.oid),
    'unique', i.indisunique,
    'primary', i.indisprimary,
    'valid', i.indisvalid,
    'ready', i.indisready
  ) order by n.nspname collate "C", c.relname collate "C"), '[]')
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_class tbl on tbl.oid = i.indrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and tbl.relkind in ('r', 'p', 'm')
    and not ${isExtensionMember('c.oid', 'pg_class')}`;

export const constraints = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', o.conname,
    'table', c.relname,
    'kind', case o.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key'
      when 'c' then 'check' when 'x' then 'exclusion' when 'n' then 'not null' else 'trigger' end,
    'definition', pg_catalog.pg_get_constraintdef(o.oid),
    'validated', o.convalidated
  ) order by n.nspname collate "C", c.relname collate "C", o.conname collate "C"), '[]')
  from pg_catalog.pg_constraint o
  join pg_catalog.pg_class c on c.oid = o.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and not ${isExtensionMember('c.oid', 'pg_class')}`;

export const triggers = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', case when g.tgisinternal then pg_catalog.regexp_replace(g.tgname, '\\d+$', '') else g.tgname end,
    'table', c.relname,
    'definition', case when g.tgisinternal then f.proname || ' ' || g.tgtype
      else pg_catalog.pg_get_triggerdef(g.oid) end,
    'enabled', case g.tgenabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica'
      else 'always' end,
    'internal', g.tgisinternal,
    'constraint', o.conname
  ) order by n.nspname collate "C", c.relname collate "C", g.tgisinternal, o.conname collate "C",
    f.proname collate "C", g.tgtype, g.tgname collate "C"), '[]')
  from pg_catalog.pg_trigger g
  join pg_catalog.pg_class c on c.oid = g.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_proc f on f.oid = g.tgfoid
  left join pg_catalog.pg_constraint o on o.oid = g.tgconstraint
  where n.nspname = any (wanted.names) and not ${isExtensionMember('c.oid', 'pg_class')}`;
