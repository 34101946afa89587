import { type Clock, errorMessage } from '@holdfast/core';
import { oneLine } from '../process/log-reason.ts';
import type { Incidents } from '../records/incidents.ts';
import { type LifeEnd, lifeEnd } from './life-end.ts';
import type { Part, PartProcess } from './part.ts';
import type { PartState } from './part-state.ts';
import { createRestartPolicy, type RestartPolicy, type RestartPolicyOptions } from './restart-policy.ts';

export interface SuperviseOptions {
  readonly part: Part;
  readonly policy: RestartPolicyOptions;
  readonly incidents: Incidents;
  readonly clock: Clock;
  readonly onState?: (state: PartState) => void;
}

/** A part that is kept running until it is told to stop. */
export interface Supervisor {
  readonly name: Part['name'];
  readonly state: PartState;
  /** How often the part was started again since the keeper runs. */
  readonly restarts: number;
  /** Resolves when the first attempt to start the part made it serve; rejects when it failed. */
  readonly firstAttempt: Promise<void>;
  /**
   * Ends the part in order and starts it again; does not wait any longer if it is waiting for its next attempt. While a start is under
   * way, another follows it: what the wish is about may have come too late for this one.
   */
  restart(): void;
  /** Ends the part and its supervision. May be called again to hurry. */
  stop(hurry: AbortSignal): Promise<void>;
}

interface Supervision extends SuperviseOptions {
  readonly decide: RestartPolicy;
  readonly first: PromiseWithResolvers<void>;
  readonly stopping: AbortController;
  readonly hurry: AbortController;
  /** Aborted by a wish for a restart; replaced when a start begins, which fulfils it. */
  wish: AbortController;
  state: PartState;
  lives: number;
}

/** Starts a part and keeps it running; returns at once. */
export function supervise(options: SuperviseOptions): Supervisor {
  const self: Supervision = {
    ...options,
    decide: createRestartPolicy(options.policy),
    first: Promise.withResolvers<void>(),
    stopping: new AbortController(),
    hurry: new AbortController(),
    wish: new AbortController(),
    state: { kind: 'stopped', since: timestamp(options.clock) },
    lives: 0,
  };
  self.first.promise.catch(() => undefined);
  const running = keepRunning(self);
  return {
    name: self.part.name,
    get state() {
      return self.state;
    },
    get restarts() {
      return Math.max(0, self.lives - 1);
    },
    firstAttempt: self.first.promise,
    restart: () => self.wish.abort(),
    stop: async hurry => {
      if (hurry.aborted) self.hurry.abort();
      else hurry.addEventListener('abort', () => self.hurry.abort(), { once: true });
      self.stopping.abort();
      await running;
    },
  };
}

async function keepRunning(self: Supervision): Promise<void> {
  let attempt = 0;
  while (!self.stopping.signal.aborted) {
    const end = await liveOnce(self, attempt);
    if (self.stopping.signal.aborted) break;
    attempt = end.kind === 'requested' ? 0 : await pause(self, end);
  }
  self.first.reject(new Error(`${self.part.name} was stopped`));
  enter(self, { kind: 'stopped', since: timestamp(self.clock) });
}

interface TimedEnd {
  readonly kind: LifeEnd['kind'] | 'start-failed';
  readonly reason: string;
  readonly servedMs: number;
}

async function liveOnce(self: Supervision, attempt: number): Promise<TimedEnd> {
  const { part, clock } = self;
  self.wish = new AbortController();
  enter(self, { kind: 'starting', since: timestamp(clock), attempt });
  let life: PartProcess;
  try {
    life = await part.launch(self.stopping.signal);
  } catch (error) {
    self.first.reject(error);
    return { kind: 'start-failed', reason: oneLine(errorMessage(error)), servedMs: 0 };
  }
  self.lives += 1;
  const servesSince = clock.monotonic();
  enter(self, { kind: 'running', since: timestamp(clock), pid: life.pid, adopted: life.adopted });
  self.incidents.recover(part.name);
  self.first.resolve();
  const asked = AbortSignal.any([self.stopping.signal, self.wish.signal]);
  const end = await lifeEnd(part, life, { asked, hurry: self.hurry.signal });
  return { ...end, servedMs: clock.monotonic() - servesSince };
}

/** Records the end, waits as long as the policy says, and returns the number of the next attempt. */
async function pause(self: Supervision, end: TimedEnd): Promise<number> {
  const { clock, incidents, part } = self;
  const decision = self.decide.afterExit(clock.monotonic(), end.servedMs);
  const looping = decision.kind === 'crash-loop';
  if (end.kind !== 'requested') incidents.open(part.name, looping ? 'crash-loop' : end.kind, end.reason);
  if (end.kind === 'hang') incidents.act(part.name, 'killed it');
  incidents.act(
    part.name,
    `started it again ${decision.delayMs === 0 ? 'at once' : `after ${Math.round(decision.delayMs)} ms`}`,
  );
  const times = { since: timestamp(clock), retryAt: timestamp(clock, decision.delayMs), reason: end.reason };
  enter(
    self,
    looping
      ? { kind: 'crash-looping', exits: decision.exits, ...times }
      : { kind: 'backing-off', attempt: decision.attempt, ...times },
  );
  const wake = AbortSignal.any([self.stopping.signal, self.wish.signal]);
  if (decision.delayMs > 0) await clock.sleep(decision.delayMs, wake).catch(() => undefined);
  return looping ? decision.exits : decision.attempt;
}

function enter(self: Supervision, state: PartState): void {
  self.state = state;
  self.onState?.(state);
}

function timestamp(clock: Clock, inMs = 0): string {
  return new Date(clock.now() + inMs).toISOString();
}
