import { type Random, SESSION_ENDING_CODES } from '@holdfast/core';
import { type Answer, type Call, httpCall } from './http-call.ts';
import type { Traffic } from './traffic.ts';
import { openSession, readTokens, tokenFacts, type UserSession } from './user-session.ts';
import type { WriteLog } from './write-log.ts';

/** What the users of a run share. */
export interface UserWorld {
  /** Where the keeper forwards to the API. */
  url(): string;
  readonly log: WriteLog;
  readonly traffic: Traffic;
  /** Sessions whose end was acknowledged. */
  readonly revoked: UserSession[];
}

/** Whether a user may change something, only look, or does nothing at all. */
export type UserMode = 'work' | 'read' | 'still';

export interface SimulatedUser {
  readonly email: string;
  /** Undefined before the registration was acknowledged. */
  readonly id: string | undefined;
  readonly session: UserSession | undefined;
  /** Does one thing that the mode allows, as often as it takes one request or two. */
  act(mode: UserMode): Promise<void>;
  /** Uses the session now: a refresh, and a read with the new access token. The reason when it does not work. */
  prove(): Promise<{ readonly alive: boolean; readonly why: string }>;
}

export const PASSWORD = 'a drill for the day it is needed';

interface UserState {
  readonly world: UserWorld;
  readonly email: string;
  readonly random: Random;
  id: string | undefined;
  session: UserSession | undefined;
  revision: number;
}

export function createUser(
  world: UserWorld,
  email: string,
  random: Random,
  registered: boolean,
): SimulatedUser {
  const state: UserState = { world, email, random, id: undefined, session: undefined, revision: 0 };
  let exists = registered;
  return {
    email,
    get id() {
      return state.id;
    },
    get session() {
      return state.session;
    },
    act: async mode => {
      if (!exists) exists = mode === 'work' && (await register(state));
      else if (state.session !== undefined) await useSession(state, state.session, mode);
      else if (mode === 'work') await signIn(state);
    },
    prove: () => prove(state),
  };
}

async function ask({ world }: UserState, call: Call): Promise<Answer> {
  const answer = await httpCall(world.url(), call);
  world.traffic.saw(answer);
  return answer;
}

async function register(state: UserState): Promise<boolean> {
  const { email, world } = state;
  const body = { email, password: PASSWORD, displayName: 'Game Day' };
  const answer = await ask(state, { method: 'POST', path: '/api/v1/auth/register', body });
  if (answer.kind === 'lost') return false;
  // an attempt before whose answer was lost has made it
  if (answer.status === 409) return true;
  if (answer.status !== 201) return false;
  state.id = String(answer.body.id);
  world.log.add({ kind: 'account', userId: state.id, email });
  return true;
}

async function signIn(state: UserState): Promise<void> {
  const { email, world } = state;
  const body = { email, password: PASSWORD };
  const answer = await ask(state, { method: 'POST', path: '/api/v1/auth/login', body });
  if (answer.kind === 'lost') return;
  if (answer.status !== 200) return;
  const { id } = answer.body.user as { readonly id: string };
  if (state.id === undefined) world.log.add({ kind: 'account', userId: id, email });
  state.id = id;
  state.session = openSession(answer.body);
  world.log.add({ kind: 'sign-in', sessionId: state.session.id, userId: id });
}

const SIGN_OUT = 0.04;
const REFRESH = 0.2;
const PROFILE = 0.35;

async function useSession(state: UserState, session: UserSession, mode: UserMode): Promise<void> {
  if (mode !== 'work') return read(state, session);
  if (session.ending) return signOut(state, session);
  const chance = state.random.next();
  if (chance < SIGN_OUT) return signOut(state, session);
  if (chance < REFRESH) return void (await refresh(state, session));
  return chance < PROFILE ? changeProfile(state, session) : read(state, session);
}

async function read(state: UserState, session: UserSession): Promise<void> {
  const path = state.random.next() < 0.5 ? '/api/v1/users/me' : '/api/v1/users/me/profile';
  const answer = await ask(state, { method: 'GET', path, bearer: session.accessToken });
  await notice(state, session, path, answer);
}

async function changeProfile(state: UserState, session: UserSession): Promise<void> {
  const path = '/api/v1/users/me/profile';
  const revision = state.revision + 1;
  state.revision = revision;
  const body = { bio: `revision ${revision}` };
  const answer = await ask(state, { method: 'PATCH', path, bearer: session.accessToken, body });
  if (answer.kind === 'answered' && answer.status === 200 && state.id !== undefined)
    state.world.log.add({ kind: 'profile', userId: state.id, revision });
  else await notice(state, session, path, answer);
}

async function refresh(state: UserState, session: UserSession): Promise<Answer> {
  const { refreshToken } = session;
  const answer = await ask(state, { method: 'POST', path: '/api/v1/auth/refresh', body: { refreshToken } });
  if (answer.kind === 'answered' && answer.status === 200) {
    Object.assign(session, readTokens(answer.body));
    const { sessionId, generation } = tokenFacts(session.refreshToken);
    state.world.log.add({ kind: 'refresh', sessionId, generation });
  } else if (isRefused(answer)) {
    state.world.traffic.loggedOut(state.email, `refresh: ${describe(answer)}`);
    state.session = undefined;
  }
  return answer;
}

/** Repeated with the same token until it is acknowledged: what becomes of a lost answer is not known. */
async function signOut(state: UserState, session: UserSession): Promise<void> {
  session.ending = true;
  const body = { refreshToken: session.refreshToken };
  const answer = await ask(state, { method: 'POST', path: '/api/v1/auth/logout', body });
  if (answer.kind === 'lost' || answer.status === 503 || answer.status >= 500) return;
  if (answer.status < 300) {
    state.world.revoked.push(session);
    state.world.log.add({ kind: 'sign-out', sessionId: session.id });
  } else if (answer.code !== 'session_revoked')
    state.world.traffic.loggedOut(state.email, `logout: ${describe(answer)}`);
  state.session = undefined;
}

/** A good client renews an access token that is refused, and signs out on nothing but a code that says so. */
async function notice(state: UserState, session: UserSession, path: string, answer: Answer): Promise<void> {
  if (answer.kind === 'lost' || session.ending) return;
  if (answer.status === 401 && answer.code === 'token_expired') return void (await refresh(state, session));
  if (!isRefused(answer)) return;
  state.world.traffic.loggedOut(state.email, `${path}: ${describe(answer)}`);
  if (endsSession(answer)) state.session = undefined;
}

async function prove(state: UserState): Promise<{ readonly alive: boolean; readonly why: string }> {
  const { session } = state;
  if (session === undefined) return { alive: false, why: 'it has no session any more' };
  const refreshed = await refresh(state, session);
  if (refreshed.kind === 'lost' || refreshed.status !== 200)
    return { alive: false, why: `refresh: ${describe(refreshed)}` };
  const bearer = session.accessToken;
  const me = await ask(state, { method: 'GET', path: '/api/v1/users/me', bearer });
  const alive = me.kind === 'answered' && me.status === 200 && me.body.email === state.email;
  return { alive, why: alive ? '' : `users/me: ${describe(me)}` };
}

/** The session does not work, whatever the reason. */
function isRefused(answer: Answer): boolean {
  return answer.kind === 'answered' && (answer.status === 401 || answer.status === 403);
}

function endsSession(answer: Answer): boolean {
  return answer.kind === 'answered' && SESSION_ENDING_CODES.some(code => code === answer.code);
}

export function describe(answer: Answer): string {
  return answer.kind === 'lost' ? answer.why : `${answer.status} ${answer.code ?? ''}`.trimEnd();
}
