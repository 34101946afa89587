import {
  type AccessTokens,
  type Authenticator,
  createAccessTokens,
  createAuthenticator,
  createRevocationFeed,
  createSessionService,
  type Keyring,
  type PasswordHasher,
  type RevocationFeed,
  type SessionService,
} from '@holdfast/auth';
import type { Clock, Settings } from '@holdfast/core';
import type { Pool } from '@holdfast/postgres';
import type { Logger } from 'pino';
import { type KeyRegistration, registerKeysEventually } from './features/system/key-registration.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';

/** What the features work with; made once for each app. */
export interface Services {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly pool: Pool;
  readonly keyring: () => Keyring;
  readonly accessTokens: AccessTokens;
  readonly authenticator: Authenticator;
  readonly sessions: SessionService;
  readonly hasher: PasswordHasher;
  readonly keyRegistration: KeyRegistration;
  readonly lifecycle: Lifecycle;
  /** Stops what runs in the background. The pool belongs to whoever made it. */
  close(): Promise<void>;
}

export interface ServicesOptions {
  readonly settings: Settings;
  readonly keyring: () => Keyring;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hasher: PasswordHasher;
}

/** Wires the parts together. Needs no database to succeed; what waits for it goes on trying in the background. */
export function createServices(options: ServicesOptions): Services {
  const { settings, keyring, pool, clock, hasher } = options;
  const accessTokens = createAccessTokens({
    keyring,
    issuer: settings.issuer ?? '',
    audience: settings.audience,
    ttlMs: settings.accessTokenTtl,
    clock,
  });
  const feed = createFeed(options);
  const keyRegistration = registerKeysEventually({ pool, keyring, clock });
  return {
    settings,
    clock,
    pool,
    keyring,
    accessTokens,
    authenticator: createAuthenticator({ accessTokens, feed, db: pool }),
    sessions: createSessionService({
      pool,
      keyring,
      accessTokens,
      refreshTtlMs: settings.refreshTokenTtl,
      sessionTtlMs: settings.sessionTtl,
      graceMs: settings.refreshGrace,
    }),
    hasher,
    keyRegistration,
    lifecycle: createLifecycle(),
    close: async () => {
      await Promise.all([feed.close(), keyRegistration.close()]);
    },
  };
}

/** One line when the feed is lost, not one for each attempt to get it back. */
function createFeed({ settings, pool, clock, logger }: ServicesOptions): RevocationFeed {
  let reported = false;
  const feed: RevocationFeed = createRevocationFeed({
    db: pool,
    accessTtlMs: settings.accessTokenTtl,
    clock,
    ...(settings.databaseUrl === undefined ? {} : { url: settings.databaseUrl }),
    onError: err => {
      if (!reported) logger.warn({ err }, 'revocation feed interrupted');
      reported = !feed.isFresh();
    },
  });
  return feed;
}
