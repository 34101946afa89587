import { HoldfastError } from '@holdfast/core';
import { type Pool, type Queryable, softDelete, type Transaction, undoSoftDelete } from '@holdfast/postgres';
import { type Actor, insertAudit } from '../audit/index.ts';
import { assertPassword } from '../passwords/index.ts';
import { assertRolesExist, outranks } from '../rbac/index.ts';
import type { Account, ProfileChange } from './account.ts';
import { updateEmail, updateEmailVerified, updateStatus, upsertPassword } from './account-changes.ts';
import { findAccount } from './account-queries.ts';
import { rethrowTaken } from './own-account.ts';
import { upsertProfile } from './profile-queries.ts';
import {
  type AccountDependencies,
  createAccount,
  DEFAULT_ROLE,
  type RevokingDependencies,
} from './register-account.ts';

export interface AdministeredAccount {
  readonly email: string;
  /** Without one the account cannot sign in by password until it gets one. */
  readonly password?: string | undefined;
  readonly displayName?: string | null | undefined;
  readonly emailVerified?: boolean | undefined;
  readonly roles?: readonly string[] | undefined;
}

/** Creates an account for somebody else. @throws HoldfastError `password_rejected`, `email_taken`, `not_found` for a role. */
export async function createAccountFor(
  { pool, hasher }: AccountDependencies,
  actor: Actor,
  account: AdministeredAccount,
): Promise<Account> {
  const { email, password, displayName, emailVerified = false } = account;
  const roles = account.roles ?? [DEFAULT_ROLE];
  if (password !== undefined) assertPassword(password, { email, displayName: displayName ?? undefined });
  const passwordHash = password === undefined ? undefined : await hasher.hash(password);
  return pool.transaction(async tx => {
    await assertRolesExist(tx, roles);
    const created = await createAccount(tx, {
      email,
      displayName,
      passwordHash,
      emailVerified,
      roles,
      createdBy: actor.id,
    });
    await audit(tx, actor, 'user.created', created.id, { roles });
    return created;
  });
}

export interface AccountChange {
  readonly email?: string | undefined;
  readonly emailVerified?: boolean | undefined;
  readonly displayName?: string | null | undefined;
  readonly password?: string | undefined;
}

/**
 * Changes an account. A new password ends its sessions.
 * @throws HoldfastError `not_found`, `permission_denied` for an account that outranks the actor, `email_taken`,
 * `password_rejected`.
 */
export async function changeAccount(
  { pool, hasher, revoke }: AccountDependencies & RevokingDependencies,
  actor: Actor,
  id: string,
  change: AccountChange,
): Promise<Account> {
  const account = presentAccount(await findAccount(pool, id));
  await assertMayAdminister(pool, actor, id, 'change');
  if (change.password !== undefined)
    assertPassword(change.password, { email: change.email ?? account.email });
  const hash = change.password === undefined ? undefined : await hasher.hash(change.password);
  return pool.transaction(async tx => {
    if (change.email !== undefined) await updateEmail(tx, id, change.email, actor.id).catch(rethrowTaken);
    if (change.emailVerified !== undefined) await updateEmailVerified(tx, id, change.emailVerified, actor.id);
    if (change.displayName !== undefined) {
      const profile: ProfileChange = { displayName: change.displayName };
      await upsertProfile(tx, id, profile, actor.id);
    }
    if (hash !== undefined) {
      await upsertPassword(tx, id, hash, actor.id);
      await revoke(tx, { userId: id }, { reason: 'password_changed', actor });
    }
    await audit(tx, actor, 'user.changed', id, { fields: Object.keys(change) });
    return presentAccount(await findAccount(tx, id));
  });
}

/** Disables an account and ends its sessions at once. Disabling a disabled one changes nothing. */
export function disableAccount(
  { pool, revoke }: RevokingDependencies,
  actor: Actor,
  id: string,
): Promise<Account> {
  refuseSelf(actor, id, 'disable');
  return pool.transaction(async tx => {
    await assertMayAdminister(tx, actor, id, 'disable');
    if (await updateStatus(tx, id, 'disabled', actor.id)) {
      await revoke(tx, { userId: id }, { reason: 'account_disabled', actor });
      await audit(tx, actor, 'user.disabled', id);
    }
    return presentAccount(await findAccount(tx, id));
  });
}

/** Lets a disabled account sign in again. Its former sessions stay ended. */
export function enableAccount(pool: Pool, actor: Actor, id: string): Promise<Account> {
  return pool.transaction(async tx => {
    if (await updateStatus(tx, id, 'active', actor.id)) await audit(tx, actor, 'user.enabled', id);
    return presentAccount(await findAccount(tx, id));
  });
}

/** Soft-deletes an account and ends its sessions. @throws HoldfastError `not_found`. */
export function deleteAccount(
  { pool, revoke }: RevokingDependencies,
  actor: Actor,
  id: string,
): Promise<void> {
  refuseSelf(actor, id, 'delete');
  return pool.transaction(async tx => {
    await assertMayAdminister(tx, actor, id, 'delete');
    if (!(await softDelete(tx, 'users', id, actor.id))) throw unknownAccount();
    await revoke(tx, { userId: id }, { reason: 'account_deleted', actor });
    await audit(tx, actor, 'user.deleted', id);
  });
}

/** Takes back a deletion. @throws HoldfastError `not_found`, `email_taken` when the address is in use again. */
export function restoreAccount(pool: Pool, actor: Actor, id: string): Promise<Account> {
  return pool.transaction(async tx => {
    const restored = await undoSoftDelete(tx, 'users', id, actor.id).catch(rethrowTaken);
    if (restored) await audit(tx, actor, 'user.restored', id);
    const account = await findAccount(tx, id);
    if (account === undefined) throw unknownAccount();
    return account;
  });
}

function audit(
  tx: Transaction,
  actor: Actor,
  action: string,
  id: string,
  details?: Record<string, unknown>,
): Promise<void> {
  return insertAudit(tx, actor, {
    action,
    subjectType: 'user',
    subjectId: id,
    ...(details === undefined ? {} : { details }),
  });
}

/** An administrator who locks themselves out cannot undo it. */
function refuseSelf(actor: Actor, id: string, verb: string): void {
  if (actor.id === id)
    throw new HoldfastError('conflict', `You cannot ${verb} your own account; ask another administrator.`);
}

/**
 * Refuses what is done to an account that may do more than the actor: otherwise whoever may write accounts could set an
 * administrator's password and become one, and whoever may end sessions could keep the administrators out.
 * @throws HoldfastError `permission_denied`
 */
export async function assertMayAdminister(
  db: Queryable,
  actor: Actor,
  id: string,
  verb: string,
): Promise<void> {
  if (actor.id === null || actor.id === id || !(await outranks(db, id, actor.id))) return;
  throw new HoldfastError(
    'permission_denied',
    `You cannot ${verb} an account that has permissions you do not have.`,
  );
}

function presentAccount(account: Account | undefined): Account {
  if (account === undefined || account.deletedAt !== null) throw unknownAccount();
  return account;
}

function unknownAccount(): HoldfastError {
  return new HoldfastError('not_found', 'There is no such account.');
}
