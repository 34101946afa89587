import { sql } from '../sql.ts';
import { isExtensionMember } from './table-queries.ts';

const ownedBy = sql`
  select pg_catalog.format('%s.%s.%s', tn.nspname, tbl.relname, a.attname)
  from pg_catalog.pg_depend d
  join pg_catalog.pg_class tbl on tbl.oid = d.refobjid
  join pg_catalog.pg_namespace tn on tn.oid = tbl.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')`;

export const sequences = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'type', pg_catalog.format_type(s.seqtypid, null),
    'start', s.seqstart::text,
    'minimum', s.seqmin::text,
    'maximum', s.seqmax::text,
    'increment', s.seqincrement::text,
    'cycle', s.seqcycle,
    'ownedBy', (${ownedBy})
  ) order by n.nspname collate "C", c.relname collate "C"), '[]')
  from pg_catalog.pg_sequence s
  join pg_catalog.pg_class c on c.oid = s.seqrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and not ${isExtensionMember('c.oid', 'pg_class')}`;

export const functions = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', p.proname,
    'arguments', pg_catalog.pg_get_function_identity_arguments(p.oid),
    'kind', case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window'
      else 'function' end,
    'returns', pg_catalog.pg_get_function_result(p.oid),
    'language', l.lanname,
    'definition', case when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid) end
  ) order by n.nspname collate "C", p.proname collate "C",
    pg_catalog.pg_get_function_identity_arguments(p.oid) collate "C"), '[]')
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
  where n.nspname = any (wanted.names) and not ${isExtensionMember('p.oid', 'pg_proc')}`;

export const views = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'materialized', c.relkind = 'm',
    'definition', pg_catalog.pg_get_viewdef(c.oid)
  ) order by n.nspname collate "C", c.relname collate "C"), '[]')
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and c.relkind in ('v', 'm')
    and not ${isExtensionMember('c.oid', 'pg_class')}`;

const enumLabels = sql`
  select pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
  from pg_catalog.pg_enum e where e.enumtypid = t.oid`;

const domainDefinition = sql`
  select pg_catalog.concat_ws(' ', pg_catalog.format_type(t.typbasetype, t.typtypmod),
    'default ' || t.typdefault, case when t.typnotnull then 'not null' end,
    pg_catalog.string_agg(pg_catalog.format('constraint %I %s', o.conname, pg_catalog.pg_get_constraintdef(o.oid)),
      ' ' order by o.conname collate "C"))
  from pg_catalog.pg_constraint o where o.contypid = t.oid and o.contype = 'c'`;

const compositeFields = sql`
  select pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)),
    ', ' order by a.attnum)
  from pg_catalog.pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped`;

const rangeSubtype = sql`
  select pg_catalog.format_type(r.rngsubtype, null) from pg_catalog.pg_range r where r.rngtypid = t.oid`;

/** Without array and multirange types, and without the row types of tables, which say nothing of their own. */
export const types = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', t.typname,
    'kind', case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' else 'range' end,
    'definition', case t.typtype when 'e' then (${enumLabels}) when 'd' then (${domainDefinition})
      when 'c' then (${compositeFields}) else (${rangeSubtype}) end
  ) order by n.nspname collate "C", t.typname collate "C"), '[]')
  from pg_catalog.pg_type t
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  where n.nspname = any (wanted.names) and t.typtype in ('e', 'd', 'c', 'r')
    and (t.typtype <> 'c' or exists (
      select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
    and not ${isExtensionMember('t.oid', 'pg_type')}`;

export const extensions = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', x.extname,
    'version', x.extversion
  ) order by x.extname collate "C"), '[]')
  from pg_catalog.pg_extension x
  join pg_catalog.pg_namespace n on n.oid = x.extnamespace`;
