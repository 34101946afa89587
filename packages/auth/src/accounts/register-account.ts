import { HoldfastError } from '@holdfast/core';
import type { Pool, Transaction } from '@holdfast/postgres';
import { type Actor, insertAudit } from '../audit/index.ts';
import { assertPassword, type PasswordHasher } from '../passwords/index.ts';
import type { RevokeSessions } from '../sessions/index.ts';
import type { Account } from './account.ts';
import { insertAccount, type NewAccount } from './account-changes.ts';
import { findAccount } from './account-queries.ts';

/** The role every account has. */
export const DEFAULT_ROLE = 'user';

export interface AccountDependencies {
  readonly pool: Pool;
  readonly hasher: PasswordHasher;
}

/** What a change needs that may end sessions. */
export interface RevokingDependencies {
  readonly pool: Pool;
  readonly revoke: RevokeSessions;
}

export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly displayName?: string | undefined;
}

/**
 * Creates an account for a stranger, active and with the default role.
 * @throws HoldfastError `password_rejected`, `email_taken`, `overloaded`.
 */
export async function registerAccount(
  { pool, hasher }: AccountDependencies,
  { email, password, displayName }: Registration,
  actor: Actor,
): Promise<Account> {
  assertPassword(password, { email, displayName });
  const passwordHash = await hasher.hash(password);
  const account = { email, displayName, passwordHash, roles: [DEFAULT_ROLE], createdBy: undefined };
  return pool.transaction(async tx => {
    const created = await createAccount(tx, account);
    const author: Actor = { ...actor, type: 'user', id: created.id };
    await insertAudit(tx, author, { action: 'user.registered', subjectType: 'user', subjectId: created.id });
    return created;
  });
}

/** Inserts an account and reads it back. @throws HoldfastError `email_taken`. */
export async function createAccount(tx: Transaction, account: NewAccount): Promise<Account> {
  const id = await insertAccount(tx, account);
  const created = id === undefined ? undefined : await findAccount(tx, id);
  if (created === undefined) {
    throw new HoldfastError('email_taken', 'An account with this e-mail address exists already.');
  }
  return created;
}
