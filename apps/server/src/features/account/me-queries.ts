import type { AccountStatus } from '@holdfast/auth';
import { type Queryable, sql } from '@holdfast/postgres';

/** What of the own account is shown beside what the access token says. */
export interface Me {
  readonly id: string;
  readonly email: string;
  readonly status: AccountStatus;
  readonly emailVerifiedAt: Date | null;
  readonly lastLoginAt: Date | null;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}

/**
 * The account of a live session; undefined when the session or the account has ended. The API's hottest statement: two
 * index lookups and nothing else. Roles are left to the access token, since to collect them costs as much again.
 */
export function findMe(db: Queryable, userId: string, sessionId: string): Promise<Me | undefined> {
  return db.maybeOne(
    sql<Me>`
      select users.id, users.email, users.status, users.email_verified_at as "emailVerifiedAt",
        users.last_login_at as "lastLoginAt", users.created_at as "createdAt", users.modified_at as "modifiedAt"
      from sessions
      join users on users.id = sessions.user_id
      where sessions.id = ${sessionId} and sessions.user_id = ${userId} and sessions.revoked_at is null
        and users.status = 'active' and users.deleted_at is null
    `.named('me'),
  );
}
