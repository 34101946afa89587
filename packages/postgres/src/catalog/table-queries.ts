import { sql } from '../sql.ts';
import { comment, enabled, grants, isExtensionMember, persistence, tablespace } from './fragments.ts';

const columns = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', a.attname,
    'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
    'notNull', a.attnotnull,
    'default', pg_catalog.pg_get_expr(ad.adbin, ad.adrelid),
    'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
    'generated', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end,
    'collation', case when a.attcollation <> ty.typcollation then a.attcollation::pg_catalog.regcollation::text end,
    'storage', case when a.attstorage <> ty.typstorage then
      case a.attstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end end,
    'compression', case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end,
    'statistics', case when a.attstattarget >= 0 then a.attstattarget end,
    'options', coalesce(pg_catalog.to_json(a.attoptions), '[]'),
    'acl', ${grants(sql`a.attacl`, 'c', sql`c.relowner`)},
    'comment', ${comment(sql`c.oid`, 'pg_class', sql`a.attnum`)},
    'inherited', a.attinhcount > 0 and not a.attislocal
  ) order by a.attnum), '[]')
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type ty on ty.oid = a.atttypid
  left join pg_catalog.pg_attrdef ad on ad.adrelid = a.attrelid and ad.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`;

const partitionOf = sql`
  select pg_catalog.json_build_object('parent', pg_catalog.json_build_array('table', pn.nspname, pc.relname),
    'bound', pg_catalog.pg_get_expr(c.relpartbound, c.oid))
  from pg_catalog.pg_inherits h
  join pg_catalog.pg_class pc on pc.oid = h.inhparent
  join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace
  where h.inhrelid = c.oid and c.relispartition`;

const inherits = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array('table', pn.nspname, pc.relname)
    order by h.inhseqno), '[]')
  from pg_catalog.pg_inherits h
  join pg_catalog.pg_class pc on pc.oid = h.inhparent
  join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace
  where h.inhrelid = c.oid and not c.relispartition`;

export const tables = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'kind', case c.relkind when 'r' then 'table' when 'p' then 'partitioned' else 'foreign' end,
    'owner', pg_catalog.pg_get_userbyid(c.relowner),
    'acl', ${grants(sql`c.relacl`, 'r', sql`c.relowner`)},
    'rowSecurity', c.relrowsecurity,
    'forceRowSecurity', c.relforcerowsecurity,
    'persistence', ${persistence(sql`c.relpersistence`)},
    'replicaIdentity', case c.relreplident when 'n' then 'nothing' when 'f' then 'full' when 'i' then 'index'
      else 'default' end,
    'options', coalesce(pg_catalog.to_json(c.reloptions), '[]'),
    'accessMethod', (select am.amname from pg_catalog.pg_am am where am.oid = c.relam and c.relkind = 'r'),
    'tablespace', ${tablespace},
    'partitionKey', case c.relkind when 'p' then pg_catalog.pg_get_partkeydef(c.oid) end,
    'partitionOf', (${partitionOf}),
    'inherits', (${inherits}),
    'foreignServer', (select fs.srvname from pg_catalog.pg_foreign_table ft
      join pg_catalog.pg_foreign_server fs on fs.oid = ft.ftserver where ft.ftrelid = c.oid),
    'foreignOptions', coalesce((select pg_catalog.to_json(ft.ftoptions) from pg_catalog.pg_foreign_table ft
      where ft.ftrelid = c.oid), '[]'),
    'comment', ${comment(sql`c.oid`, 'pg_class')},
    'columns', (${columns})
  ) order by n.nspname collate "C", c.relname collate "C"), '[]')
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and c.relkind in ('r', 'p', 'f')
    and not ${isExtensionMember(sql`c.oid`, 'pg_class')}`;

const partOf = sql`
  select pg_catalog.json_build_array('index', pn.nspname, pc.relname)
  from pg_catalog.pg_inherits h
  join pg_catalog.pg_class pc on pc.oid = h.inhparent
  join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace
  where h.inhrelid = c.oid`;

const indexStatistics = sql`
  select coalesce(pg_catalog.json_agg(a.attstattarget order by a.attnum), '[]')
  from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attstattarget >= 0`;

export const indexes = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'table', tbl.relname,
    'definition', pg_catalog.pg_get_indexdef(c.oid),
    'unique', i.indisunique,
    'primary', i.indisprimary,
    'valid', i.indisvalid,
    'ready', i.indisready,
    'clustered', i.indisclustered,
    'replicaIdentity', i.indisreplident,
    'statistics', (${indexStatistics}),
    'tablespace', ${tablespace},
    'comment', ${comment(sql`c.oid`, 'pg_class')},
    'partOf', case when c.relispartition then (${partOf}) end
  ) order by n.nspname collate "C", c.relname collate "C"), '[]')
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_class tbl on tbl.oid = i.indrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and tbl.relkind in ('r', 'p', 'm')
    and not ${isExtensionMember(sql`c.oid`, 'pg_class')}`;

