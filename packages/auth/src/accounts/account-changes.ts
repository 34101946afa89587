import { newId } from '@holdfast/core';
import { type Queryable, sql, type Transaction } from '@holdfast/postgres';
import type { AccountStatus } from './account.ts';

export interface NewAccount {
  readonly email: string;
  readonly displayName?: string | null | undefined;
  /** PHC string; absent for accounts that sign in by other means. */
  readonly passwordHash?: string | undefined;
  readonly emailVerified?: boolean;
  /** Names of roles; those that do not exist are ignored here and checked by the caller. */
  readonly roles: readonly string[];
  /** Who creates it; null for the system, undefined for the new account itself. */
  readonly createdBy: string | null | undefined;
}

/**
 * Inserts an account with profile, credential and roles in one statement.
 * @returns its id, or undefined when the address is taken by an account that is not deleted.
 */
export async function insertAccount(tx: Transaction, account: NewAccount): Promise<string | undefined> {
  const id = newId();
  const author = account.createdBy === undefined ? id : account.createdBy;
  const row = await tx.maybeOne(
    sql<{ id: string }>`
      with created as (
        insert into users (id, email, email_verified_at, created_by, modified_by)
        values (${id}, ${account.email}, case when ${account.emailVerified ?? false} then now() end,
          ${author}::uuid, ${author}::uuid)
        on conflict (lower(email)) where deleted_at is null do nothing
        returning id
      ),
      profile as (
        insert into user_profiles (user_id, display_name, created_by, modified_by)
        select id, ${account.displayName ?? null}, ${author}::uuid, ${author}::uuid from created
      ),
      credential as (
        insert into password_credentials (user_id, hash, created_by, modified_by)
        select id, ${account.passwordHash ?? null}, ${author}::uuid, ${author}::uuid from created
        where ${account.passwordHash ?? null}::text is not null
      ),
      granted as (
        insert into user_roles (user_id, role_id, created_by, modified_by)
        select created.id, roles.id, ${author}::uuid, ${author}::uuid
        from created, roles
        where roles.name = any(${account.roles}::text[]) and roles.deleted_at is null
      )
      select id from created
    `.named('account_insert'),
  );
  return row?.id;
}

/** Sets the status of an account that is not deleted. @returns whether it changed. */
export async function updateStatus(
  tx: Transaction,
  id: string,
  status: AccountStatus,
  by: string | null,
): Promise<boolean> {
  const changed = await tx.execute(
    sql`
      update users set status = ${status}, modified_by = ${by}::uuid
      where id = ${id} and deleted_at is null and status <> ${status}
    `.named('account_status'),
  );
  return changed === 1;
}

/** Changes the address; it counts as unverified from then on. Raises a unique violation when it is taken. */
export async function updateEmail(
  tx: Transaction,
  id: string,
  email: string,
  by: string | null,
): Promise<boolean> {
  const changed = await tx.execute(
    sql`
      update users
      set email = ${email}, modified_by = ${by}::uuid,
        email_verified_at = case when lower(email) = lower(${email}) then email_verified_at end
      where id = ${id} and deleted_at is null
    `.named('account_email'),
  );
  return changed === 1;
}

/** Marks the address as verified or not. */
export async function updateEmailVerified(
  tx: Transaction,
  id: string,
  verified: boolean,
  by: string | null,
): Promise<boolean> {
  const changed = await tx.execute(
    sql`
      update users
      set email_verified_at = case when ${verified} then coalesce(email_verified_at, now()) end, modified_by = ${by}::uuid
      where id = ${id} and deleted_at is null
    `.named('account_email_verified'),
  );
  return changed === 1;
}

/** Sets the password hash of an account, whether or not it had one. */
export async function upsertPassword(
  tx: Queryable,
  id: string,
  hash: string,
  by: string | null,
): Promise<void> {
  await tx.execute(
    sql`
      insert into password_credentials (user_id, hash, created_by, modified_by)
      values (${id}, ${hash}, ${by}::uuid, ${by}::uuid)
      on conflict (user_id) do update set hash = excluded.hash, changed_at = now(), modified_by = excluded.modified_by
    `.named('password_upsert'),
  );
}

/**
 * Replaces a hash by one of the same password with newer parameters, unless it changed meanwhile.
 * @returns whether it was replaced
 */
export async function replaceHash(db: Queryable, id: string, former: string, hash: string): Promise<boolean> {
  const changed = await db.execute(
    sql`
      update password_credentials set hash = ${hash} where user_id = ${id} and hash = ${former}
    `.named('password_rehash'),
  );
  return changed === 1;
}

/** Sets a new password, if the one that was confirmed is still the password. @returns whether it was set */
export async function replacePassword(
  tx: Queryable,
  id: string,
  confirmed: string,
  hash: string,
): Promise<boolean> {
  const changed = await tx.execute(
    sql`
      update password_credentials set hash = ${hash}, changed_at = now(), modified_by = ${id}::uuid
      where user_id = ${id} and hash = ${confirmed}
    `.named('password_replace'),
  );
  return changed === 1;
}

/** The PHC string of an account's password; undefined when it has none. */
export async function findPasswordHash(db: Queryable, id: string): Promise<string | undefined> {
  const row = await db.maybeOne(
    sql<{ hash: string }>`select hash from password_credentials where user_id = ${id}`.named('password_find'),
  );
  return row?.hash;
}
