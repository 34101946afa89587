import {
  type Check,
  type CheckResult,
  isSighting,
  type Layer,
  type ObservationView,
} from '../engine/index.ts';
import type { SightingId, Sightings } from '../sightings.ts';

/** What a check says about one sighting; the evidence is the sighting itself unless more is named. */
export type Judgement = Omit<CheckResult, 'evidence'> & { readonly evidence?: readonly string[] };

export const pass = (detail: string): Judgement => ({ outcome: 'pass', detail });
export const fail = (detail: string, subject?: string): Judgement =>
  subject === undefined ? { outcome: 'fail', detail } : { outcome: 'fail', detail, subject };
export const degraded = (detail: string): Judgement => ({ outcome: 'degraded', detail });
export const blocked = (detail: string): Judgement => ({ outcome: 'blocked', detail });
export const unknown = (detail: string): Judgement => ({ outcome: 'unknown', detail });

/** The data of a sighting; undefined when the probe could not look or was not run. */
export function sawOf<K extends SightingId>(view: ObservationView, id: K): Sightings[K] | undefined {
  const observation = view.get(id);
  // Probes write their sightings through the same table of types.
  return isSighting(observation) ? (observation.saw as unknown as Sightings[K]) : undefined;
}

interface CheckSpec<K extends SightingId> {
  readonly id: string;
  readonly layer: Layer;
  readonly title: string;
  readonly from: K;
  readonly judge: (saw: Sightings[K], view: ObservationView) => Judgement | readonly Judgement[];
}

/**
 * A check that rests on one observation: it does not apply without it, and is blocked or unknown when the probe could
 * not look.
 */
export function checkOf<K extends SightingId>({ id, layer, title, from, judge }: CheckSpec<K>): Check {
  const evaluate = (view: ObservationView): readonly CheckResult[] => {
    const observation = view.get(from);
    if (observation === undefined) return [];
    if (!isSighting(observation)) {
      const outcome = observation.blockedBy === undefined ? 'unknown' : 'blocked';
      const late = observation.outOfTime === true ? { outOfTime: true as const } : {};
      return [{ outcome, detail: observation.couldNotLook, evidence: [from], ...late }];
    }
    const judged = judge(observation.saw as unknown as Sightings[K], view);
    return [judged].flat().map(judgement => ({ ...judgement, evidence: judgement.evidence ?? [from] }));
  };
  return { id, layer, title, evaluate };
}

/** One failure per subject, or one pass that speaks for all of them. */
export function eachOf(
  subjects: readonly string[],
  failure: (subject: string) => string,
  otherwise: string,
): readonly Judgement[] {
  return subjects.length === 0 ? [pass(otherwise)] : subjects.map(subject => fail(failure(subject), subject));
}

/** `3 tables`, `1 table`. */
export function count(amount: number, noun: string, plural = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : plural}`;
}
