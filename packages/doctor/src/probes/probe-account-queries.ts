import { type Queryable, sql } from '@holdfast/postgres';

export interface ProbeAccount {
  readonly id: string;
  readonly email: string;
}

/** Every probe account has an address of this form, in a domain that cannot exist (RFC 2606). */
export const PROBE_EMAIL_PREFIX = 'doctor-probe-';
export const PROBE_EMAIL_DOMAIN = '@holdfast.invalid';

/** Creates a probe account with a password and the role of every account. */
export async function insertProbeAccount(
  db: Queryable,
  { id, email }: ProbeAccount,
  passwordHash: string,
): Promise<void> {
  await db.execute(sql`
    with created as (
      insert into users (id, email, email_verified_at) values (${id}, ${email}, now()) returning id
    ), profile as (
      insert into user_profiles (user_id, display_name) select id, 'Probe account of holdfast doctor' from created
    ), credential as (
      insert into password_credentials (user_id, hash) select id, ${passwordHash} from created
    )
    insert into user_roles (user_id, role_id)
    select created.id, roles.id from created, roles where roles.name = 'user' and roles.deleted_at is null
  `);
}

/** Removes the audit rows about a probe account and its sessions. */
export async function deleteProbeAudit(db: Queryable, { id }: ProbeAccount): Promise<void> {
  await db.execute(sql`delete from audit_log where actor_id = ${id} or subject_id = ${id}::text`);
}

/** Removes the login attempts of a probe account. */
export async function deleteProbeAttempts(db: Queryable, { id, email }: ProbeAccount): Promise<void> {
  await db.execute(sql`delete from login_attempts where user_id = ${id} or email = ${email}`);
}

/** Removes a probe account and every row that hangs on it. */
export async function deleteProbeUser(db: Queryable, { id }: ProbeAccount): Promise<void> {
  await db.execute(sql`delete from users where id = ${id}`);
}

/** Probe accounts that exist. */
export function listProbeAccounts(db: Queryable): Promise<ProbeAccount[]> {
  return db.many(sql<ProbeAccount>`
    select id, email from users
    where starts_with(email, ${PROBE_EMAIL_PREFIX}) and right(email, ${PROBE_EMAIL_DOMAIN.length}::int) = ${PROBE_EMAIL_DOMAIN}
  `);
}

/**
 * Claims a probe account for this database session. The claim ends with the session, however that ends, so an account
 * that can be claimed has been left behind.
 */
export async function claimProbeAccount(db: Queryable, { id }: ProbeAccount): Promise<boolean> {
  const { claimed } = await db.one(sql<{ claimed: boolean }>`
    select pg_try_advisory_lock(hashtextextended('holdfast doctor probe ' || ${id}::text, 0)) as claimed
  `);
  return claimed;
}
