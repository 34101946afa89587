import { HoldfastError } from '@holdfast/core';
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
  const { pool, hasher, sessions } = dependencies;
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
  if (stored !== undefined && hasher.needsRehash(stored)) {
    await replaceHash(pool, account.id, stored, await hasher.hash(request.password));
  }
  return sessions.start(
    {
      userId: account.id,
      email: account.email.toLowerCase(),
      clientId: request.clientId,
      amr: ['pwd'],
      address: request.address,
      userAgent: request.userAgent,
      roles: account.roles,
    },
    { ...actor, type: 'user', id: account.id },
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
