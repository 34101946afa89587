import { type Queryable, sql } from '@holdfast/postgres';
import { type ScanPart, tableSample } from '../row-scans.ts';

export interface AccountCounts {
  readonly total: number;
  readonly active: number;
  readonly disabled: number;
  readonly deleted: number;
  /** Of the active ones, as all that follow. */
  readonly unverified: number;
  readonly inactive: number;
  readonly passwordOnly: number;
  readonly providerOnly: number;
  readonly both: number;
  /** Neither a password nor a provider: nobody can sign in. */
  readonly neither: number;
}

/** Accounts by type and status. Inactive: no login, and not created, since so many days. */
export function countAccounts(
  db: Queryable,
  schema: string,
  part: ScanPart,
  limits: { readonly inactiveDays: number; readonly unverifiedDays: number },
): Promise<AccountCounts> {
  return db.one(sql<AccountCounts>`
    with account as (
      select u.status, u.deleted_at is not null as deleted,
        u.deleted_at is null and u.status = 'active' as active,
        u.email_verified_at is null
          and u.created_at < now() - pg_catalog.make_interval(days => ${limits.unverifiedDays}::pg_catalog.int4) as unverified,
        coalesce(u.last_login_at, u.created_at)
          < now() - pg_catalog.make_interval(days => ${limits.inactiveDays}::pg_catalog.int4) as inactive,
        exists (select from ${sql.id(schema, 'password_credentials')} p where p.user_id = u.id) as password,
        exists (select from ${sql.id(schema, 'oauth_accounts')} o where o.user_id = u.id) as provider
      from ${sql.id(schema, 'users')} u ${tableSample(part)}
    )
    select count(*) as total,
      count(*) filter (where active) as active,
      count(*) filter (where not deleted and status = 'disabled') as disabled,
      count(*) filter (where deleted) as deleted,
      count(*) filter (where active and unverified) as unverified,
      count(*) filter (where active and inactive) as inactive,
      count(*) filter (where active and password and not provider) as "passwordOnly",
      count(*) filter (where active and provider and not password) as "providerOnly",
      count(*) filter (where active and provider and password) as both,
      count(*) filter (where active and not provider and not password) as neither
    from account
  `);
}

export interface DormantAccount {
  readonly id: string;
  readonly role: string;
  readonly lastLogin: string | null;
}

/** Accounts that may change others' and that nobody has used for long. */
export function listDormantAdministrators(
  db: Queryable,
  schema: string,
  inactiveDays: number,
): Promise<DormantAccount[]> {
  return db.many(sql<DormantAccount>`
    select u.id::text, r.name as role, u.last_login_at::text as "lastLogin"
    from ${sql.id(schema, 'users')} u
    join ${sql.id(schema, 'user_roles')} ur on ur.user_id = u.id
    join ${sql.id(schema, 'roles')} r on r.id = ur.role_id and r.deleted_at is null and r.disabled_at is null
    where u.deleted_at is null and u.status = 'active'
      and coalesce(u.last_login_at, u.created_at) < now() - pg_catalog.make_interval(days => ${inactiveDays}::pg_catalog.int4)
      and exists (
        select from ${sql.id(schema, 'role_permissions')} rp
        join ${sql.id(schema, 'permissions')} p on p.id = rp.permission_id
        where rp.role_id = r.id and p.deleted_at is null and p.name in ('users:write', 'roles:write')
      )
    order by u.last_login_at nulls first, u.id
    limit 100
  `);
}
