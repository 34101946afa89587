import { HoldfastError } from '@holdfast/core';
import { isUniqueViolation, type Pool } from '@holdfast/postgres';
import { type Actor, insertAudit } from '../audit/index.ts';
import { assertPassword } from '../passwords/index.ts';
import type { Account, Profile, ProfileChange } from './account.ts';
import { findPasswordHash, replacePassword, updateEmail } from './account-changes.ts';
import { findAccount } from './account-queries.ts';
import { upsertProfile } from './profile-queries.ts';
import type { AccountDependencies, RevokingDependencies } from './register-account.ts';

export interface OwnAccountChange {
  readonly currentPassword: string;
  readonly email?: string | undefined;
  readonly newPassword?: string | undefined;
}

/**
 * Changes the e-mail address or the password of the acting user, who proves the current password again. A new password
 * ends every other session.
 * @throws HoldfastError `invalid_credentials`, `password_rejected`, `email_taken`.
 */
export async function changeOwnAccount(
  { pool, hasher, revoke }: AccountDependencies & RevokingDependencies,
  actor: Actor & { readonly id: string },
  change: OwnAccountChange,
): Promise<Account> {
  const confirmed = await confirmPassword({ pool, hasher }, actor.id, change.currentPassword);
  const account = await existingAccount(pool, actor.id);
  const { email, newPassword } = change;
  if (newPassword !== undefined) assertPassword(newPassword, { email: email ?? account.email });
  const hash = newPassword === undefined ? undefined : await hasher.hash(newPassword);
  await pool.transaction(async tx => {
    if (email !== undefined && email !== account.email) {
      await updateEmail(tx, actor.id, email, actor.id).catch(rethrowTaken);
      await insertAudit(tx, actor, {
        action: 'user.email_changed',
        subjectType: 'user',
        subjectId: actor.id,
      });
    }
    if (hash !== undefined) {
      // of two changes at once, one has confirmed a password that is none any more
      if (!(await replacePassword(tx, actor.id, confirmed, hash))) throw wrongPassword();
      const others =
        actor.sessionId === undefined ? { userId: actor.id } : { userId: actor.id, except: actor.sessionId };
      await revoke(tx, others, { reason: 'password_changed', actor });
      await insertAudit(tx, actor, {
        action: 'user.password_changed',
        subjectType: 'user',
        subjectId: actor.id,
      });
    }
  });
  return existingAccount(pool, actor.id);
}

/**
 * Checks the password of an account that is signed in.
 * @returns the hash that it was verified against
 * @throws HoldfastError `invalid_credentials`, `overloaded`.
 */
export async function confirmPassword(
  { pool, hasher }: AccountDependencies,
  userId: string,
  password: string,
): Promise<string> {
  const stored = await findPasswordHash(pool, userId);
  if ((await hasher.verify(stored, password)) && stored !== undefined) return stored;
  throw wrongPassword();
}

function wrongPassword(): HoldfastError {
  return new HoldfastError('invalid_credentials', 'The current password is wrong.');
}

/** Changes the acting user's profile. */
export function changeOwnProfile(
  pool: Pool,
  actor: Actor & { readonly id: string },
  change: ProfileChange,
): Promise<Profile> {
  return pool.transaction(async tx => {
    const profile = await upsertProfile(tx, actor.id, change, actor.id);
    const details = { fields: Object.keys(change) };
    await insertAudit(tx, actor, {
      action: 'user.profile_changed',
      subjectType: 'user',
      subjectId: actor.id,
      details,
    });
    return profile;
  });
}

async function existingAccount(pool: Pool, id: string): Promise<Account> {
  const account = await findAccount(pool, id);
  if (account === undefined) throw new HoldfastError('not_found', 'The account does not exist any more.');
  return account;
}

/** A unique violation on users means that the address is taken. */
export function rethrowTaken(error: unknown): never {
  if (!isUniqueViolation(error, 'users_email_unique')) throw error;
  throw new HoldfastError('email_taken', 'An account with this e-mail address exists already.', {
    cause: error,
  });
}
