import { type Queryable, sql } from '@holdfast/postgres';
import type { Account, AccountStatus } from './account.ts';

const ROLES = sql`array(
  select roles.name from user_roles
  join roles on roles.id = user_roles.role_id and roles.deleted_at is null and roles.disabled_at is null
  where user_roles.user_id = users.id order by roles.name
)`;

const ACCOUNT = sql`
  users.id, users.email, users.status, users.email_verified_at as "emailVerifiedAt",
  user_profiles.display_name as "displayName", ${ROLES} as roles, users.last_login_at as "lastLoginAt",
  users.created_at as "createdAt", users.created_by as "createdBy", users.modified_at as "modifiedAt",
  users.modified_by as "modifiedBy", users.deleted_at as "deletedAt"
`;

/** The account behind a live session; undefined when the session or the account has ended. */
export function findSessionAccount(
  db: Queryable,
  userId: string,
  sessionId: string,
): Promise<Account | undefined> {
  return db.maybeOne(
    sql<Account>`
      select ${ACCOUNT}
      from sessions
      join users on users.id = sessions.user_id
      left join user_profiles on user_profiles.user_id = users.id
      where sessions.id = ${sessionId} and sessions.user_id = ${userId} and sessions.revoked_at is null
        and users.status = 'active' and users.deleted_at is null
    `.named('account_of_session'),
  );
}

/** Any account by id, deleted ones included. */
export function findAccount(db: Queryable, id: string): Promise<Account | undefined> {
  return db.maybeOne(
    sql<Account>`
      select ${ACCOUNT} from users
      left join user_profiles on user_profiles.user_id = users.id
      where users.id = ${id}
    `.named('account_find'),
  );
}

/** What a login needs to know. */
export interface LoginAccount {
  readonly id: string;
  readonly email: string;
  readonly status: AccountStatus;
  readonly passwordHash: string | null;
  readonly roles: readonly string[];
}

/** An account that is not deleted, by its e-mail address in any case. */
export function findLoginAccount(db: Queryable, email: string): Promise<LoginAccount | undefined> {
  return db.maybeOne(
    sql<LoginAccount>`
      select users.id, users.email, users.status, password_credentials.hash as "passwordHash", ${ROLES} as roles
      from users
      left join password_credentials on password_credentials.user_id = users.id
      where lower(users.email) = lower(${email}) and users.deleted_at is null
    `.named('account_for_login'),
  );
}

export interface AccountFilter {
  /** Part of the e-mail address or the display name, in any case. */
  readonly search?: string | undefined;
  readonly status?: AccountStatus | undefined;
  readonly role?: string | undefined;
  /** Deleted accounts instead of the others. */
  readonly deleted?: boolean | undefined;
  /** The id of the last account of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Accounts, newest first: ids are ordered by time, so the primary key is the cursor. */
export function listAccounts(db: Queryable, filter: AccountFilter): Promise<Account[]> {
  const { search, status, role, deleted, before, limit } = filter;
  const pattern = search === undefined ? undefined : `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
  const conditions = [
    deleted === true ? sql`users.deleted_at is not null` : sql`users.deleted_at is null`,
    status === undefined ? undefined : sql`users.status = ${status}`,
    before === undefined ? undefined : sql`users.id < ${before}`,
    pattern === undefined
      ? undefined
      : sql`(users.email ilike ${pattern} or user_profiles.display_name ilike ${pattern})`,
    role === undefined
      ? undefined
      : sql`exists (
          select from user_roles join roles on roles.id = user_roles.role_id
          where user_roles.user_id = users.id and roles.name = ${role} and roles.deleted_at is null
        )`,
  ].filter(condition => condition !== undefined);
  return db.many(sql<Account>`
    select ${ACCOUNT} from users
    left join user_profiles on user_profiles.user_id = users.id
    where ${sql.join(conditions, ' and ')}
    order by users.id desc
    limit ${limit}
  `);
}
