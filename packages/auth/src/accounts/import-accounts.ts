import { type ErrorCode, HoldfastError, isHoldfastError, newId } from '@holdfast/core';
import { type Queryable, sql } from '@holdfast/postgres';
import { type Actor, insertAudit } from '../audit/index.ts';
import { assertPassword } from '../passwords/index.ts';
import { missingRoles } from '../rbac/index.ts';
import { type AccountDependencies, DEFAULT_ROLE } from './register-account.ts';

/** One line of an import that was read without an error. */
export interface ImportedAccount {
  /** Where it stands in the input, counted from 1. */
  readonly line: number;
  readonly email: string;
  readonly displayName?: string | undefined;
  readonly password?: string | undefined;
  /** An Argon2id PHC string, to move accounts from another system without knowing their passwords. */
  readonly passwordHash?: string | undefined;
  readonly emailVerified?: boolean | undefined;
  readonly roles?: readonly string[] | undefined;
}

/** A line that was left out, and why. */
export interface ImportProblem {
  readonly line: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
}

export interface ImportBatchResult {
  readonly imported: number;
  readonly problems: readonly ImportProblem[];
}

/** Enough to keep the hasher's threads busy, few enough to leave places for people who sign in meanwhile. */
const HASHED_AT_ONCE = 4;

/**
 * Imports a batch of accounts in one transaction. A line that cannot be imported is reported and hinders no other; an
 * address that exists is `email_taken`, so importing the same file again changes nothing.
 */
export async function importAccounts(
  dependencies: AccountDependencies,
  actor: Actor,
  batch: readonly ImportedAccount[],
): Promise<ImportBatchResult> {
  const problems: ImportProblem[] = [];
  const rows: PreparedRow[] = [];
  const wanted = new Set(batch.flatMap(account => account.roles ?? [DEFAULT_ROLE]));
  const unknownRoles = new Set(await missingRoles(dependencies.pool, [...wanted]));
  for (let start = 0; start < batch.length; start += HASHED_AT_ONCE) {
    const slice = batch.slice(start, start + HASHED_AT_ONCE);
    for (const prepared of await Promise.all(slice.map(item => prepare(dependencies, item, unknownRoles)))) {
      if ('code' in prepared) problems.push(prepared);
      else rows.push(prepared);
    }
  }
  const created = await dependencies.pool.transaction(async tx => {
    const ids = await insertBatch(tx, rows, actor.id);
    if (ids.size > 0) {
      const details = { accounts: ids.size };
      await insertAudit(tx, actor, {
        action: 'user.imported',
        subjectType: 'user',
        subjectId: null,
        details,
      });
    }
    return ids;
  });
  for (const { line, id } of rows) {
    if (!created.has(id)) {
      const message = 'An account with this e-mail address exists already.';
      problems.push({ line, code: 'email_taken', message, field: 'email' });
    }
  }
  return { imported: created.size, problems: problems.toSorted((a, b) => a.line - b.line) };
}

interface PreparedRow {
  readonly line: number;
  readonly id: string;
  readonly email: string;
  readonly display_name: string | null;
  readonly hash: string | null;
  readonly verified: boolean;
  readonly roles: readonly string[];
}

async function prepare(
  dependencies: AccountDependencies,
  account: ImportedAccount,
  unknownRoles: ReadonlySet<string>,
): Promise<PreparedRow | ImportProblem> {
  const { line, email } = account;
  const roles = account.roles ?? [DEFAULT_ROLE];
  const unknown = roles.find(role => unknownRoles.has(role));
  if (unknown !== undefined) {
    return { line, code: 'not_found', message: `There is no role named ${unknown}.`, field: 'roles' };
  }
  try {
    const hash = (await credentialOf(dependencies, account)) ?? null;
    const verified = account.emailVerified ?? false;
    return { line, id: newId(), email, display_name: account.displayName ?? null, hash, verified, roles };
  } catch (error) {
    if (!isHoldfastError(error, 'password_rejected', 'invalid_request')) throw error;
    const field = error.code === 'password_rejected' ? 'password' : 'passwordHash';
    return { line, code: error.code, message: error.message, field };
  }
}

const PHC_ARGON2ID =
  /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,172}$/;

async function credentialOf(
  { hasher }: AccountDependencies,
  account: ImportedAccount,
): Promise<string | undefined> {
  const { password, passwordHash, email, displayName } = account;
  if (password !== undefined) {
    assertPassword(password, { email, displayName });
    return hasher.hash(password);
  }
  if (passwordHash !== undefined && !PHC_ARGON2ID.test(passwordHash)) {
    throw new HoldfastError('invalid_request', 'The password hash is not an Argon2id PHC string.');
  }
  return passwordHash;
}

/** Inserts what is new. @returns the ids of the rows that were inserted. */
async function insertBatch(
  db: Queryable,
  rows: readonly PreparedRow[],
  by: string | null,
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const created = await db.many(
    sql<{ id: string }>`
      with given as (
        select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as row (id uuid, email text, display_name text, hash text, verified boolean, roles text[])
      ),
      created as (
        insert into users (id, email, email_verified_at, created_by, modified_by)
        select id, email, case when verified then now() end, ${by}::uuid, ${by}::uuid from given
        on conflict (lower(email)) where deleted_at is null do nothing
        returning id
      ),
      profiles as (
        insert into user_profiles (user_id, display_name, created_by, modified_by)
        select given.id, given.display_name, ${by}::uuid, ${by}::uuid from given join created using (id)
      ),
      credentials as (
        insert into password_credentials (user_id, hash, created_by, modified_by)
        select given.id, given.hash, ${by}::uuid, ${by}::uuid from given join created using (id)
        where given.hash is not null
      ),
      memberships as (
        insert into user_roles (user_id, role_id, created_by, modified_by)
        select distinct given.id, roles.id, ${by}::uuid, ${by}::uuid
        from given join created using (id)
        cross join unnest(given.roles) as wanted (name)
        join roles on roles.name = wanted.name and roles.deleted_at is null
      )
      select id from created
    `.named('accounts_import'),
  );
  return new Set(created.map(row => row.id));
}
