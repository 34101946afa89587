import {
  type AccessTokens,
  createAccessTokens,
  createPasswordHasher,
  createRevoker,
  createSessionService,
  type IssuedTokens,
  importAccounts,
  type Keyring,
  type RevokeSessions,
  type SessionService,
  SYSTEM_ACTOR,
} from '@holdfast/auth';
import { newId, type Settings, systemClock } from '@holdfast/core';
import { type Pool, sql } from '@holdfast/postgres';

export const PASSWORD = 'a perfectly fine passphrase';

const hasher = createPasswordHasher();
/** What a test revokes behind the server's back is not restored. */
const NO_JOURNAL = { append: async () => undefined };
let hashed: Promise<string> | undefined;

/** An account with a live session. */
export interface Person extends IssuedTokens {
  readonly email: string;
}

/** Makes accounts and sessions by the same functions as the API, without paying for a password hash each time. */
export interface People {
  readonly accessTokens: AccessTokens;
  readonly sessions: SessionService;
  readonly revoke: RevokeSessions;
  account(roles?: readonly string[]): Promise<{ id: string; email: string }>;
  signIn(account: { readonly id: string; readonly email: string }): Promise<Person>;
  person(roles?: readonly string[]): Promise<Person>;
}

export function createPeople(pool: Pool, keyring: Keyring, settings: Settings): People {
  const accessTokens = createAccessTokens({
    keyring: () => keyring,
    issuer: settings.issuer,
    audience: settings.audience,
    ttlMs: settings.accessTokenTtl,
    clock: systemClock,
  });
  const revoke = createRevoker(NO_JOURNAL);
  const sessions = createSessionService({
    pool,
    keyring: () => keyring,
    accessTokens,
    refreshTtlMs: settings.refreshTokenTtl,
    sessionTtlMs: settings.sessionTtl,
    graceMs: settings.refreshGrace,
    clock: systemClock,
    revoke,
    recovery: settings.recovery,
    sessionLimit: settings.sessionLimit,
  });
  const people: People = {
    accessTokens,
    sessions,
    revoke,
    account: roles => createAccount(pool, roles ?? ['user']),
    signIn: async ({ id, email }) => ({ ...(await startSession(pool, sessions, id, email)), email }),
    person: async roles => people.signIn(await people.account(roles)),
  };
  return people;
}

async function createAccount(pool: Pool, roles: readonly string[]): Promise<{ id: string; email: string }> {
  hashed ??= hasher.hash(PASSWORD);
  const passwordHash = await hashed;
  const email = `${newId()}@example.com`;
  await importAccounts({ pool, hasher }, SYSTEM_ACTOR, [{ line: 1, email, passwordHash, roles }]);
  const { id } = await pool.one(sql<{ id: string }>`select id from users where email = ${email}`);
  return { id, email };
}

async function startSession(
  pool: Pool,
  sessions: SessionService,
  userId: string,
  email: string,
): Promise<IssuedTokens> {
  const rows = await pool.many(
    sql<{ name: string }>`
      select roles.name from user_roles join roles on roles.id = user_roles.role_id where user_id = ${userId}
    `,
  );
  const roles = rows.map(({ name }) => name);
  const origin = { address: '127.0.0.1', userAgent: 'test', clientId: 'test', amr: ['pwd'] };
  return sessions.start({ userId, email, roles, ...origin }, { type: 'user', id: userId });
}
