import { type Clock, errorMessage, redactText } from '@holdfast/core';
import type { Blindness, Observation, Sighting } from '../engine/index.ts';
import type { SightingId, Sightings } from '../sightings.ts';

/** What every probe works with. */
export interface ProbeTools {
  readonly clock: Clock;
  /** Aborted when the examination is over, whoever ends it. */
  readonly signal: AbortSignal;
}

/** What a probe saw, or that and why it could not look. */
export type Look<K extends SightingId> =
  | { readonly saw: Sightings[K] }
  | { readonly couldNotLook: string; readonly blockedBy?: SightingId };

/** The looks of one probe by observation id. An id that is absent does not apply to this system. */
export type Looks = { readonly [K in SightingId]?: Look<K> };

export function couldNotLook(why: unknown, blockedBy?: SightingId): Blind {
  const text = redactText(typeof why === 'string' ? why : errorMessage(why));
  return blockedBy === undefined ? { couldNotLook: text } : { couldNotLook: text, blockedBy };
}

type Blind = { readonly couldNotLook: string; readonly blockedBy?: SightingId };

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
  time: 'clock',
  database: 'database',
  schema: 'database',
  data: 'database',
  api: 'process:server',
  proxy: 'process:keeper',
  auth: 'probe account',
};

export function observationsOf(looks: Looks): Observation[] {
  return Object.entries(looks).map(([id, look]) => {
    const probe = id.split('.')[0] ?? id;
    const head = { id, probe, subject: SUBJECTS[probe] ?? probe };
    return { ...head, ...look } as unknown as Sighting | Blindness;
  });
}

/**
 * Runs a probe within its own time. A probe that fails or takes too long is an observation of nothing, never an error:
 * its ids become blind.
 */
export async function runProbe(
  ids: readonly SightingId[],
  timeoutMs: number,
  { clock, signal }: ProbeTools,
  probe: (signal: AbortSignal) => Promise<Looks>,
): Promise<Looks> {
  const over = new AbortController();
  const within = AbortSignal.any([signal, over.signal]);
  const tooLate = clock
    .sleep(timeoutMs, within)
    .then(() => allBlind(ids, `the probe was given up after ${timeoutMs} ms`))
    .catch(error => allBlind(ids, error));
  try {
    return await Promise.race([probe(within).catch(error => allBlind(ids, error)), tooLate]);
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
