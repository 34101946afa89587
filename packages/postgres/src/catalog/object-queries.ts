import { sql } from '../sql.ts';
import { catalogOid, comment, grants, isExtensionMember, persistence, tablespace } from './fragments.ts';

const owner = (what: 'format' | 'json_build_array') => sql`
  select ${what === 'format' ? sql`pg_catalog.format('%s.%s.%s',` : sql`pg_catalog.json_build_array('column',`}
    tn.nspname, tbl.relname, a.attname)
  from pg_catalog.pg_depend d
  join pg_catalog.pg_class tbl on tbl.oid = d.refobjid
  join pg_catalog.pg_namespace tn on tn.oid = tbl.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = ${catalogOid('pg_class')} and d.objid = c.oid
    and d.refclassid = ${catalogOid('pg_class')} and d.deptype in ('a', 'i')`;

export const sequences = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'owner', pg_catalog.pg_get_userbyid(c.relowner),
    'acl', ${grants(sql`c.relacl`, 's', sql`c.relowner`)},
    'comment', ${comment(sql`c.oid`, 'pg_class')},
    'type', pg_catalog.format_type(s.seqtypid, null),
    'start', s.seqstart::text,
    'minimum', s.seqmin::text,
    'maximum', s.seqmax::text,
    'increment', s.seqincrement::text,
    'cycle', s.seqcycle,
    'cache', s.seqcache::text,
    'persistence', ${persistence(sql`c.relpersistence`)},
    'ownedBy', (${owner('format')}),
    'ownerColumn', (${owner('json_build_array')}),
    'identity', exists (select from pg_catalog.pg_depend d
      where d.classid = ${catalogOid('pg_class')} and d.objid = c.oid and d.deptype = 'i')
  ) order by n.nspname collate "C", c.relname collate "C"), '[]')
  from pg_catalog.pg_sequence s
  join pg_catalog.pg_class c on c.oid = s.seqrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and not ${isExtensionMember(sql`c.oid`, 'pg_class')}`;

const aggregate = sql`
  select pg_catalog.concat_ws(', ',
    'sfunc = ' || g.aggtransfn::pg_catalog.regproc::text,
    'stype = ' || pg_catalog.format_type(g.aggtranstype, null),
    case when g.aggtransspace <> 0 then 'sspace = ' || g.aggtransspace end,
    case when g.aggfinalfn <> 0 then 'finalfunc = ' || g.aggfinalfn::pg_catalog.regproc::text end,
    case when g.aggfinalextra then 'finalfunc_extra' end,
    case when g.aggcombinefn <> 0 then 'combinefunc = ' || g.aggcombinefn::pg_catalog.regproc::text end,
    case when g.aggserialfn <> 0 then 'serialfunc = ' || g.aggserialfn::pg_catalog.regproc::text end,
    case when g.aggdeserialfn <> 0 then 'deserialfunc = ' || g.aggdeserialfn::pg_catalog.regproc::text end,
    'initcond = ' || pg_catalog.quote_literal(g.agginitval),
    case when g.aggmtransfn <> 0 then 'msfunc = ' || g.aggmtransfn::pg_catalog.regproc::text end,
    case when g.aggminvtransfn <> 0 then 'minvfunc = ' || g.aggminvtransfn::pg_catalog.regproc::text end,
    case when g.aggmtranstype <> 0 then 'mstype = ' || pg_catalog.format_type(g.aggmtranstype, null) end,
    case when g.aggmfinalfn <> 0 then 'mfinalfunc = ' || g.aggmfinalfn::pg_catalog.regproc::text end,
    'minitcond = ' || pg_catalog.quote_literal(g.aggminitval),
    case when g.aggsortop <> 0 then 'sortop = ' || g.aggsortop::pg_catalog.regoper::text end,
    case p.proparallel when 's' then 'parallel = safe' when 'r' then 'parallel = restricted' end,
    case g.aggkind when 'h' then 'hypothetical' end)
  from pg_catalog.pg_aggregate g where g.aggfnoid = p.oid`;

export const functions = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', p.proname,
    'arguments', pg_catalog.pg_get_function_identity_arguments(p.oid),
    'kind', case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window'
      else 'function' end,
    'returns', pg_catalog.pg_get_function_result(p.oid),
    'language', l.lanname,
    'definition', case when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid) end,
    'aggregate', case when p.prokind = 'a' then (${aggregate}) end,
    'owner', pg_catalog.pg_get_userbyid(p.proowner),
    'acl', ${grants(sql`p.proacl`, 'f', sql`p.proowner`)},
    'comment', ${comment(sql`p.oid`, 'pg_proc')}
  ) order by n.nspname collate "C", p.proname collate "C",
    pg_catalog.pg_get_function_identity_arguments(p.oid) collate "C"), '[]')
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
  where n.nspname = any (wanted.names) and not ${isExtensionMember(sql`p.oid`, 'pg_proc')}`;

const viewColumns = sql`
  select pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
    'type', pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum)
  from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0`;