const constrainedColumns = sql`
  select coalesce(pg_catalog.json_agg(a.attname order by k.place), '[]')
  from pg_catalog.unnest(o.conkey) with ordinality k (attnum, place)
  join pg_catalog.pg_attribute a on a.attrelid = o.conrelid and a.attnum = k.attnum`;

export const constraints = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', o.conname,
    'table', c.relname,
    'kind', case o.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key'
      when 'c' then 'check' when 'x' then 'exclusion' when 'n' then 'not null' else 'trigger' end,
    'definition', pg_catalog.pg_get_constraintdef(o.oid),
    'validated', o.convalidated,
    'enforced', coalesce((pg_catalog.to_jsonb(o) ->> 'conenforced')::pg_catalog.bool, true),
    'columns', (${constrainedColumns}),
    'comment', ${comment(sql`o.oid`, 'pg_constraint')},
    'inherited', o.conparentid <> 0 or (o.coninhcount > 0 and not o.conislocal)
  ) order by n.nspname collate "C", c.relname collate "C", o.conname collate "C"), '[]')
  from pg_catalog.pg_constraint o
  join pg_catalog.pg_class c on c.oid = o.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and not ${isExtensionMember(sql`c.oid`, 'pg_class')}`;

export const triggers = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', case when g.tgisinternal then pg_catalog.regexp_replace(g.tgname, '\\d+$', '') else g.tgname end,
    'table', c.relname,
    'definition', case when g.tgisinternal then f.proname || ' ' || g.tgtype
      else pg_catalog.pg_get_triggerdef(g.oid) end,
    'enabled', ${enabled(sql`g.tgenabled`)},
    'internal', g.tgisinternal,
    'constraint', o.conname,
    'constraintTable', case when o.conrelid <> 0 then pg_catalog.json_build_array('table', cn.nspname, cc.relname) end,
    'comment', ${comment(sql`g.oid`, 'pg_trigger')},
    'inherited', g.tgparentid <> 0
  ) order by n.nspname collate "C", c.relname collate "C", g.tgisinternal, o.conname collate "C",
    f.proname collate "C", g.tgtype, g.tgname collate "C"), '[]')
  from pg_catalog.pg_trigger g
  join pg_catalog.pg_class c on c.oid = g.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_proc f on f.oid = g.tgfoid
  left join pg_catalog.pg_constraint o on o.oid = g.tgconstraint
  left join pg_catalog.pg_class cc on cc.oid = o.conrelid
  left join pg_catalog.pg_namespace cn on cn.oid = cc.relnamespace
  where n.nspname = any (wanted.names) and not ${isExtensionMember(sql`c.oid`, 'pg_class')}`;

const policyRoles = sql`
  select pg_catalog.json_agg(case when r.oid = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(r.oid)::text end
    order by case when r.oid = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(r.oid)::text end collate "C")
  from pg_catalog.unnest(p.polroles) r (oid)`;

export const policies = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', p.polname,
    'table', c.relname,
    'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
      when 'd' then 'delete' else 'all' end,
    'permissive', p.polpermissive,
    'roles', (${policyRoles}),
    'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
    'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
    'comment', ${comment(sql`p.oid`, 'pg_policy')}
  ) order by n.nspname collate "C", c.relname collate "C", p.polname collate "C"), '[]')
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and not ${isExtensionMember(sql`c.oid`, 'pg_class')}`;

/** Without the rule that is behind each view. */
export const rules = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', r.rulename,
    'table', c.relname,
    'definition', pg_catalog.pg_get_ruledef(r.oid),
    'enabled', ${enabled(sql`r.ev_enabled`)}
  ) order by n.nspname collate "C", c.relname collate "C", r.rulename collate "C"), '[]')
  from pg_catalog.pg_rewrite r
  join pg_catalog.pg_class c on c.oid = r.ev_class
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (wanted.names) and r.rulename <> '_RETURN'
    and not ${isExtensionMember(sql`c.oid`, 'pg_class')}`;

export const statistics = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', s.stxname,
    'owner', pg_catalog.pg_get_userbyid(s.stxowner),
    'definition', pg_catalog.pg_get_statisticsobjdef(s.oid)
  ) order by n.nspname collate "C", s.stxname collate "C"), '[]')
  from pg_catalog.pg_statistic_ext s
  join pg_catalog.pg_namespace n on n.oid = s.stxnamespace
  where n.nspname = any (wanted.names) and not ${isExtensionMember(sql`s.oid`, 'pg_statistic_ext')}`;
