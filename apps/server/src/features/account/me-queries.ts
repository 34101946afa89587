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
 * The account behind an access token; undefined when it is not active any more. The API's hottest statement: one index
 * lookup and nothing else. That the session has not ended is known from the revocation feed, and the roles stand in the
 * token; to collect either here costs as much again.
 */
export function findMe(db: Queryable, userId: string): Promise<Me | undefined> {
  return db.maybeOne(
    sql<Me>`
      select id, email, status, email_verified_at as "emailVerifiedAt", last_login_at as "lastLoginAt",
        created_at as "createdAt", modified_at as "modifiedAt"
      from users
      where id = ${userId} and status = 'active' and deleted_at is null
    `.named('me'),
  );
}
