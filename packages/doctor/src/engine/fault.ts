import type { CheckOutcome } from './check.ts';
import type { Layer } from './layer.ts';

/** How a fault is known, strongest first: the broken state itself, two probes that differ in one thing, or coincidence. */
export const EVIDENCE_GRADES = ['direct', 'differential', 'correlation'] as const;
export type EvidenceGrade = (typeof EVIDENCE_GRADES)[number];

/** safe: loses nothing and interrupts nobody. confirm: interrupts or changes data. destructive: cannot be undone. */
export type RepairRisk = 'safe' | 'confirm' | 'destructive';

export interface Repair {
  readonly risk: RepairRisk;
  readonly steps: readonly string[];
  readonly undo: string;
}

/** What the texts of a fault may refer to. */
export interface FaultContext {
  /** Undefined while the evidence that would name the subject could not be seen. */
  readonly subject: string | undefined;
  /** The outcomes of a check, in the order of their ids. */
  readonly outcomes: (check: string) => readonly CheckOutcome[];
}

/**
 * Which outcomes a fault speaks about: `check` whatever the subject, `check@subject` one subject, and `check@$` the
 * subject of the fault itself.
 */
export type CheckPattern = string;

/** An entry of the codebook. */
export interface Fault {
  readonly code: string;
  readonly layer: Layer;
  /** A fixed subject, or the check whose failing subjects are the subjects; `general` names them while unknown. */
  readonly subject: string | { readonly of: string; readonly general: string };
  /** One sentence for a person who has never seen the project. */
  readonly summary: (context: FaultContext) => string;
  /** How the fault leads to the symptoms. */
  readonly mechanism: (context: FaultContext) => string;
  /** These fail whenever the fault is there: one that passes excludes the fault. */
  readonly mustFail: readonly CheckPattern[];
  /** These can fail because of it. */
  readonly mayFail: readonly CheckPattern[];
  /** A failure here that nothing else explains exonerates the fault. */
  readonly mustPass: readonly CheckPattern[];
  readonly grade: EvidenceGrade;
  readonly repair: (context: FaultContext) => Repair;
  /** Codes of faults that no probe of the doctor can tell from this one. */
  readonly indistinguishableFrom?: readonly string[];
}
