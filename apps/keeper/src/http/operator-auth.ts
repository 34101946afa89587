import { createHash, timingSafeEqual } from 'node:crypto';
import { createAccessTokens, type Keyring, loadKeyring } from '@holdfast/auth/tokens';
import { type Clock, HoldfastError, isHoldfastError, type Settings } from '@holdfast/core';
import type { HomePaths } from '../home/home.ts';
import { readBreakGlassToken } from './break-glass.ts';
import { createFailureLimit, type FailureLimit } from './failure-limit.ts';

/** Who asks the ops API. */
export type Operator =
  | { readonly kind: 'break-glass' }
  | { readonly kind: 'account'; readonly userId: string; readonly roles: readonly string[] };

export interface OperatorAuth {
  /**
   * Identifies an operator by the Authorization header; needs no database.
   * @throws HoldfastError `token_missing`, `token_invalid`, `token_expired`, `permission_denied`, or `rate_limited` after too
   * many wrong tokens from one address. A right token is never limited.
   */
  identify(authorization: string | undefined, address: string): Promise<Operator>;
}

export interface OperatorAuthOptions {
  readonly paths: Pick<HomePaths, 'home' | 'breakGlass'>;
  readonly settings: Pick<Settings, 'keyring' | 'issuer' | 'audience' | 'accessTokenTtl'>;
  readonly clock: Clock;
}

const OPERATOR_ROLES = ['admin', 'operator'];
const KEYRING_MAX_AGE_MS = 5_000;

export function createOperatorAuth(options: OperatorAuthOptions): OperatorAuth {
  const { paths, clock } = options;
  const limit = createFailureLimit({ clock, max: 10, windowMs: 60_000 });
  const verify = createVerifier(options);
  return {
    identify: async (authorization, address) => {
      const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) {
        throw new HoldfastError(
          'token_missing',
          'Send an operator token: an access token of an account with the role admin or operator, or the content of break-glass.token in the state directory.',
        );
      }
      if (isBreakGlass(token, readBreakGlassToken(paths.breakGlass))) return { kind: 'break-glass' };
      try {
        return await verify(token);
      } catch (error) {
        throw limited(limit, address, error);
      }
    },
  };
}

function isBreakGlass(token: string, expected: string | undefined): boolean {
  if (expected === undefined) return false;
  return timingSafeEqual(digest(token), digest(expected));
}

/** Equal lengths for the comparison, whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function limited(limit: FailureLimit, address: string, error: unknown): unknown {
  if (!isHoldfastError(error, 'token_invalid')) return error;
  const waitMs = limit.fail(address);
  if (waitMs === undefined) return error;
  return new HoldfastError('rate_limited', 'Too many wrong tokens came from this address.', {
    retryAfter: Math.ceil(waitMs / 1_000),
  });
}

function createVerifier({
  paths,
  settings,
  clock,
}: OperatorAuthOptions): (token: string) => Promise<Operator> {
  let keyring: Keyring | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  const tokens = createAccessTokens({
    keyring: () => keyring ?? missingKeyring(),
    issuer: settings.issuer,
    audience: settings.audience,
    ttlMs: settings.accessTokenTtl,
    clock,
    cacheSize: 0,
  });
  const refresh = async (): Promise<void> => {
    if (clock.monotonic() - loadedAt < KEYRING_MAX_AGE_MS) return;
    loadedAt = clock.monotonic();
    const setting = settings.keyring;
    keyring = await loadKeyring({ home: paths.home, setting }).catch(() => undefined);
  };
  return async token => {
    await refresh();
    const { userId, roles } = await tokens.verify(token);
    if (!roles.some(role => OPERATOR_ROLES.includes(role))) {
      throw new HoldfastError(
        'permission_denied',
        'The account has neither the role admin nor the role operator.',
      );
    }
    return { kind: 'account', userId, roles };
  };
}

function missingKeyring(): never {
  throw new HoldfastError(
    'token_invalid',
    'Access tokens cannot be verified: the keyring is not usable. The break-glass token works without it.',
  );
}
