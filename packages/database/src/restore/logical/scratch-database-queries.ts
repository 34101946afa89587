import { type Queryable, sql } from '@holdfast/postgres';

/** Roles of a dump that are not there yet; they own and may do things, and cannot log in. */
export async function createRole(db: Queryable, name: string): Promise<void> {
  const { found } = await db.one(
    sql<{ found: boolean }>`select exists (select from pg_catalog.pg_roles where rolname = ${name}) as found`,
  );
  if (!found) await db.query(sql`create role ${sql.id(name)} nologin`);
}

export interface NewDatabase {
  readonly name: string;
  readonly owner: string;
  readonly encoding: string;
  /** As libc names them. */
  readonly collate: string;
  readonly ctype: string;
}

/** An empty database. */
export async function createDatabase(db: Queryable, options: NewDatabase): Promise<void> {
  const { name, owner, encoding, collate, ctype } = options;
  await db.query(sql`
    create database ${sql.id(name)} template template0 owner ${sql.id(owner)} encoding ${sql.literal(encoding)}
      lc_collate ${sql.literal(collate)} lc_ctype ${sql.literal(ctype)}`);
}

/** A tablespace within the data directory, so that what is to lie in one can be made (manual, chapter Developer Options). */
export async function createTablespaceInPlace(superuser: Queryable, name: string): Promise<void> {
  await superuser.query(sql`set allow_in_place_tablespaces = on`);
  await superuser.query(sql`create tablespace ${sql.id(name)} location ''`);
}

/** Puts what lies in a tablespace into the default one, and drops it. Of the database of this connection. */
export async function emptyTablespace(superuser: Queryable, name: string): Promise<void> {
  for (const kind of [sql`table`, sql`index`, sql`materialized view`])
    await superuser.query(sql`alter ${kind} all in tablespace ${sql.id(name)} set tablespace pg_default`);
  await superuser.query(sql`drop tablespace ${sql.id(name)}`);
}

/** Extensions that this server has not got. */
export async function listMissingExtensions(db: Queryable, names: readonly string[]): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select wanted.name from pg_catalog.unnest(${names}::pg_catalog.text[]) as wanted (name)
    where not exists (select from pg_catalog.pg_available_extensions a where a.name = wanted.name)
    order by 1`);
  return rows.map(({ name }) => name);
}
