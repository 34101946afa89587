import type { AccountStatus } from '@holdfast/auth';
import { type Queryable, sql } from '@holdfast/postgres';

/** What of the own account is shown beside what the access token says. */
export interface Me {
  readonly id: string;
  /** The live session through which the account was found. */
  readonly sessionId: string;
  readonly email: string;
  readonly status: AccountStatus;
  readonly emailVerifiedAt: Date | null;
  readonly lastLoginAt: Date | null;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}

/**
 * The accounts of live sessions; those of ended sessions and accounts are left out. The API's hottest statement: two index
 * lookups for each and nothing else. Roles are left to the access token, since to collect them costs as much again.
 */
export function findMe(db: Queryable, sessionIds: readonly string[]): Promise<Me[]> {
  return db.many(
    sql<Me>`
      select users.id, sessions.id as "sessionId", users.email, users.status,
        users.email_verified_at as "emailVerifiedAt", users.last_login_at as "lastLoginAt",
        users.created_at as "createdAt", users.modified_at as "modifiedAt"
      from sessions
      join users on users.id = sessions.user_id
      where sessions.id = any (${sessionIds}::uuid[]) and sessions.revoked_at is null
        and users.status = 'active' and users.deleted_at is null
    `.named('me'),
  );
}
