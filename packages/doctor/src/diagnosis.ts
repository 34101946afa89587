import type { CheckOutcome, Layer, Observation, Repair } from './engine/index.ts';

/**
 * healthy and degraded need no repair; findings do; incomplete: nothing that was seen is broken, and the time was over before
 * everything was; not_examined: there was nothing to look at.
 */
export type DiagnosisStatus = 'healthy' | 'degraded' | 'findings' | 'incomplete' | 'not_examined';

/** Why something is broken. */
export interface RootCause {
  readonly code: string;
  readonly layer: Layer;
  /** Such as `table:sessions`, `env:DATABASE_URL`, `process:server`. */
  readonly subject: string;
  readonly summary: string;
  readonly mechanism: string;
  readonly confidence: 'certain' | 'likely';
  /** Ids of observations. */
  readonly evidence: readonly string[];
  /** Ids of failed checks. */
  readonly explains: readonly string[];
  readonly repair: Repair;
  /** Why `holdfast doctor --fix` leaves it to a person, as a clause; absent where it would do it, or only its plan can tell. */
  readonly left?: string;
}

/** Sets of causes that the evidence cannot tell apart. */
export interface UndecidedCauses {
  readonly alternatives: readonly (readonly RootCause[])[];
  /** Checks that would tell, and why they could not be made. */
  readonly separatedBy: readonly { readonly check: string; readonly why: string }[];
}

/** A failed check that no fault of the codebook explains. */
export interface Unexplained {
  readonly check: string;
  readonly layer: Layer;
  readonly title: string;
  readonly detail: string;
  readonly evidence: readonly string[];
  /** Faults that would explain it but were not seen, and the checks that would show them. */
  readonly couldBe: readonly { readonly code: string; readonly shownBy: readonly string[] }[];
}

export interface DegradedCheck {
  readonly check: string;
  readonly layer: Layer;
  readonly title: string;
  readonly detail: string;
  readonly evidence: readonly string[];
}

/** The result of an examination. Its JSON form is described by DIAGNOSIS_SCHEMA; it holds no secrets. */
export interface Diagnosis {
  readonly schemaVersion: 1;
  readonly status: DiagnosisStatus;
  /** The whole diagnosis in one sentence. */
  readonly headline: string;
  readonly target: {
    readonly home: string;
    readonly apiUrl: string | null;
    readonly keeperUrl: string | null;
    /** Without its password. */
    readonly databaseUrl: string | null;
  };
  readonly rootCauses: readonly RootCause[];
  readonly undecided: readonly UndecidedCauses[];
  readonly unexplained: readonly Unexplained[];
  readonly degraded: readonly DegradedCheck[];
  readonly checks: readonly CheckOutcome[];
  readonly observations: readonly Observation[];
  readonly notExamined: readonly {
    readonly check: string;
    readonly why: string;
    /** Whether it would have been examined, had there been more time. */
    readonly outOfTime: boolean;
  }[];
  readonly timings: {
    /** ISO 8601. */
    readonly startedAt: string;
    readonly durationMs: number;
    /** Milliseconds by probe. */
    readonly probes: Readonly<Record<string, number>>;
  };
}

/** 0 nothing to repair (degraded included), 1 findings, 3 could not examine, or not all of it within the time. */
export function exitCode({ status }: Pick<Diagnosis, 'status'>): 0 | 1 | 3 {
  if (status === 'not_examined' || status === 'incomplete') return 3;
  return status === 'findings' ? 1 : 0;
}
