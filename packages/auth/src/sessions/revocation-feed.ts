import { type Clock, systemClock } from '@holdfast/core';
import { createListener, type Listener, type Queryable } from '@holdfast/postgres';
import type { DatabaseClock } from './database-clock.ts';
import { listRevokedSince, REVOCATION_CHANNEL } from './session-queries.ts';

export interface RevocationFeedOptions {
  readonly db: Queryable;
  /** Where to LISTEN; without it the feed only polls. */
  readonly url?: string;
  /** How long an access token can outlive its session: revocations are remembered for this long, in milliseconds. */
  readonly accessTtlMs: number;
  readonly pollMs?: number;
  /**
   * After this long without a successful poll the feed no longer vouches for any session; much sooner when notifications
   * do not arrive either.
   */
  readonly maxStalenessMs?: number;
  readonly clock?: Clock;
  readonly onError?: (error: unknown) => void;
  /** Told the database's time with every poll. */
  readonly databaseClock?: Pick<DatabaseClock, 'observe'>;
}

/** Knows which sessions were revoked lately, so that a request need not ask the database. */
export interface RevocationFeed {
  isRevoked(sessionId: string): boolean;
  /** False when the feed has been cut off for too long: ask the database, or answer 503. */
  isFresh(): boolean;
  /** Takes note of a session that was revoked, as another way than the database told. */
  markRevoked(sessionId: string): void;
  /** Calls back once for every session that becomes known as revoked. @returns a function that ends it. */
  onRevoked(listener: (sessionId: string) => void): () => void;
  /** Looks now; resolves when the feed is up to date, rejects when the database cannot be asked. */
  poll(): Promise<void>;
  close(): Promise<void>;
}

/** Polls reach back this far behind the last one, for revocations that were committed later than they were stamped. */
const OVERLAP_MS = 10_000;
const MARGIN_MS = 60_000;

/**
 * Follows revocations by LISTEN/NOTIFY, and by polling in case a notification is lost. Never throws on its own:
 * trouble only makes it stale.
 */
export function createRevocationFeed(options: RevocationFeedOptions): RevocationFeed {
  const clock = options.clock ?? systemClock;
  const state: FeedState = {
    revoked: new Map(),
    listeners: new Set(),
    since: undefined,
    polledAt: undefined,
    listeningSince: undefined,
  };
  const stop = new AbortController();
  const poll = (): Promise<void> => pollOnce(options, clock, state);
  const listener = listenForRevocations(options, clock, state, poll);
  const polling = pollForever(options, clock, poll, stop.signal);
  return {
    isRevoked: sessionId => state.revoked.has(sessionId),
    isFresh: () => isFresh(options, clock, state),
    markRevoked: sessionId => remember(state, sessionId, forgetAt(options, clock)),
    onRevoked: told => {
      state.listeners.add(told);
      return () => state.listeners.delete(told);
    },
    poll,
    close: async () => {
      stop.abort();
      await Promise.all([listener?.close(), polling]);
    },
  };
}

interface FeedState {
  /** Session id → monotonic time at which it can be forgotten. */
  readonly revoked: Map<string, number>;
  readonly listeners: Set<(sessionId: string) => void>;
  since: Date | undefined;
  /** Monotonic time at which the last successful poll began. */
  polledAt: number | undefined;
  /** Monotonic time since when notifications arrive; undefined while they do not. */
  listeningSince: number | undefined;
}

const POLL_MS = 1_000;
const MAX_STALENESS_MS = 10_000;
/** Without notifications a revocation shows with the next poll, so a poll that is overdue must not be relied on. */
const DEAF_POLLS = 1.5;

/**
 * Notifications that were missed are made up for by a poll that began after listening did. Until then, as after a restart
 * of the database, only what was polled just now is vouched for.
 */
function isFresh(options: RevocationFeedOptions, clock: Clock, state: FeedState): boolean {
  const { url, pollMs = POLL_MS, maxStalenessMs = MAX_STALENESS_MS } = options;
  const { polledAt, listeningSince } = state;
  if (polledAt === undefined) return false;
  const hears = url === undefined || (listeningSince !== undefined && polledAt >= listeningSince);
  const limit = hears ? maxStalenessMs : Math.min(maxStalenessMs, DEAF_POLLS * pollMs);
  return clock.monotonic() - polledAt <= limit;
}

async function pollOnce(options: RevocationFeedOptions, clock: Clock, state: FeedState): Promise<void> {
  const startedAt = clock.monotonic();
  const horizonMs = options.accessTtlMs + MARGIN_MS;
  const found = await listRevokedSince(options.db, state.since, horizonMs);
  options.databaseClock?.observe(found.now.getTime(), startedAt, clock.monotonic());
  for (const id of found.sessionIds) remember(state, id, startedAt + horizonMs);
  forgetOld(state, startedAt);
  state.since = new Date(found.now.getTime() - OVERLAP_MS);
  state.polledAt = Math.max(state.polledAt ?? startedAt, startedAt);
}

function remember(state: FeedState, id: string, until: number): void {
  if (state.revoked.has(id)) return;
  state.revoked.set(id, until);
  for (const listener of state.listeners) listener(id);
}

function forgetAt({ accessTtlMs }: RevocationFeedOptions, clock: Clock): number {
  return clock.monotonic() + accessTtlMs + MARGIN_MS;
}

/** Entries are in order of their time, so the first that must stay ends the sweep. */
function forgetOld(state: FeedState, now: number): void {
  for (const [id, until] of state.revoked) {
    if (until > now) return;
    state.revoked.delete(id);
  }
}

function listenForRevocations(
  options: RevocationFeedOptions,
  clock: Clock,
  state: FeedState,
  poll: () => Promise<void>,
): Listener | undefined {
  if (options.url === undefined) return undefined;
  return createListener({
    url: options.url,
    channels: [REVOCATION_CHANNEL],
    clock,
    onNotification: ({ payload }) => {
      remember(state, payload, forgetAt(options, clock));
    },
    // What was announced while nobody listened is found by looking.
    onStateChange: listening => {
      state.listeningSince = listening ? clock.monotonic() : undefined;
      if (listening) void poll().catch(error => options.onError?.(error));
    },
  });
}

async function pollForever(
  options: RevocationFeedOptions,
  clock: Clock,
  poll: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await poll().catch(error => options.onError?.(error));
    await clock.sleep(options.pollMs ?? POLL_MS, signal).catch(() => undefined);
  }
}
