import { connect } from '../connection.ts';
import type { Connection, Queryable } from '../queryable.ts';
import { type SqlQuery, sql } from '../sql.ts';
import type { ClusterState } from './cluster.ts';
import { APP, type ClusterPasswords, DATABASE, OWNER } from './state-file.ts';

/**
 * Makes the roles and the database, or puts right what is there: safe to repeat. The owner makes tables, the
 * application reads and writes their rows and nothing else.
 */
export async function provision(state: ClusterState, passwords: ClusterPasswords): Promise<void> {
  await withConnection(state.superuserUrl, async admin => {
    await ensureRole(admin, OWNER, passwords.owner);
    await ensureRole(admin, APP, passwords.app);
    await ensureDatabase(admin);
  });
  const url = databaseUrl(state.superuserUrl);
  await grantDatabase(url);
  await withConnection(url, ensureIndexCheck);
}

async function withConnection(url: string, work: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = await connect({ url, applicationName: 'holdfast start' });
  try {
    await work(connection);
  } finally {
    await connection.close();
  }
}

async function ensureRole(db: Queryable, name: string, password: string): Promise<void> {
  const found = await db.maybeOne(sql`select 1 from pg_roles where rolname = ${name}`);
  const verb = found === undefined ? sql`create` : sql`alter`;
  await db.query(sql`${verb} role ${sql.id(name)} login password ${sql.literal(password)}`);
}

async function ensureDatabase(db: Queryable): Promise<void> {
  const found = await db.maybeOne(sql`select 1 from pg_database where datname = ${DATABASE}`);
  if (found === undefined) await db.query(sql`create database ${sql.id(DATABASE)} owner ${sql.id(OWNER)}`);
}

/**
 * The extension that looks into indexes, for whoever examines the database as its superuser. Among PostgreSQL's own objects it is
 * in nobody's way, and no part of the schema that migrations make. A server that comes without it is left as it is.
 */
async function ensureIndexCheck(db: Queryable): Promise<void> {
  const { missing } = await db.one(sql<{ missing: boolean }>`
    select exists (
      select from pg_available_extensions where name = 'amcheck' and installed_version is null
    ) as missing
  `);
  if (missing) await db.query(sql`create extension amcheck schema pg_catalog`);
}

/**
 * Gives the owner and the application role their rights in one database, the one of the superuser's URL: the owner makes
 * tables in `public`, the application reads and writes their rows, nobody else can connect. Safe to repeat.
 */
export async function grantDatabase(superuserUrl: string): Promise<void> {
  await withConnection(superuserUrl, async db => {
    const { name } = await db.one(sql<{ name: string }>`select current_database() as name`);
    for (const statement of grants(name)) await db.query(statement);
  });
}

function grants(database: string): SqlQuery<never>[] {
  const [db, owner, app] = [sql.id(database), sql.id(OWNER), sql.id(APP)];
  return [
    sql`revoke all on database ${db} from public`,
    sql`grant connect on database ${db} to ${app}`,
    sql`alter schema public owner to ${owner}`,
    sql`revoke all on schema public from public`,
    sql`grant usage on schema public to ${app}`,
    sql`alter default privileges for role ${owner} in schema public
        grant select, insert, update, delete on tables to ${app}`,
    sql`alter default privileges for role ${owner} in schema public grant usage on sequences to ${app}`,
  ];
}

function databaseUrl(superuserUrl: string): string {
  const url = new URL(superuserUrl);
  url.pathname = `/${DATABASE}`;
  return url.href;
}
