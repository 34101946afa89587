import { HoldfastError } from '@holdfast/core';
import { type Connection, type Queryable, sql, sqlState } from '@holdfast/postgres';
import { listLedger } from './ledger-queries.ts';
import type { LedgerRow } from './ledger-row.ts';

/**
 * The schema of the ledger. Everybody who can connect may read it: the API server compares it with its own version under a
 * role that this code cannot know. It holds names, hashes, times, role names and the shape of the schema, which pg_catalog
 * shows everybody anyway, and neither data nor the text of errors. Only its owner may write.
 */
export const LEDGER_SCHEMA = 'holdfast_ledger';

/** Makes what is in the ledger readable for everybody and writable for its owner alone. */
export const PROTECT_LEDGER = `
-- default privileges may have let others write
do $$
declare
  entry record;
begin
  for entry in
    select class.oid::regclass as relation, acl.grantee::regrole as grantee
    from pg_class as class, aclexplode(class.relacl) as acl
    where class.relnamespace = 'holdfast_ledger'::regnamespace and acl.grantee not in (0, class.relowner)
    group by 1, 2
  loop
    execute format('revoke all on %s from %s', entry.relation, entry.grantee);
  end loop;
end
$$;
grant usage on schema holdfast_ledger to public;
grant select on all tables in schema holdfast_ledger to public;
`;

const CREATE_SCHEMA = 'create schema holdfast_ledger';

const CREATE_TABLES = `
create table holdfast_ledger.migrations (
  version text primary key,
  name text not null,
  -- SHA-256 of the file
  checksum text not null,
  -- SHA-256 of the chain hash before, the version and the checksum; null until the migration is complete
  chain text,
  -- started: a stepwise migration is under way or stopped; reverting: the same on the way down;
  -- failed: it was tried, and nothing of it is in the database
  state text not null check (state in ('started', 'applied', 'failed', 'reverting')),
  started_at timestamptz not null,
  finished_at timestamptz,
  duration_ms bigint,
  applied_by text not null default session_user,
  tool_version text not null,
  -- stepwise only: the statement, from 0, that comes next, of how many
  next_statement integer,
  statement_count integer,
  -- that statement was begun outside of a transaction and did not report back
  in_doubt boolean not null default false,
  -- SHA-256 of the statements that are done
  done_hash text,
  -- where the last attempt failed: SQLSTATE, statement, line, time; never the message, which can quote data
  failure jsonb,
  check ((state in ('applied', 'reverting')) = (chain is not null))
);
create unique index migrations_version_number on holdfast_ledger.migrations ((version::numeric));

create table holdfast_ledger.catalog_snapshots (
  id bigint generated always as identity primary key,
  taken_at timestamptz not null default now(),
  -- the last migration that was applied, and its chain hash
  version text not null,
  chain text not null,
  -- those it holds; with '*' among them all that there were
  schemas text[] not null,
  tool_version text not null,
  checksum text not null,
  catalog jsonb not null
);
create index catalog_snapshots_chain on holdfast_ledger.catalog_snapshots (chain, taken_at);

create table holdfast_ledger.seeds (
  name text not null,
  environment text not null,
  checksum text not null,
  first_applied_at timestamptz not null default now(),
  last_applied_at timestamptz not null default now(),
  applied_by text not null default session_user,
  -- rows ever inserted by it
  inserted bigint not null,
  primary key (name, environment)
);

${PROTECT_LEDGER}
`;

/** Whether the database has a ledger. */
export function hasLedger(db: Queryable): Promise<boolean> {
  return hasLedgerTable(db, 'migrations');
}

/** Whether the ledger has that table, also for a role that may not look into the schema. */
export async function hasLedgerTable(db: Queryable, name: string): Promise<boolean> {
  const { found } = await db.one(
    sql<{ found: boolean }>`
      select exists (
        select from pg_catalog.pg_class
        where relname = ${name}
          and relnamespace = (select oid from pg_catalog.pg_namespace where nspname = 'holdfast_ledger')
      ) as found
    `,
  );
  return found;
}

/** Its rows in the order of their versions; none where there is no ledger, and none is made. */
export async function readLedger(db: Queryable): Promise<LedgerRow[]> {
  return (await hasLedger(db)) ? listLedger(db) : [];
}

/** Creates the ledger where there is none, in one transaction. Call it while holding the migration lock. */
export async function ensureLedger(connection: Connection): Promise<void> {
  if (await hasLedger(connection)) return;
  const { present } = await connection.one(
    sql<{ present: boolean }>`select to_regnamespace('holdfast_ledger') is not null as present`,
  );
  try {
    await connection.transaction(async () => {
      await connection.script(present ? CREATE_TABLES : `${CREATE_SCHEMA};${CREATE_TABLES}`);
    });
  } catch (error) {
    throw sqlState(error) === '42501' ? await ledgerDenied(connection, error) : error;
  }
}

async function ledgerDenied(db: Queryable, cause: unknown): Promise<HoldfastError> {
  const { role, database } = await db.one(
    sql<{ role: string; database: string }>`
      select quote_ident(session_user) as role, quote_ident(current_database()) as database
    `,
  );
  const message =
    `The role ${role} may not create the schema ${LEDGER_SCHEMA} in the database ${database}. ` +
    `As its owner, run: grant create on database ${database} to ${role}`;
  return new HoldfastError('migration_failed', message, { cause });
}
