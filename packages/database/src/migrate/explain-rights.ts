import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { type Queryable, sql, sqlState } from '@holdfast/postgres';
import { LEDGER_SCHEMA } from './ledger-schema.ts';
import { serverError } from './server-error.ts';

const INSUFFICIENT_PRIVILEGE = '42501';
/** Also of a search_path in which the role may use no schema. */
const NO_SCHEMA_SELECTED = '3F000';
const READ_ONLY_TRANSACTION = '25006';

interface Session {
  /** Quoted, as in SQL. */
  readonly role: string;
  readonly database: string;
  readonly standby: boolean;
  /** Whether transactions may not write unless they say so. */
  readonly readOnly: boolean;
}

function readSession(db: Queryable): Promise<Session> {
  return db.one(sql<Session>`
    select pg_catalog.quote_ident(current_user) as role, pg_catalog.quote_ident(current_database()) as database,
      pg_catalog.pg_is_in_recovery() as standby,
      current_setting('default_transaction_read_only') = 'on' as "readOnly"
  `);
}

/** The owner of what an error names, quoted; undefined when it is not one thing that this role can see. */
async function findOwner(db: Queryable, kind: string, name: string): Promise<string | undefined> {
  const row = await db.maybeOne(
    kind === 'schema'
      ? sql<{ owner: string }>`
          select pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(nspowner)) as owner
          from pg_catalog.pg_namespace where nspname = ${name}`
      : sql<{ owner: string }>`
          select pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(max(relowner))) as owner
          from pg_catalog.pg_class where relname = ${name} having min(relowner) = max(relowner)`,
  );
  return row?.owner;
}

const DENIED = /^permission denied for (schema|database|table|view|materialized view|sequence) "?([^"]+?)"?$/;
const NOT_OWNER =
  /^must be owner of (schema|table|view|materialized view|sequence|index|relation) "?([^"]+?)"?$/;

/**
 * Who lacks which right, and what to type so that it has it; undefined for an error that is about something else. The session must
 * not be in a failed transaction.
 */
export async function explainDenied(db: Queryable, error: unknown): Promise<string | undefined> {
  const server = serverError(error);
  const noSchema = server?.code === NO_SCHEMA_SELECTED && (await lacksPublic(db));
  if (server === undefined || (server.code !== INSUFFICIENT_PRIVILEGE && !noSchema)) return undefined;
  const { role, database } = await readSession(db);
  const who = `The role ${role} lacks a right in the database ${database}`;
  if (noSchema) return explainSchema(db, 'public', who, role);
  const [, deniedKind, denied = ''] = DENIED.exec(server.message) ?? [];
  if (deniedKind === 'database') return `${who}. As its owner, run: ${grantOnDatabase(database, role)}`;
  if (deniedKind === 'schema') return explainSchema(db, denied, who, role);
  const [, kind = deniedKind, name = denied] = NOT_OWNER.exec(server.message) ?? [];
  const owner = kind === undefined ? undefined : await findOwner(db, kind, name);
  if (owner === undefined) return `${who}. Migrate as the role that owns what this statement touches`;
  return `${who}: ${kind} ${name} belongs to ${owner}. Migrate as ${owner}, or as a superuser run: grant ${owner} to ${role}`;
}

/** Whether public is there, and the role may not use it, so that it is as if it were not. */
async function lacksPublic(db: Queryable): Promise<boolean> {
  const { lacks } = await db.one(sql<{ lacks: boolean }>`
    select exists (
      select from pg_catalog.pg_namespace
      where nspname = 'public' and not pg_catalog.has_schema_privilege(oid, 'usage')
    ) as lacks
  `);
  return lacks;
}

async function explainSchema(db: Queryable, name: string, who: string, role: string): Promise<string> {
  const { schema, usage } = await db.one(sql<{ schema: string; usage: boolean }>`
    select pg_catalog.quote_ident(${name}) as schema, pg_catalog.has_schema_privilege(${name}, 'usage') as usage
  `);
  const owner = await findOwner(db, 'schema', name);
  const right = usage ? 'create' : 'usage, create';
  const asWhom = owner === undefined ? 'As its owner' : `As its owner (${owner}) or a superuser`;
  return `${who}: ${right} on the schema ${schema}. ${asWhom}, run: grant ${right} on schema ${schema} to ${role}`;
}

function grantOnDatabase(database: string, role: string): string {
  return `grant create on database ${database} to ${role}`;
}

/**
 * The error to throw for one that says that this session may not write: on a standby, where transactions are read-only, or in a
 * ledger of somebody else. Every other error stays what it is.
 */
export async function explainUnwritable(db: Queryable, error: unknown): Promise<unknown> {
  const state = sqlState(error);
  if (isHoldfastError(error) || (state !== READ_ONLY_TRANSACTION && state !== INSUFFICIENT_PRIVILEGE)) {
    return error;
  }
  const session = await readSession(db).catch(() => undefined);
  if (session === undefined) return error;
  const problem =
    state === READ_ONLY_TRANSACTION ? explainReadOnly(session) : await explainForeignLedger(db, session);
  const message = `${problem} (${errorMessage(error)}). Nothing more was run`;
  return new HoldfastError('migration_failed', message, { cause: error, details: { ...session } });
}

function explainReadOnly({ role, database, standby }: Session): string {
  if (standby) {
    return `The database ${database} is on a standby, which takes no changes: migrate on the primary, whose URL the role ${role} needs`;
  }
  return `Transactions of the role ${role} in the database ${database} are read-only (default_transaction_read_only). As its owner, run: alter database ${database} set default_transaction_read_only = off; or, when it is the role: alter role ${role} set default_transaction_read_only = off`;
}

async function explainForeignLedger(db: Queryable, { role, database }: Session): Promise<string> {
  const owner = await findOwner(db, 'schema', LEDGER_SCHEMA);
  if (owner === undefined || owner === role) {
    return `The role ${role} lacks a right in the database ${database}`;
  }
  return `The role ${role} may not write the ledger of the database ${database}, schema ${LEDGER_SCHEMA}: it belongs to ${owner}. Migrate as ${owner}, or as a superuser run: grant ${owner} to ${role}`;
}
