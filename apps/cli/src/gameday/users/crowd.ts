import { setTimeout as delay } from 'node:timers/promises';
import { inGroups, type Random } from '@holdfast/core';
import { createUser, type SimulatedUser, type UserMode, type UserWorld } from './simulated-user.ts';

/** Users who work side by side, each at a pace that the machine can bear. */
export interface Crowd {
  /** Who takes part at the moment. */
  users(): readonly SimulatedUser[];
  /** From now on everybody does no more than this; resolves when nobody does more any longer. */
  become(mode: UserMode): Promise<void>;
  /** Gets everybody signed in; resolves when they are. Throws when somebody cannot. */
  assemble(): Promise<void>;
  /** Newcomers who register while the others work. */
  welcome(count: number): void;
  /** Users whose accounts a restore could not bring back, because they are newer: they leave. */
  takeLeave(emails: ReadonlySet<string>): void;
  /** Ends all work. */
  dismiss(): Promise<void>;
}

export interface CrowdOptions {
  readonly world: UserWorld;
  readonly emails: readonly string[];
  /** Their accounts exist already. */
  readonly registered: boolean;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Requests a second that the crowd makes together, about. */
const PACE_PER_SECOND = 80;
const MIN_THINK_MS = 300;
const AT_ONCE = 6;
const ATTEMPTS = 20;
const PATIENCE_MS = 250;

interface CrowdState {
  users: SimulatedUser[];
  readonly random: Random;
  readonly over: AbortController;
  readonly lives: Promise<void>[];
  mode: UserMode;
  /** Users who are just doing something, by the mode in which they began. */
  readonly busy: Record<UserMode, number>;
}

export function createCrowd({ world, emails, registered, random, signal }: CrowdOptions): Crowd {
  const users = emails.map(email => createUser(world, email, random.fork(), registered));
  const state: CrowdState = {
    users,
    random,
    over: new AbortController(),
    lives: [],
    mode: 'still',
    busy: { work: 0, read: 0, still: 0 },
  };
  let newcomers = 0;
  signal.addEventListener('abort', () => state.over.abort(), { once: true });
  return {
    users: () => state.users,
    become: async mode => {
      state.mode = mode;
      await settle(state, mode);
      if (state.lives.length === 0) for (const user of state.users) state.lives.push(live(state, user));
    },
    assemble: () => inGroups(state.users, AT_ONCE, user => signInAtLast(user, signal)),
    welcome: count => {
      for (let index = 0; index < count; index += 1) {
        newcomers += 1;
        const user = createUser(world, newcomer(emails[0] ?? '', newcomers), random.fork(), false);
        state.users.push(user);
        state.lives.push(live(state, user));
      }
    },
    takeLeave: gone => {
      state.users = state.users.filter(({ email }) => !gone.has(email));
    },
    dismiss: async () => {
      state.over.abort();
      await Promise.all(state.lives);
    },
  };
}

async function live(state: CrowdState, user: SimulatedUser): Promise<void> {
  const { signal } = state.over;
  const think = (): Promise<void> => {
    const ms = Math.max(MIN_THINK_MS, (state.users.length / PACE_PER_SECOND) * 1_000);
    return delay(ms * state.random.between(0.5, 1.5), undefined, { signal }).catch(() => undefined);
  };
  await think();
  while (!signal.aborted && state.users.includes(user)) {
    const { mode } = state;
    if (mode !== 'still') {
      state.busy[mode] += 1;
      await user.act(mode).finally(() => {
        state.busy[mode] -= 1;
      });
    }
    await think();
  }
}

/** What was begun and is not allowed any more is finished first. */
async function settle({ busy, over }: CrowdState, mode: UserMode): Promise<void> {
  const unsettled = (): number => (mode === 'work' ? 0 : busy.work) + (mode === 'still' ? busy.read : 0);
  while (unsettled() > 0 && !over.signal.aborted) await delay(5);
}

async function signInAtLast(user: SimulatedUser, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    signal.throwIfAborted();
    if (user.session !== undefined) return;
    await user.act('work');
    if (user.session === undefined && attempt > 1) await delay(PATIENCE_MS);
  }
  if (user.session === undefined) throw new Error(`${user.email} could not sign in`);
}

function newcomer(email: string, index: number): string {
  return email.replace(/^[^@]*/, name => `${name}-newcomer-${index}`);
}
