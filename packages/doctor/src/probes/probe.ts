import { type Clock, errorMessage, redactText } from '@holdfast/core';
import type { Blindness, Observation, Sighting } from '../engine/index.ts';
import type { SightingId, Sightings } from '../sightings.ts';
import { isLockedOut, isOutOfTime, OutOfTime } from './out-of-time.ts';

/** What every probe works with. */
export interface ProbeTools {
  readonly clock: Clock;
  /** Aborted when the examination is over, whoever ends it. */
  readonly signal: AbortSignal;
  /** How many times as long as usual everything may take; 1 or more. */
  readonly patience: number;
}

/** What a probe saw, or that and why it could not look. */
export type Look<K extends SightingId> = { readonly saw: Sightings[K] } | Blind;

/** The looks of one probe by observation id. An id that is absent does not apply to this system. */
export type Looks = { readonly [K in SightingId]?: Look<K> };

export function couldNotLook(why: unknown, blockedBy?: SightingId): Blind {
  if (isLockedOut(why))
    return {
      couldNotLook: 'a lock that somebody holds keeps readers out',
      blockedBy: 'health.blocked-sessions',
    };
  const text = redactText(typeof why === 'string' ? why : errorMessage(why));
  return {
    couldNotLook: text,
    ...(blockedBy === undefined ? {} : { blockedBy }),
    ...(isOutOfTime(why) ? { outOfTime: true } : {}),
  };
}

type Blind = {
  readonly couldNotLook: string;
  readonly blockedBy?: SightingId;
  /** Whether it would have been seen, had there been more time. */
  readonly outOfTime?: true;
};

/** The same answer for several observations that cannot be made. */
export function allBlind(ids: readonly SightingId[], why: unknown, blockedBy?: SightingId): Looks {
  const blind = couldNotLook(why, blockedBy);
  return Object.fromEntries(ids.map(id => [id, blind]));
}

/** What was seen; undefined when the probe could not look or was not run. */
export function sawIn<K extends SightingId>(looks: Looks, id: K): Sightings[K] | undefined {
  const look = looks[id];
  return look !== undefined && 'saw' in look ? (look.saw as Sightings[K]) : undefined;
}

const SUBJECTS: Readonly<Record<string, string>> = {
  config: 'settings',
  process: 'machine',
  logs: 'log',
  keeper: 'process:keeper',
  repair: 'journal of repairs',
  time: 'clock',
  database: 'database',
  schema: 'database',
  data: 'database',
  health: 'database',
  api: 'process:server',
  proxy: 'process:keeper',
  auth: 'probe account',
  realtime: 'endpoint:/ws',
  frontend: 'frontend',
  external: 'services',
};

export function observationsOf(looks: Looks): Observation[] {
  return Object.entries(looks).map(([id, look]) => {
    const probe = id.split('.')[0] ?? id;
    const head = { id, probe, subject: SUBJECTS[probe] ?? probe };
    return { ...head, ...afterLate(look, looks) } as unknown as Sighting | Blindness;
  });
}

/** What has to be seen first, and was not for lack of time, has not been found broken. */
function afterLate<K extends SightingId>(look: Look<K>, looks: Looks): Look<K> {
  if ('saw' in look || look.blockedBy === undefined) return look;
  const first = looks[look.blockedBy];
  const isLate = first !== undefined && 'couldNotLook' in first && first.outOfTime === true;
  return isLate ? couldNotLook(new OutOfTime(`${look.blockedBy} was not seen within the time`)) : look;
}

/**
 * Runs a probe within its own time. A probe that fails or takes too long is an observation of nothing, never an error:
 * its ids become blind.
 */
export async function runProbe(
  ids: readonly SightingId[],
  timeoutMs: number,
  { clock, signal }: Pick<ProbeTools, 'clock' | 'signal'>,
  probe: (signal: AbortSignal) => Promise<Looks>,
): Promise<Looks> {
  const over = new AbortController();
  const within = AbortSignal.any([signal, over.signal]);
  const tooLate = clock
    .sleep(timeoutMs, within)
    .then(() => allBlind(ids, new OutOfTime(`the probe was given up after ${timeoutMs} ms`)))
    .catch(error => allBlind(ids, error));
  try {
    const looks = await Promise.race([probe(within).catch(error => allBlind(ids, error)), tooLate]);
    // a request that was cut off looks like one that was not answered
    return signal.aborted ? allBlind(ids, signal.reason) : looks;
  } finally {
    over.abort(new Error('the probe is over'));
  }
}

/** Runs one probe within its own time, and notes how long it took. */
export type RunProbe = (
  name: string,
  ids: readonly SightingId[],
  timeoutMs: number,
  probe: (tools: ProbeTools) => Promise<Looks>,
) => Promise<Looks>;

/** Rounds to a tenth, as durations are shown. */
export function milliseconds(from: number, to: number): number {
  return Math.round((to - from) * 10) / 10;
}
