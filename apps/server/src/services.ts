import {
  type AccessTokens,
  type Authenticator,
  createAccessTokens,
  createAuthenticator,
  createDatabaseClock,
  createRevocationFeed,
  createRevoker,
  createSessionService,
  type DatabaseClock,
  type Keyring,
  type PasswordHasher,
  type RevocationFeed,
  type RevocationJournal,
  type RevokeSessions,
  type SessionService,
} from '@holdfast/auth';
import { openRevocationBus, type RevocationBus } from '@holdfast/auth/redis';
import type { Clock, Settings } from '@holdfast/core';
import type { Pool } from '@holdfast/postgres';
import type { Logger } from 'pino';
import { type KeyRegistration, registerKeysEventually } from './background/key-registration.ts';
import { type Maintenance, startMaintenance } from './background/maintenance.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';

/** What the features work with; made once for each app. */
export interface Services {
  readonly settings: Settings;
  readonly clock: Clock;
  /** The database's time, which decides what has expired. */
  readonly databaseClock: DatabaseClock;
  readonly logger: Logger;
  readonly pool: Pool;
  readonly keyring: () => Keyring;
  readonly accessTokens: AccessTokens;
  readonly authenticator: Authenticator;
  readonly feed: RevocationFeed;
  readonly revoke: RevokeSessions;
  readonly sessions: SessionService;
  readonly hasher: PasswordHasher;
  readonly keyRegistration: KeyRegistration;
  readonly maintenance: Maintenance;
  readonly lifecycle: Lifecycle;
  /** Stops what runs in the background. The pool and the journal belong to whoever made them. */
  close(): Promise<void>;
}

export interface ServicesOptions {
  readonly settings: Settings;
  readonly keyring: () => Keyring;
  readonly pool: Pool;
  readonly journal: Pick<RevocationJournal, 'append'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hasher: PasswordHasher;
}

/** Wires the parts together. Needs no database to succeed; what waits for it goes on trying in the background. */
export function createServices(options: ServicesOptions): Services {
  const { settings, keyring, pool, clock, logger } = options;
  const databaseClock = createDatabaseClock(clock);
  const accessTokens = createAccessTokens({
    keyring,
    issuer: settings.issuer,
    audience: settings.audience,
    ttlMs: settings.accessTokenTtl,
    clock: databaseClock,
  });
  const feed = createFeed(options, databaseClock);
  const bus = openBus(options, feed);
  const revoke = createRevoker(options.journal, { announce: ids => void bus?.publish(ids) });
  const keyRegistration = registerKeysEventually({ pool, keyring, clock });
  const { databaseUrl, refreshTokenTtl: refreshTtlMs, accessTokenTtl: accessTtlMs } = settings;
  const maintenance = startMaintenance({
    pool,
    databaseUrl,
    keyring,
    clock,
    logger,
    refreshTtlMs,
    accessTtlMs,
  });
  return {
    ...options,
    databaseClock,
    accessTokens,
    authenticator: createAuthenticator({ accessTokens, feed, db: pool }),
    feed,
    revoke,
    sessions: createSessions(options, { databaseClock, accessTokens, revoke }),
    keyRegistration,
    maintenance,
    lifecycle: createLifecycle(),
    close: async () => {
      await Promise.all([feed.close(), bus?.close(), keyRegistration.close(), maintenance.close()]);
    },
  };
}

type SessionParts = Pick<Services, 'databaseClock' | 'accessTokens' | 'revoke'>;

function createSessions(
  { pool, keyring, settings }: ServicesOptions,
  { databaseClock, accessTokens, revoke }: SessionParts,
): SessionService {
  return createSessionService({
    pool,
    keyring,
    accessTokens,
    refreshTtlMs: settings.refreshTokenTtl,
    sessionTtlMs: settings.sessionTtl,
    graceMs: settings.refreshGrace,
    clock: databaseClock,
    revoke,
    recovery: settings.recovery,
    sessionLimit: settings.sessionLimit,
  });
}

/** One line when the feed is lost, not one for each attempt to get it back. */
function createFeed(
  { settings, pool, clock, logger }: ServicesOptions,
  databaseClock: DatabaseClock,
): RevocationFeed {
  let reported = false;
  const feed: RevocationFeed = createRevocationFeed({
    db: pool,
    accessTtlMs: settings.accessTokenTtl,
    clock,
    databaseClock,
    ...(settings.databaseUrl === undefined ? {} : { url: settings.databaseUrl }),
    onError: err => {
      if (!reported) logger.warn({ err }, 'revocation feed interrupted');
      reported = !feed.isFresh();
    },
  });
  return feed;
}

const REPORT_EVERY_MS = 60_000;

/** A second way for revocations; nothing depends on it, so its trouble is a line now and then. */
function openBus(
  { settings, clock, logger }: ServicesOptions,
  feed: RevocationFeed,
): RevocationBus | undefined {
  if (settings.redisUrl === undefined) return undefined;
  let quietUntil = Number.NEGATIVE_INFINITY;
  const onError = (err: unknown): void => {
    if (clock.monotonic() < quietUntil) return;
    quietUntil = clock.monotonic() + REPORT_EVERY_MS;
    logger.warn({ err }, 'Redis is not reachable; revocations go through the database alone');
  };
  return openRevocationBus({ url: settings.redisUrl, onError }, feed.markRevoked);
}
