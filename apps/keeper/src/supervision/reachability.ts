import { type Clock, errorMessage } from '@holdfast/core';
import { oneLine } from '../process/log-reason.ts';
import type { Incidents } from '../records/incidents.ts';
import type { PartName } from './part-state.ts';

/** Whether a part answers, as seen by asking it. */
export type Reachability =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'reachable'; readonly since: string; readonly roundTripMs: number }
  | { readonly kind: 'unreachable'; readonly since: string; readonly reason: string };

export interface ReachabilityOptions {
  readonly part: PartName;
  /** Whether there is something to ask yet. */
  readonly isWatched: () => boolean;
  /** Resolves when the part answered; rejects with the reason. Must end by itself. */
  readonly probe: () => Promise<void>;
  readonly intervalMs: number;
  /** So many failures in a row open an incident. */
  readonly failures: number;
  readonly incidents: Incidents;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ReachabilityWatch {
  readonly current: Reachability;
  readonly done: Promise<void>;
}

/**
 * Asks a part again and again whether it answers, until the signal is aborted. Opens an incident `unreachable` when nobody
 * else has one open for the part, and closes only its own.
 */
export function watchReachability(options: ReachabilityOptions): ReachabilityWatch {
  let current: Reachability = { kind: 'unknown' };
  let failures = 0;
  const step = async (): Promise<void> => {
    const { incidents, part } = options;
    const next = await ask(options);
    failures = next.kind === 'unreachable' ? failures + 1 : 0;
    current = next.kind === current.kind ? { ...next, since: current.since } : next;
    const open = incidents.openIncident(part);
    if (next.kind === 'reachable' && open?.kind === 'unreachable') incidents.recover(part);
    if (next.kind === 'unreachable' && failures === options.failures && open === undefined) {
      incidents.open(part, 'unreachable', next.reason);
    }
  };
  const run = async (): Promise<void> => {
    while (!options.signal.aborted) {
      if (options.isWatched()) await step();
      await options.clock.sleep(options.intervalMs, options.signal).catch(() => undefined);
    }
  };
  return {
    get current() {
      return current;
    },
    done: run(),
  };
}

async function ask({
  probe,
  clock,
}: ReachabilityOptions): Promise<Exclude<Reachability, { kind: 'unknown' }>> {
  const since = new Date(clock.now()).toISOString();
  const begin = clock.monotonic();
  try {
    await probe();
    return { kind: 'reachable', since, roundTripMs: Math.round((clock.monotonic() - begin) * 100) / 100 };
  } catch (error) {
    return { kind: 'unreachable', since, reason: oneLine(errorMessage(error)) };
  }
}
