import { type ErrorCode, HoldfastError, isHoldfastError, newId } from '@holdfast/core';
import {
  type BulkOutcome,
  type BulkProblem,
  type BulkRow,
  bulkInsert,
  type Queryable,
  type RunTransaction,
  sql,
  type Transaction,
} from '@holdfast/postgres';
import { type Actor, insertAudit } from '../audit/index.ts';
import { assertPassword, type PasswordHasher } from '../passwords/index.ts';
import { findRoleIds } from '../rbac/index.ts';
import { insertBelongings, type PreparedAccount } from './account-belongings.ts';
import { DEFAULT_ROLE } from './register-account.ts';

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

export interface ImportOutcome {
  readonly imported: number;
  /** By line. */
  readonly problems: readonly ImportProblem[];
}

export interface ImportDependencies {
  /** A pool or a connection, as a role that may insert accounts. */
  readonly pool: Queryable & { readonly transaction: RunTransaction };
  readonly hasher: PasswordHasher;
}

export interface ImportOptions {
  /** `atomic`: every account or none. Default `batch`: a line that cannot be imported hinders no other. */
  readonly mode?: 'batch' | 'atomic';
  /** Accounts of one transaction. Default 100 while there are passwords to hash, else as many as are fastest. */
  readonly batchSize?: number | undefined;
  /** Finds out what would become of each line, and changes nothing. */
  readonly dryRun?: boolean;
  /** Told how many lines have been dealt with. */
  readonly onProgress?: ((lines: number) => void) | undefined;
}

/** Enough to keep the hasher's threads busy, few enough to leave places for people who sign in meanwhile. */
const HASHED_AT_ONCE = 4;
/** A hash takes longer than all the rest of a row, so there is nothing to gain by more. */
const BATCH_WITH_PASSWORDS = 100;
const UNIQUE_VIOLATION = '23505';

/**
 * Imports accounts. Each line that cannot be imported is reported; an address that exists is `email_taken`, so importing the
 * same file again changes nothing. An address of a deleted account is free.
 * @throws HoldfastError an availability code; batches that were committed before stay.
 */
