import { type Queryable, sql } from '@holdfast/postgres';

/** The schemas that are neither PostgreSQL's own nor the ledger. */
export async function listUserSchemas(db: Queryable): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select nspname as name from pg_catalog.pg_namespace
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'holdfast_ledger')
    order by nspname
  `);
  return rows.map(({ name }) => name);
}

/** How many objects of its own the database holds: relations, routines and types outside of PostgreSQL's schemas. */
export async function countObjects(db: Queryable): Promise<number> {
  const { objects } = await db.one(sql<{ objects: number }>`
    with spaces as (
      select oid from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
    ), members as (
      select objid from pg_catalog.pg_depend where deptype = 'e'
    )
    select (select count(*) from pg_catalog.pg_class where relnamespace in (table spaces) and oid not in (table members))
      + (select count(*) from pg_catalog.pg_proc where pronamespace in (table spaces) and oid not in (table members))
      + (select count(*) from pg_catalog.pg_type where typnamespace in (table spaces) and oid not in (table members))
      as objects
  `);
  return objects;
}

export interface ScratchFacts {
  readonly database: string;
  readonly role: string;
  readonly mayCreate: boolean;
}

export function readScratchFacts(db: Queryable): Promise<ScratchFacts> {
  return db.one(sql<ScratchFacts>`
    select current_database() as database, current_user as role, rolsuper or rolcreatedb as "mayCreate"
    from pg_catalog.pg_roles where rolname = current_user
  `);
}

/** From template0, which nobody can be connected to. */
export async function createScratch(db: Queryable, name: string): Promise<void> {
  await db.query(sql`create database ${sql.id(name)} template template0`);
}

export async function dropScratch(db: Queryable, name: string): Promise<void> {
  await db.query(sql`drop database if exists ${sql.id(name)} with (force)`);
}

/** `name=value` of what ALTER DATABASE … SET says about the database for everybody. */
export async function listDatabaseSettings(db: Queryable): Promise<string[]> {
  const rows = await db.many(sql<{ setting: string }>`
    select unnest(setconfig) as setting from pg_catalog.pg_db_role_setting
    where setrole = 0 and setdatabase = (select oid from pg_catalog.pg_database where datname = current_database())
  `);
  return rows.map(({ setting }) => setting);
}

/** Scratch databases of this role that nobody uses, made before the given time: their runner was killed. */
export async function listAbandonedScratches(db: Queryable, before: number): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select datname as name from pg_catalog.pg_database
    where datname ~ '^holdfast_scratch_[0-9]+_[0-9a-f]+$' and split_part(datname, '_', 3)::numeric < ${before}::numeric
      and pg_catalog.pg_has_role(datdba, 'usage')
      and not exists (select from pg_catalog.pg_stat_activity where datid = pg_database.oid)
  `);
  return rows.map(({ name }) => name);
}

/** The extensions that are installed. */
export async function listExtensions(db: Queryable): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`select extname as name from pg_catalog.pg_extension`);
  return rows.map(({ name }) => name);
}

export async function dropExtension(db: Queryable, name: string): Promise<void> {
  await db.query(sql`drop extension if exists ${sql.id(name)} cascade`);
}

/** Drops every schema but public, and everything in public; what belongs to an extension stays with it. */
export const DROP_OBJECTS = `
do $$
declare
  entry record;
begin
  for entry in
    select nspname from pg_catalog.pg_namespace as n
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')
      and not exists (select from pg_catalog.pg_depend where objid = n.oid and deptype = 'e')
  loop
    execute format('drop schema %I cascade', entry.nspname);
  end loop;
  for entry in
    select oid, relkind, relname from pg_catalog.pg_class as c
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'f', 'v', 'm', 'S')
      and not exists (select from pg_catalog.pg_depend where objid = c.oid and deptype = 'e')
  loop
    if exists (select from pg_catalog.pg_class where oid = entry.oid) then
      execute format('drop %s public.%I cascade', case entry.relkind when 'v' then 'view'
        when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end,
        entry.relname);
    end if;
  end loop;
  for entry in
    select oid from pg_catalog.pg_proc as p
    where pronamespace = 'public'::regnamespace
      and not exists (select from pg_catalog.pg_depend where objid = p.oid and deptype = 'e')
  loop
    if exists (select from pg_catalog.pg_proc where oid = entry.oid) then
      execute format('drop routine %s cascade', entry.oid::regprocedure);
    end if;
  end loop;
  for entry in
    select oid, typname from pg_catalog.pg_type as t
    where typnamespace = 'public'::regnamespace and typtype in ('e', 'd', 'c', 'r') and typelem = 0
      and not exists (select from pg_catalog.pg_depend where objid = t.oid and deptype = 'e')
  loop
    if exists (select from pg_catalog.pg_type where oid = entry.oid) then
      execute format('drop type public.%I cascade', entry.typname);
    end if;
  end loop;
end
$$;
`;