export const views = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'materialized', c.relkind = 'm',
    'definition', pg_catalog.pg_get_viewdef(c.oid),
    'options', coalesce(pg_catalog.to_json(c.reloptions), '[]'),
    'populated', c.relispopulated,
    'tablespace', ${tablespace},
    'columns', (${viewColumns}),
    'owner', pg_catalog.pg_get_userbyid(c.relowner),
    'acl', ${grants(sql`c.relacl`, 'r', sql`c.relowner`)},
    'comment', ${comment(sql`c.oid`, 'pg_class')}
  ) order by n.nspname collate "C", c.relname collate "C"), '[]')
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and c.relkind in ('v', 'm')
    and not ${isExtensionMember(sql`c.oid`, 'pg_class')}`;

const enumLabels = sql`
  select pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
  from pg_catalog.pg_enum e where e.enumtypid = t.oid`;

const labelList = sql`
  select pg_catalog.json_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid`;

const domainDefinition = sql`
  select pg_catalog.concat_ws(' ', pg_catalog.format_type(t.typbasetype, t.typtypmod),
    'default ' || t.typdefault, case when t.typnotnull then 'not null' end,
    pg_catalog.string_agg(pg_catalog.format('constraint %I %s', o.conname, pg_catalog.pg_get_constraintdef(o.oid)),
      ' ' order by o.conname collate "C"))
  from pg_catalog.pg_constraint o where o.contypid = t.oid and o.contype = 'c'`;

const domain = sql`
  select pg_catalog.json_build_object(
    'base', pg_catalog.format_type(t.typbasetype, t.typtypmod),
    'collation', case when t.typcollation <> (select b.typcollation from pg_catalog.pg_type b where b.oid = t.typbasetype)
      then t.typcollation::pg_catalog.regcollation::text end,
    'default', t.typdefault,
    'notNull', t.typnotnull,
    'constraints', coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', o.conname,
      'definition', pg_catalog.pg_get_constraintdef(o.oid), 'validated', o.convalidated)
      order by o.conname collate "C") filter (where o.oid is not null), '[]'))
  from (select) one left join pg_catalog.pg_constraint o on o.contypid = t.oid and o.contype = 'c'`;

const compositeFields = sql`
  select pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)),
    ', ' order by a.attnum)
  from pg_catalog.pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped`;

const fieldList = sql`
  select pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
    'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
    'collation', case when a.attcollation <> ft.typcollation then a.attcollation::pg_catalog.regcollation::text end)
    order by a.attnum)
  from pg_catalog.pg_attribute a join pg_catalog.pg_type ft on ft.oid = a.atttypid
  where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped`;

const rangeSubtype = sql`
  select pg_catalog.format_type(r.rngsubtype, null) from pg_catalog.pg_range r where r.rngtypid = t.oid`;

/** Without array and multirange types, and without the row types of tables, which say nothing of their own. */
export const types = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', t.typname,
    'kind', case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' else 'range' end,
    'definition', case t.typtype when 'e' then (${enumLabels}) when 'd' then (${domainDefinition})
      when 'c' then (${compositeFields}) else (${rangeSubtype}) end,
    'labels', case t.typtype when 'e' then coalesce((${labelList}), '[]') end,
    'domain', case t.typtype when 'd' then (${domain}) end,
    'fields', case t.typtype when 'c' then coalesce((${fieldList}), '[]') end,
    'owner', pg_catalog.pg_get_userbyid(t.typowner),
    'acl', ${grants(sql`t.typacl`, 'T', sql`t.typowner`)},
    'comment', coalesce(${comment(sql`t.oid`, 'pg_type')}, ${comment(sql`t.typrelid`, 'pg_class')})
  ) order by n.nspname collate "C", t.typname collate "C"), '[]')
  from pg_catalog.pg_type t
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  where n.nspname = any (wanted.names) and t.typtype in ('e', 'd', 'c', 'r')
    and (t.typtype <> 'c' or exists (
      select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
    and not ${isExtensionMember(sql`t.oid`, 'pg_type')}`;

export const collations = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', l.collname,
    'owner', pg_catalog.pg_get_userbyid(l.collowner),
    'provider', case l.collprovider when 'i' then 'icu' when 'b' then 'builtin' when 'd' then 'default' else 'libc' end,
    'locale', coalesce(pg_catalog.to_jsonb(l) ->> 'colllocale', pg_catalog.to_jsonb(l) ->> 'colliculocale',
      nullif(pg_catalog.to_jsonb(l) ->> 'collcollate', '')),
    'deterministic', l.collisdeterministic,
    'version', l.collversion,
    'actualVersion', pg_catalog.pg_collation_actual_version(l.oid),
    'comment', ${comment(sql`l.oid`, 'pg_collation')}
  ) order by n.nspname collate "C", l.collname collate "C"), '[]')
  from pg_catalog.pg_collation l
  join pg_catalog.pg_namespace n on n.oid = l.collnamespace
  where n.nspname = any (wanted.names) and not ${isExtensionMember(sql`l.oid`, 'pg_collation')}`;
