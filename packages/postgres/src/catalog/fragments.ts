import { type SqlQuery, sql } from '../sql.ts';

type Catalogs = 'pg_namespace' | 'pg_class' | 'pg_type' | 'pg_proc' | 'pg_collation' | 'pg_statistic_ext';

/** The oid of a system catalog. */
export const catalogOid = (catalog: string): SqlQuery<never> =>
  sql`${sql.literal(`pg_catalog.${catalog}`)}::pg_catalog.regclass`;

/** True for the objects of an extension, which come and go with it. */
export const isExtensionMember = (oid: SqlQuery<unknown>, catalog: Catalogs): SqlQuery => sql`
  exists (
    select from pg_catalog.pg_depend d
    where d.classid = ${catalogOid(catalog)} and d.objid = ${oid} and d.deptype = 'e'
  )`;

/** The comment of an object, null when it has none. */
export const comment = (
  oid: SqlQuery<unknown>,
  catalog: string,
  column: SqlQuery<unknown> = sql`0`,
): SqlQuery => sql`
  (select ds.description from pg_catalog.pg_description ds
   where ds.objoid = ${oid} and ds.classoid = ${catalogOid(catalog)} and ds.objsubid = ${column})`;

/** `o`, `d`, `r`, `a` of a trigger or rule in words. */
export const enabled = (state: SqlQuery<unknown>): SqlQuery => sql`
  case ${state} when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end`;

/** `p`, `u`, `t` of a relation in words. */
export const persistence = (letter: SqlQuery<unknown>): SqlQuery => sql`
  case ${letter} when 'p' then 'permanent' when 'u' then 'unlogged' else 'temporary' end`;

/** An aclitem array as CatalogAcl; `kind` is the letter that acldefault() takes. */
export function grants(acl: SqlQuery<unknown>, kind: string, owner: SqlQuery<unknown>): SqlQuery {
  return sql`case when ${acl} is not null then (${listGrants(acl, kind, owner)}) end`;
}

/** The same for an array that is never null. */
export function listGrants(acl: SqlQuery<unknown>, kind: string, owner: SqlQuery<unknown>): SqlQuery {
  const all = sql`(
    select count(*) from pg_catalog.aclexplode(pg_catalog.acldefault(${sql.literal(kind)}, ${owner})) dfl
    where dfl.grantee = ${owner})`;
  return sql`
    select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
      'grantee', w.name, 'privileges', w.privileges, 'grantable', w.grantable) order by w.name collate "C"), '[]')
    from (
      select who.grantee,
        case when who.grantee = 0 then 'PUBLIC' when who.grantee = ${owner} then '@owner'
          else pg_catalog.pg_get_userbyid(who.grantee)::text end as name,
        coalesce(pg_catalog.array_agg(distinct x.privilege_type) filter (where x.privilege_type is not null), '{}')
          as privileges,
        coalesce(pg_catalog.array_agg(distinct x.privilege_type) filter (where x.is_grantable and x.grantee <> ${owner}),
          '{}') as grantable
      from (
        select ${owner} as grantee union select g.grantee from pg_catalog.aclexplode(${acl}) g
      ) who
      left join pg_catalog.aclexplode(${acl}) x on x.grantee = who.grantee
      group by who.grantee
    ) w
    where w.grantee <> ${owner} or pg_catalog.cardinality(w.privileges) <> ${all}`;
}

/** Of the relation `c`: null for the default one, and for what has no storage. */
export const tablespace = sql`(select sp.spcname from pg_catalog.pg_tablespace sp where sp.oid = c.reltablespace)`;
