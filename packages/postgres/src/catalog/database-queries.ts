import { sql } from '../sql.ts';
import { comment, enabled, grants, listGrants } from './fragments.ts';

export const schemaDetails = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', n.nspname,
    'owner', pg_catalog.pg_get_userbyid(n.nspowner),
    'acl', ${grants(sql`n.nspacl`, 'n', sql`n.nspowner`)},
    'comment', ${comment(sql`n.oid`, 'pg_namespace')}
  ) order by n.nspname collate "C"), '[]')
  from pg_catalog.pg_namespace n
  where n.nspname = any (wanted.names)`;

export const extensions = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', n.nspname,
    'name', x.extname,
    'version', x.extversion
  ) order by x.extname collate "C"), '[]')
  from pg_catalog.pg_extension x
  join pg_catalog.pg_namespace n on n.oid = x.extnamespace`;

export const eventTriggers = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', e.evtname,
    'owner', pg_catalog.pg_get_userbyid(e.evtowner),
    'event', e.evtevent,
    'tags', coalesce(pg_catalog.to_json(e.evttags), '[]'),
    'function', e.evtfoid::pg_catalog.regproc::text,
    'enabled', ${enabled(sql`e.evtenabled`)}
  ) order by e.evtname collate "C"), '[]')
  from pg_catalog.pg_event_trigger e`;

/**
 * Row filters and lists of columns came with PostgreSQL 15. Where the catalog lacks their columns, the names in the lateral query
 * are those of `older`.
 */
const publishedTables = sql`
  select coalesce(pg_catalog.json_agg(t.entry order by t.entry collate "C"), '[]')
  from (
    select pg_catalog.concat(pg_catalog.format('%I.%I', tn.nspname, tc.relname),
      (select pg_catalog.format(' (%s)', pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum))
       from pg_catalog.pg_attribute a
       where a.attrelid = tc.oid and a.attnum = any (pr.columns) having count(*) > 0),
      ' WHERE (' || pg_catalog.pg_get_expr(pr.filter, tc.oid) || ')'
    ) as entry
    from (select null::pg_catalog.int2vector as prattrs, null::pg_catalog.pg_node_tree as prqual) older
    cross join lateral (
      select r.prrelid, prattrs::pg_catalog.int2[] as columns, prqual as filter
      from pg_catalog.pg_publication_rel r
      where r.prpubid = pb.oid
    ) pr
    join pg_catalog.pg_class tc on tc.oid = pr.prrelid
    join pg_catalog.pg_namespace tn on tn.oid = tc.relnamespace
  ) t`;

/** Whole schemas came with PostgreSQL 15; older catalogs lack their table. */
const publishedSchemas = sql`
  select coalesce(pg_catalog.json_agg(sn.nspname order by sn.nspname collate "C"), '[]')
  from pg_catalog.pg_depend d
  join pg_catalog.pg_namespace sn on sn.oid = d.refobjid
  join pg_catalog.pg_class k on k.oid = d.classid and k.relname = 'pg_publication_namespace'
    and k.relnamespace = 'pg_catalog'::pg_catalog.regnamespace
  where d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and exists (
    select from pg_catalog.pg_depend o
    where o.classid = d.classid and o.objid = d.objid
      and o.refclassid = 'pg_catalog.pg_publication'::pg_catalog.regclass and o.refobjid = pb.oid)`;

export const publications = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', pb.pubname,
    'owner', pg_catalog.pg_get_userbyid(pb.pubowner),
    'allTables', pb.puballtables,
    'viaRoot', pb.pubviaroot,
    'operations', pg_catalog.array_remove(array[case when pb.pubinsert then 'insert' end,
      case when pb.pubupdate then 'update' end, case when pb.pubdelete then 'delete' end,
      case when pb.pubtruncate then 'truncate' end], null),
    'tables', (${publishedTables}),
    'schemas', (${publishedSchemas})
  ) order by pb.pubname collate "C"), '[]')
  from pg_catalog.pg_publication pb`;

const defaultObjects = sql`
  case df.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
    when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end`;

export const defaultPrivileges = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'role', pg_catalog.pg_get_userbyid(df.defaclrole),
    'schema', n.nspname,
    'objects', ${defaultObjects},
    'acl', (${listGrants(sql`df.defaclacl`, 'c', sql`df.defaclrole`)})
  ) order by pg_catalog.pg_get_userbyid(df.defaclrole) collate "C", n.nspname collate "C" nulls first,
    ${defaultObjects} collate "C"), '[]')
  from pg_catalog.pg_default_acl df
  left join pg_catalog.pg_namespace n on n.oid = df.defaclnamespace
  where n.nspname is null or n.nspname = any (wanted.names)`;

/** A setting of a role in every database counts when that role owns something here: others are none of its business. */
export const settings = sql`
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'role', case when rs.setrole <> 0 then pg_catalog.pg_get_userbyid(rs.setrole) end,
    'inDatabase', rs.setdatabase <> 0,
    'name', pg_catalog.split_part(item.text, '=', 1),
    'value', pg_catalog.substr(item.text, pg_catalog.strpos(item.text, '=') + 1)
  ) order by pg_catalog.pg_get_userbyid(rs.setrole) collate "C", rs.setdatabase <> 0, item.text collate "C"), '[]')
  from pg_catalog.pg_db_role_setting rs
  cross join pg_catalog.unnest(rs.setconfig) item (text)
  where rs.setdatabase = (select db.oid from pg_catalog.pg_database db where db.datname = pg_catalog.current_database())
    or (rs.setdatabase = 0 and rs.setrole in (
      select c.relowner from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any (wanted.names)))`;

/** PostgreSQL 15 began to record a collation version for the database. */
export const database = sql`
  select pg_catalog.json_build_object(
    'encoding', pg_catalog.pg_encoding_to_char(db.encoding),
    'collate', db.datcollate,
    'ctype', db.datctype,
    'provider', case pg_catalog.to_jsonb(db) ->> 'datlocprovider' when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end,
    'collationVersion', pg_catalog.to_jsonb(db) ->> 'datcollversion',
    'actualCollationVersion', (select pg_catalog.pg_collation_actual_version(l.oid) from pg_catalog.pg_collation l
      where l.collname = db.datcollate and l.collprovider = 'c'
        and pg_catalog.to_jsonb(db) ->> 'datlocprovider' = 'c' order by l.oid limit 1))
  from pg_catalog.pg_database db where db.datname = pg_catalog.current_database()`;

const COMPARED_SETTINGS = [
  'default_tablespace',
  'default_text_search_config',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'fsync',
  'full_page_writes',
  'row_security',
  'session_replication_role',
  'standard_conforming_strings',
  'track_commit_timestamp',
  'wal_level',
];

/** As the server has them for everybody; what the session, the role or the database changed shows as null and is left out. */
export const serverSettings = sql`
  select coalesce(pg_catalog.json_object_agg(s.name, s.setting order by s.name collate "C"), '{}')
  from pg_catalog.pg_settings s
  where s.name = any (${sql.literal(`{${COMPARED_SETTINGS.join(',')}}`)}::text[])
    and s.source not in ('session', 'client', 'user', 'database', 'database user', 'interactive')`;
