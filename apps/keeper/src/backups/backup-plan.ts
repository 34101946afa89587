import type { BackupFacts } from '@holdfast/database/health';

/** What came of one run at one destination. */
export interface PlaceOutcome {
  readonly destination: string;
  readonly failed: boolean;
  /** Of the backup as it is stored there; null when it is not. */
  readonly bytes: number | null;
}

/** What came of one run; `trouble` is null when everything went well, everywhere. */
export interface BackupRun {
  readonly backup: string | null;
  readonly trouble: string | null;
  /** As far as it came to be tried there. */
  readonly places: readonly PlaceOutcome[];
}

/** How this system is backed up, known to whoever starts the keeper. */
export interface BackupPlan {
  /** Makes a backup, reads it again, and removes those that no rule keeps. Throws when there is none afterwards. */
  readonly make: (signal: AbortSignal) => Promise<BackupRun>;
  /** Restores the newest one beside and compares it. Throws when that was not possible. */
  readonly drill: (signal: AbortSignal) => Promise<BackupRun>;
  /** What there is. */
  readonly facts: () => Promise<readonly BackupFacts[]>;
}
