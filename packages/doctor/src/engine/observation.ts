/** What a probe saw of one subject, as plain data without secrets. */
export interface Sighting {
  readonly id: string;
  readonly probe: string;
  readonly subject: string;
  readonly saw: Readonly<Record<string, unknown>>;
}

/** A probe could not look; this is evidence of nothing. */
export interface Blindness {
  readonly id: string;
  readonly probe: string;
  readonly subject: string;
  readonly couldNotLook: string;
  /** The observation that shows what has to work before anybody can look here. */
  readonly blockedBy?: string;
  /** Whether it would have been seen, had there been more time. */
  readonly outOfTime?: true;
}

export type Observation = Sighting | Blindness;

export function isSighting(observation: Observation | undefined): observation is Sighting {
  return observation !== undefined && 'saw' in observation;
}
