import { type Queryable, type SqlQuery, sql, type Transaction } from '@holdfast/postgres';

/** How a database was created. */
export interface DatabaseShape {
  readonly owner: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** `c` libc, `i` ICU, `b` builtin. */
  readonly provider: string;
  /** Of ICU or the builtin provider. */
  readonly locale: string | null;
  /** Null: the default one of the server. */
  readonly tablespace: string | null;
}

/** Undefined when there is no such database. */
export function readShape(db: Queryable, name: string): Promise<DatabaseShape | undefined> {
  return db.maybeOne(sql<DatabaseShape>`
    select pg_catalog.pg_get_userbyid(d.datdba)::text as owner, pg_catalog.pg_encoding_to_char(d.encoding)::text as encoding,
      d.datcollate::text as collate, d.datctype::text as ctype,
      coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') as provider,
      coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') as locale,
      nullif(t.spcname, 'pg_default')::text as tablespace
    from pg_catalog.pg_database d join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
    where d.datname = ${name}`);
}

/** Who would make the new database, and what the present one takes. */
export interface DatabaseMaker {
  readonly role: string;
  readonly mayCreate: boolean;
  /** Whether the server is a standby. */
  readonly isStandby: boolean;
  /** Of the present one, or of a role that it is a member of. */
  readonly owns: boolean;
  /** Null when there is none, or the role may not know. */
  readonly presentBytes: number | null;
}

export function readMaker(db: Queryable, name: string): Promise<DatabaseMaker> {
  return db.one(sql<DatabaseMaker>`
    select r.rolname::text as role, r.rolsuper or r.rolcreatedb as "mayCreate", pg_catalog.pg_is_in_recovery() as "isStandby",
      r.rolsuper or coalesce(pg_catalog.pg_has_role(d.datdba, 'usage'), false) as owns,
      case when pg_catalog.has_database_privilege(d.oid, 'connect') then pg_catalog.pg_database_size(d.oid) end as "presentBytes"
    from pg_catalog.pg_roles r left join pg_catalog.pg_database d on d.datname = ${name}
    where r.rolname = current_user`);
}

/**
 * Extensions that this role may not make in this database (manual, chapter CREATE EXTENSION: superusers, and whoever may create in
 * the database where the extension is trusted), or that are there and belong to another, so that it may not comment on them.
 */
export async function listDeniedExtensions(db: Queryable): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select a.name::text as name
    from pg_catalog.pg_available_extensions a
    left join pg_catalog.pg_available_extension_versions v on v.name = a.name and v.version = a.default_version
    left join pg_catalog.pg_extension e on e.extname = a.name
    where not (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
      and case when e.oid is null then v.superuser and not v.trusted
        else not pg_catalog.pg_has_role(e.extowner, 'usage') end
    order by 1`);
  return rows.map(({ name }) => name);
}

/** Those of these roles that the server has not got. */
export async function listMissingRoles(db: Queryable, names: readonly string[]): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select wanted.name from pg_catalog.unnest(${names}::pg_catalog.text[]) as wanted (name)
    where not exists (select from pg_catalog.pg_roles r where r.rolname = wanted.name) order by 1`);
  return rows.map(({ name }) => name);
}

/** Those of these tablespaces that the server has not got, or that this role may not make anything in. */
export async function listDeniedTablespaces(
  db: Queryable,
  names: readonly string[],
): Promise<{ name: string; exists: boolean }[]> {
  return db.many(sql<{ name: string; exists: boolean }>`
    select wanted.name, t.oid is not null as exists
    from pg_catalog.unnest(${names}::pg_catalog.text[]) as wanted (name)
    left join pg_catalog.pg_tablespace t on t.spcname = wanted.name
    where not coalesce(pg_catalog.has_tablespace_privilege(t.oid, 'create'), false) order by 1`);
}

/** An empty database of that shape. */
export async function createLike(db: Queryable, name: string, shape: DatabaseShape): Promise<void> {
  const { owner, encoding, collate, ctype, tablespace } = shape;
  await db.query(sql`
    create database ${sql.id(name)} template template0 owner ${sql.id(owner)} encoding ${sql.literal(encoding)}
      lc_collate ${sql.literal(collate)} lc_ctype ${sql.literal(ctype)} ${localeOf(shape)}
      ${tablespace === null ? sql`` : sql`tablespace ${sql.id(tablespace)}`}`);
}

function localeOf({ provider, locale }: DatabaseShape): SqlQuery {
  if (locale === null) return sql``;
  if (provider === 'i') return sql`locale_provider icu icu_locale ${sql.literal(locale)}`;
  return provider === 'b' ? sql`locale_provider builtin builtin_locale ${sql.literal(locale)}` : sql``;
}

/** The rights on the database itself, which a dump of it does not hold. */
export async function copyRights(db: Queryable, from: string, to: string): Promise<void> {
  const grants = await db.many(sql<{ statement: string }>`
    select pg_catalog.format('grant %s on database %I to %s', a.privilege_type, ${to}::text,
      case when a.grantee = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end) as statement
    from pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a where d.datname = ${from}`);
  if (grants.length === 0) return;
  await db.query(sql`revoke all on database ${sql.id(to)} from public`);
  for (const { statement } of grants)
    await db.query(sql`do ${sql.literal(`begin execute ${quoted(statement)}; end`)}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export async function dropDatabase(db: Queryable, name: string): Promise<void> {
  await db.query(sql`drop database if exists ${sql.id(name)} with (force)`);
}

export async function setComment(db: Queryable, name: string, comment: string): Promise<void> {
  await db.query(sql`comment on database ${sql.id(name)} is ${sql.literal(comment)}`);
}

export interface NamedDatabase {
  readonly name: string;
  readonly comment: string | null;
}

/** The databases whose names begin with this text, the newest name first. */
export function listDatabasesNamed(db: Queryable, prefix: string): Promise<NamedDatabase[]> {
  return db.many(sql<NamedDatabase>`
    select d.datname::text as name, pg_catalog.shobj_description(d.oid, 'pg_database') as comment
    from pg_catalog.pg_database d
    where pg_catalog.starts_with(d.datname, ${prefix}) order by d.datname desc`);
}

/** Ends the sessions of others on these databases. */
export async function endSessions(db: Queryable, names: readonly string[]): Promise<void> {
  await db.query(sql`
    select pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a
    where a.datname = any (${names}::pg_catalog.text[]) and a.pid <> pg_catalog.pg_backend_pid()`);
}

/** Waits for nobody, but keeps new sessions of it waiting until the transaction ends. Fails with 55006 while somebody is in it. */
export async function renameDatabase(tx: Transaction, from: string, to: string): Promise<void> {
  await tx.query(sql`alter database ${sql.id(from)} rename to ${sql.id(to)}`);
}

/** Held until the connection closes; false when another restore of the same database is at work. */
export async function tryRestoreLock(db: Queryable, name: string): Promise<boolean> {
  const { locked } = await db.one(sql<{ locked: boolean }>`
    select pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended('holdfast restore ' || ${name}::text, 0)) as locked`);
  return locked;
}

export async function analyze(db: Queryable): Promise<void> {
  await db.query(sql`analyze`);
}
