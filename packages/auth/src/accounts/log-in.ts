import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Pool } from '@holdfast/postgres';
import type { Actor } from '../audit/index.ts';
import type { PasswordHasher } from '../passwords/index.ts';
import type { IssuedTokens, SessionService } from '../sessions/index.ts';
import { type FailedAttempt, insertFailedAttempt } from '../sessions/login-queries.ts';
import { replaceHash } from './account-changes.ts';
import { findLoginAccount, type LoginAccount } from './account-queries.ts';

export interface LoginRequest {
  readonly email: string;
  readonly password: string;
  readonly clientId: string;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

export interface LoginDependencies {
  readonly pool: Pool;
  readonly hasher: PasswordHasher;
  readonly sessions: SessionService;
}

/** A password that is changed, or hashed anew, while it is verified is verified again. */
const MAX_LOOKS = 3;

/**
 * Signs in with e-mail address and password and starts a session. An unknown address costs the same work and gives the
 * same answer as a wrong password.
 * @throws HoldfastError `invalid_credentials`; `account_disabled`, only to who knows the password; `overloaded`.
 */
export async function logIn(
  dependencies: LoginDependencies,
  request: LoginRequest,
  actor: Actor,
): Promise<IssuedTokens> {
  for (let look = 1; ; look += 1) {
    const { account, passwordHash } = await verifyPassword(dependencies, request);
    try {
      return await startSession(dependencies, request, actor, account, passwordHash);
    } catch (error) {
      if (!isHoldfastError(error, 'account_disabled')) throw error;
      const now = await findLoginAccount(dependencies.pool, request.email);
      if (look === MAX_LOOKS || now?.passwordHash === passwordHash) throw error;
    }
  }
}

/** The account whose password it is, with the hash that is stored for it. */
async function verifyPassword(
  { pool, hasher }: LoginDependencies,
  request: LoginRequest,
): Promise<{ account: LoginAccount; passwordHash: string | undefined }> {
  const account = await findLoginAccount(pool, request.email);
  const stored = account?.passwordHash ?? undefined;
  const fits = await hasher.verify(stored, request.password);
  const failure = loginFailure(account, fits);
  if (account === undefined || failure !== undefined) {
    const outcome = failure ?? 'unknown_user';
    const { address, userAgent } = request;
    const email = request.email.toLowerCase();
    await insertFailedAttempt(pool, { userId: account?.id ?? null, email, outcome, address, userAgent });
    throw failureError(outcome);
  }
  if (stored === undefined || !hasher.needsRehash(stored)) return { account, passwordHash: stored };
  const rehashed = await hasher.hash(request.password);
  const replaced = await replaceHash(pool, account.id, stored, rehashed);
  return { account, passwordHash: replaced ? rehashed : stored };
}

function startSession(
  { sessions }: LoginDependencies,
  { clientId, address, userAgent }: LoginRequest,
  actor: Actor,
  { id, email, roles }: LoginAccount,
  passwordHash: string | undefined,
): Promise<IssuedTokens> {
  return sessions.start(
    {
      userId: id,
      email: email.toLowerCase(),
      clientId,
      amr: ['pwd'],
      address,
      userAgent,
      roles,
      passwordHash,
    },
    { ...actor, type: 'user', id },
  );
}

function loginFailure(
  account: LoginAccount | undefined,
  fits: boolean,
): FailedAttempt['outcome'] | undefined {
  if (account === undefined) return 'unknown_user';
  if (account.passwordHash === null) return 'no_password';
  if (!fits) return 'wrong_password';
  return account.status === 'active' ? undefined : 'account_disabled';
}

function failureError(outcome: FailedAttempt['outcome']): HoldfastError {
  return outcome === 'account_disabled'
    ? new HoldfastError('account_disabled', 'The account is disabled. Ask an administrator.')
    : new HoldfastError('invalid_credentials', 'The e-mail address or the password is wrong.');
}