export async function importAccounts(
  { pool, hasher }: ImportDependencies,
  actor: Actor,
  accounts: readonly ImportedAccount[],
  options: ImportOptions = {},
): Promise<ImportOutcome> {
  const { mode = 'batch', batchSize = defaultBatchSize(accounts), onProgress } = options;
  const roleIds = await findRoleIds(pool, namesOfRoles(accounts));
  const { now } = await pool.one(sql<{ now: Date }>`select now() as now`);
  const desk: Desk = { hasher, roleIds, now, problems: [], prepared: new Map() };
  // a transaction that holds all accounts does not wait for their passwords to be hashed
  const preparing = prepareRows(accounts, desk);
  const rows = mode === 'atomic' ? await gather(preparing) : preparing;
  const result = await bulkInsert(pool, {
    table: ['users'],
    columns: ['id', 'email', 'email_verified_at'],
    constants: { created_by: actor.id, modified_by: actor.id },
    key: 'id',
    rows,
    mode,
    dryRun: options.dryRun === true || (mode === 'atomic' && desk.problems.length > 0),
    afterBatch: (tx, batch) => completeBatch(tx, actor, desk, batch),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const problems = [...desk.problems, ...result.problems.map(presentProblem)];
  return {
    imported: mode === 'atomic' && problems.length > 0 ? 0 : result.written,
    problems: problems.toSorted((a, b) => a.line - b.line),
  };
}

/** What an import needs at hand for each of its accounts. */
interface Desk {
  readonly hasher: PasswordHasher;
  readonly roleIds: ReadonlyMap<string, string>;
  readonly now: Date;
  /** Accounts that did not get as far as the database. */
  readonly problems: ImportProblem[];
  /** Those that are about to, by line. */
  readonly prepared: Map<number, PreparedAccount>;
}

/** Undefined: as `bulkInsert` finds best. */
function defaultBatchSize(accounts: readonly ImportedAccount[]): number | undefined {
  return accounts.some(({ password }) => password !== undefined) ? BATCH_WITH_PASSWORDS : undefined;
}

function namesOfRoles(accounts: readonly ImportedAccount[]): string[] {
  const names = new Set([DEFAULT_ROLE]);
  for (const { roles } of accounts) for (const name of roles ?? []) names.add(name);
  return [...names];
}

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* prepareRows(accounts: readonly ImportedAccount[], desk: Desk): AsyncGenerator<BulkRow> {
  for (let start = 0; start < accounts.length; start += HASHED_AT_ONCE) {
    const slice = accounts.slice(start, start + HASHED_AT_ONCE);
    // nothing is waited for when there is nothing to wait for, which most of an import by hashes is about
    const hashes = slice.some(hasPassword)
      ? await Promise.all(slice.map(account => (hasPassword(account) ? hashOf(desk, account) : undefined)))
      : [];
    for (const [index, account] of slice.entries()) {
      const prepared = prepare(desk, account, hashes[index]);
      if ('code' in prepared) {
        desk.problems.push(prepared);
        continue;
      }
      desk.prepared.set(prepared.line, prepared);
      const { line, id, email, verifiedAt } = prepared;
      yield { line, values: [id, email, verifiedAt] };
    }
  }
}

function hasPassword(account: ImportedAccount): account is ImportedAccount & { readonly password: string } {
  return account.password !== undefined;
}

/** The hash of a password, or why it is not accepted. */
async function hashOf(
  { hasher }: Desk,
  { email, displayName, password }: ImportedAccount & { readonly password: string },
): Promise<string | HoldfastError> {
  try {
    assertPassword(password, { email, displayName });
    return await hasher.hash(password);
  } catch (error) {
    if (isHoldfastError(error, 'password_rejected')) return error;
    throw error;
  }
}

function prepare(
  { roleIds, now }: Desk,
  account: ImportedAccount,
  hashed: string | HoldfastError | undefined,
): PreparedAccount | ImportProblem {
  const { line, email, displayName = null, roles = [DEFAULT_ROLE], passwordHash } = account;
  const unknown = roles.find(role => !roleIds.has(role));
  if (unknown !== undefined) {
    return { line, code: 'not_found', message: `There is no role named ${unknown}.`, field: 'roles' };
  }
  if (hashed instanceof HoldfastError) {
    return { line, code: hashed.code, message: hashed.message, field: 'password' };
  }
  if (hashed === undefined && passwordHash !== undefined && !PHC_ARGON2ID.test(passwordHash)) {
    const message = 'The password hash is not an Argon2id PHC string.';
    return { line, code: 'invalid_request', message, field: 'passwordHash' };
  }
  const ids = roles.map(role => roleIds.get(role)).filter(id => id !== undefined);
  return {
    line,
    id: newId(),
    email,
    displayName,
    hash: hashed ?? passwordHash ?? null,
    verifiedAt: account.emailVerified === true ? now : null,
    roleIds: ids.length > 1 ? [...new Set(ids)] : ids,
  };
}

const PHC_ARGON2ID =
  /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,172}$/;

async function completeBatch(
  tx: Transaction,
  actor: Actor,
  desk: Desk,
  { written, problems }: BulkOutcome,
): Promise<void> {
  const accounts = written
    .map(({ line }) => desk.prepared.get(line))
    .filter(account => account !== undefined);
  // not before: the transaction may have to be run again
  tx.afterCommit(() => {
    for (const { line } of written) desk.prepared.delete(line);
    for (const { line } of problems) desk.prepared.delete(line);
  });
  if (accounts.length === 0) return;
  await insertBelongings(tx, accounts, actor.id);
  await insertAudit(tx, actor, {
    action: 'user.imported',
    subjectType: 'user',
    subjectId: null,
    details: { accounts: accounts.length },
  });
}

function presentProblem({ line, sqlState, message }: BulkProblem): ImportProblem {
  if (sqlState !== UNIQUE_VIOLATION) return { line, code: 'invalid_request', message };
  const taken = 'An account with this e-mail address exists already.';
  return { line, code: 'email_taken', message: taken, field: 'email' };
}
