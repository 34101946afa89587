import { randomBytes } from 'node:crypto';
import { type Queryable, sql } from '@holdfast/postgres';
import { insertAudit, SYSTEM_ACTOR } from '../audit/index.ts';
import { type AccountDependencies, createAccount, DEFAULT_ROLE } from './register-account.ts';

export interface AdministratorResult {
  readonly created: boolean;
  readonly email: string;
  /** Only when the account was just created; it is stored nowhere. */
  readonly password?: string;
}

/**
 * Makes sure that somebody can administer: when no live account has the role `admin`, creates one with a random
 * password. Two first starts at once create one between them.
 */
export async function ensureAdministrator(
  { pool, hasher }: AccountDependencies,
  email: string,
): Promise<AdministratorResult> {
  const existing = await findAdministrator(pool);
  if (existing !== undefined) return { created: false, email: existing };
  const password = randomBytes(18).toString('base64url');
  const passwordHash = await hasher.hash(password);
  return pool.transaction(async tx => {
    await lockAdministrators(tx);
    const meanwhile = await findAdministrator(tx);
    if (meanwhile !== undefined) return { created: false, email: meanwhile };
    const roles = ['admin', DEFAULT_ROLE];
    const account = await createAccount(tx, {
      email,
      passwordHash,
      emailVerified: true,
      roles,
      createdBy: null,
    });
    const event = { action: 'user.created', subjectType: 'user', subjectId: account.id, details: { roles } };
    await insertAudit(tx, SYSTEM_ACTOR, event);
    return { created: true, email, password };
  });
}

async function findAdministrator(db: Queryable): Promise<string | undefined> {
  const row = await db.maybeOne(sql<{ email: string }>`
    select users.email from users
    join user_roles on user_roles.user_id = users.id
    join roles on roles.id = user_roles.role_id
    where roles.name = 'admin' and roles.deleted_at is null and users.deleted_at is null and users.status = 'active'
    order by users.id
    limit 1
  `);
  return row?.email;
}

async function lockAdministrators(db: Queryable): Promise<void> {
  await db.query(sql`select pg_advisory_xact_lock(hashtextextended('holdfast administrator', 0))`);
}
