import type { Layer } from './layer.ts';
import type { Observation } from './observation.ts';

/**
 * pass and fail are evidence. degraded is a weakness that breaks nothing. blocked: something this check needs has
 * failed. unknown: the probe could not look. The last three are never evidence.
 */
export type OutcomeKind = 'pass' | 'fail' | 'degraded' | 'blocked' | 'unknown';

/** What one check says, before it is bound to its check. */
export interface CheckResult {
  readonly outcome: OutcomeKind;
  readonly detail: string;
  /** Ids of the observations it rests on. */
  readonly evidence: readonly string[];
  /** What failed, such as `table:sessions`. A result without subject speaks for every subject of its check. */
  readonly subject?: string;
  /** Statements and commands that are known to help; prose begins with `-- `. */
  readonly remedy?: readonly string[];
  /** What takes the remedy back, as it is typed. */
  readonly undo?: string;
  /** Whether it would have been judged, had there been more time. */
  readonly outOfTime?: true;
}

export interface CheckOutcome extends CheckResult {
  /** `check` or `check@subject`; unique within one diagnosis. */
  readonly id: string;
  readonly check: string;
  readonly layer: Layer;
  readonly title: string;
}

/** Observations by id. */
export type ObservationView = ReadonlyMap<string, Observation>;

/** A pure judgement of observations. No result at all means that the check does not apply to this system. */
export interface Check {
  readonly id: string;
  readonly layer: Layer;
  /** The statement that holds when the check passes. */
  readonly title: string;
  readonly evaluate: (view: ObservationView) => readonly CheckResult[];
}

/** The id of an outcome of `check` about `subject`. */
export function outcomeId(check: string, subject: string | undefined): string {
  return subject === undefined ? check : `${check}@${subject}`;
}

/** Runs every check over the observations. Pure: equal observations in any order give equal outcomes. */
export function runChecks(checks: readonly Check[], observations: readonly Observation[]): CheckOutcome[] {
  const view: ObservationView = new Map(observations.map(observation => [observation.id, observation]));
  return checks.flatMap(check =>
    check.evaluate(view).map(result => ({
      ...result,
      id: outcomeId(check.id, result.subject),
      check: check.id,
      layer: check.layer,
      title: check.title,
    })),
  );
}
