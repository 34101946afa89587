import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@holdfast/core';
import { type Answered, type Ask, countUnexpected, createAsk, endsSession, type Question } from './ask.ts';
import { type ClientSession, describeToken, openSession, renewSession } from './client-session.ts';
import type { RevokedSessions } from './revoked-sessions.ts';
import { PASSWORD } from './system.ts';
import type { Tally } from './tally.ts';

/** The world of the clients. */
export interface World {
  /** The ways in, one for each replica. */
  readonly urls: readonly [string, string];
  readonly tally: Tally;
  readonly revoked: RevokedSessions;
  readonly signal: AbortSignal;
  /** Seconds until the next call of a tab, from and to. */
  readonly thinkSeconds: readonly [number, number];
}

export interface ClientOptions {
  readonly email: string;
  readonly tabs: number;
  /** How long it stays signed in, in seconds, from and to; undefined: for good. */
  readonly stays: readonly [number, number] | undefined;
}

export interface Client {
  readonly email: string;
  /** Undefined when signed out. */
  session(): ClientSession | undefined;
  /** Runs the tabs until the world ends. */
  run(): Promise<void>;
}

interface ClientState {
  readonly world: World;
  readonly email: string;
  readonly random: Random;
  readonly ask: Ask;
  session: ClientSession | undefined;
  signingIn: Promise<void> | undefined;
}

/** How often a tab renews twice at once, as two tabs that wake up together. */
const TWIN_CHANCE = 0.3;
const BY_REFRESH_TOKEN_CHANCE = 0.7;
const MAX_ATTEMPTS = 3;

/** A browser with one token store and several tabs. It signs out on session-ending codes and on nothing else. */
export function createClient(world: World, options: ClientOptions, random: Random): Client {
  const { email, tabs, stays } = options;
  const ask = createAsk({ ...world, random });
  const state: ClientState = { world, email, random, ask, session: undefined, signingIn: undefined };
  return {
    email,
    session: () => state.session,
    run: async () => {
      const work = Array.from({ length: tabs }, () => runTab(state));
      await Promise.all(stays === undefined ? work : [...work, comeAndGo(state, stays)]);
    },
  };
}

async function runTab(state: ClientState): Promise<void> {
  const { world } = state;
  while (!world.signal.aborted) {
    await pause(state, world.thinkSeconds);
    if (world.signal.aborted) return;
    if (state.session === undefined) await signIn(state);
    else if (!state.session.ending) await useSession(state, state.session);
  }
}

/** Signs out every now and then; the next tab that wakes up signs in again. */
async function comeAndGo(state: ClientState, stays: readonly [number, number]): Promise<void> {
  while (!state.world.signal.aborted) {
    await pause(state, stays);
    const { session, world } = state;
    if (!world.signal.aborted && session !== undefined && !session.ending) await signOut(state, session);
  }
}

async function pause({ random, world }: ClientState, [from, to]: readonly [number, number]): Promise<void> {
  const ms = random.between(from, to) * 1_000;
  await delay(ms, undefined, { signal: world.signal }).catch(() => undefined);
}

/** Once for all tabs that want it. */
function signIn(state: ClientState): Promise<void> {
  state.signingIn ??= attemptSignIn(state).finally(() => {
    state.signingIn = undefined;
  });
  return state.signingIn;
}

async function attemptSignIn(state: ClientState): Promise<void> {
  const body = { email: state.email, password: PASSWORD };
  const answer = await state.ask('login', () => ({ path: '/api/v1/auth/login', method: 'POST', body }));
  if (answer?.status === 200) state.session = openSession(answer.body);
  else if (answer !== undefined) countUnexpected(state.world.tally, 'login', answer);
}

/** Calls the API with the session, renewing the access token before it expires or when it is not accepted. */
async function useSession(state: ClientState, session: ClientSession): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS && isInUse(state, session); attempt += 1) {
    if (performance.now() >= session.renewAt) await renew(state, session);
    if (!isInUse(state, session)) return;
    const used = session.accessToken;
    const answer = await state.ask('users/me', () => ({
      path: '/api/v1/users/me',
      method: 'GET',
      bearer: used,
    }));
    if (answer === undefined || answer.status === 200) return;
    if (endsSession(answer)) return refuse(state, session, 'users/me', answer);
    if (answer.status !== 401) return countUnexpected(state.world.tally, 'users/me', answer);
    // Expired or not accepted: a new one is tried, the session goes on.
    if (session.accessToken === used) session.renewAt = 0;
  }
}

function isInUse({ session: current, world }: ClientState, session: ClientSession): boolean {
  return current === session && !session.ending && !world.signal.aborted;
}

async function renew(state: ClientState, session: ClientSession): Promise<void> {
  const twins = state.random.chance(TWIN_CHANCE) ? 2 : 1;
  await Promise.all(Array.from({ length: twins }, () => refresh(state, session)));
}

async function refresh(state: ClientState, session: ClientSession): Promise<void> {
  const presented = session.refreshToken;
  const question: Question = {
    path: '/api/v1/auth/refresh',
    method: 'POST',
    body: { refreshToken: presented },
  };
  // When another tab was faster, its token is in the store already.
  const isSettled = (): boolean => session.refreshToken !== presented || session.ending;
  const answer = await state.ask('refresh', () => question, isSettled);
  if (answer === undefined) return;
  if (answer.status === 200) renewSession(session, presented, answer.body);
  else if (answer.status === 401 || answer.status === 403) refuse(state, session, 'refresh', answer);
  else countUnexpected(state.world.tally, 'refresh', answer);
}

/** A refusal that makes the user sign in again: never, unless the client itself has signed out. */
function refuse(state: ClientState, session: ClientSession, what: string, answer: Answered): void {
  if (state.session !== session || session.ending) return;
  const story = `${state.email}: ${what} answered ${answer.status} ${answer.code}; ${describeToken(session.refreshToken)}`;
  state.world.tally.violate('unexpectedLogouts', story);
  state.session = undefined;
}

async function signOut(state: ClientState, session: ClientSession): Promise<void> {
  session.ending = true;
  const path = '/api/v1/auth/logout';
  const byRefreshToken = (): Question => ({
    path,
    method: 'POST',
    body: { refreshToken: session.refreshToken },
  });
  const byAccessToken = (): Question => ({ path, method: 'POST', bearer: session.accessToken });
  const chosen = state.random.chance(BY_REFRESH_TOKEN_CHANCE) ? byRefreshToken : byAccessToken;
  let answer = await state.ask('logout', chosen);
  // The access token has expired or is not accepted any more.
  if (answer?.status === 401 && !endsSession(answer) && chosen === byAccessToken) {
    answer = await state.ask('logout', byRefreshToken);
  }
  if (answer === undefined) return;
  // A repeated logout whose first answer was lost may be told that the session has ended.
  if (answer.status < 300 || endsSession(answer)) state.world.revoked.add(session);
  else countUnexpected(state.world.tally, 'logout', answer);
  if (state.session === session) state.session = undefined;
}
