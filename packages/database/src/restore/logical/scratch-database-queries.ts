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

/** Extensions that this server has not got. */
export async function listMissingExtensions(db: Queryable, names: readonly string[]): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select wanted.name from pg_catalog.unnest(${names}::pg_catalog.text[]) as wanted (name)
    where not exists (select from pg_catalog.pg_available_extensions a where a.name = wanted.name)
    order by 1`);
  return rows.map(({ name }) => name);
}
