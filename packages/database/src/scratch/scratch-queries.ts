import { type Queryable, sql } from '@holdfast/postgres';

/** Scratch databases that nobody uses, as a run that was killed leaves them: their names tell when they were made. */
export async function listForgottenScratch(db: Queryable, before: number): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select d.datname as name from pg_catalog.pg_database d
    where d.datname ~ '^holdfast_scratch_[0-9]+_[0-9a-f]+$'
      and pg_catalog.split_part(d.datname, '_', 3)::pg_catalog.int8 < ${before}
      and pg_catalog.pg_has_role(d.datdba, 'usage')
      and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)
  `);
  return rows.map(({ name }) => name);
}

export async function createScratch(db: Queryable, name: string, owner: string): Promise<void> {
  await db.query(sql`create database ${sql.id(name)} template template0 owner ${sql.id(owner)}`);
}

export async function dropScratch(db: Queryable, name: string): Promise<void> {
  await db.query(sql`drop database if exists ${sql.id(name)} with (force)`);
}

/** The roles out of a list that the server does not have. */
export async function listMissingRoles(db: Queryable, roles: readonly string[]): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select wanted.name from pg_catalog.unnest(${roles}::text[]) as wanted (name)
    where not exists (select from pg_catalog.pg_roles r where r.rolname = wanted.name)
  `);
  return rows.map(({ name }) => name);
}

export async function createRole(db: Queryable, name: string): Promise<void> {
  await db.query(sql`create role ${sql.id(name)} nologin`);
}

export async function dropRole(db: Queryable, name: string): Promise<void> {
  await db.query(sql`drop role if exists ${sql.id(name)}`);
}

export async function findCurrentRole(db: Queryable): Promise<string> {
  const { role } = await db.one(sql<{ role: string }>`select current_user::text as role`);
  return role;
}

export async function endSession(db: Queryable, processId: number): Promise<void> {
  await db.query(sql`select pg_catalog.pg_terminate_backend(${processId}::int4)`);
}

/** Whether this session may act as a role: another one than its own, of which it is a member. */
export async function mayBecome(db: Queryable, role: string): Promise<boolean> {
  const { possible } = await db.one(sql<{ possible: boolean }>`
    select coalesce(pg_catalog.bool_or(pg_catalog.pg_has_role(r.oid, 'member')), false) as possible
    from pg_catalog.pg_roles r where r.rolname = ${role} and r.rolname <> current_user
  `);
  return possible;
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

/** `name=value` of what ALTER DATABASE … SET says about the database for everybody. */
export async function listDatabaseSettings(db: Queryable): Promise<string[]> {
  const rows = await db.many(sql<{ setting: string }>`
    select unnest(setconfig) as setting from pg_catalog.pg_db_role_setting
    where setrole = 0 and setdatabase = (select oid from pg_catalog.pg_database where datname = current_database())
  `);
  return rows.map(({ setting }) => setting);
}

/** The extensions that are installed. */
export async function listExtensions(db: Queryable): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`select extname as name from pg_catalog.pg_extension`);
  return rows.map(({ name }) => name);
}

export async function dropExtension(db: Queryable, name: string): Promise<void> {
  await db.query(sql`drop extension if exists ${sql.id(name)} cascade`);
}
