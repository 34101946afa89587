import type { PurgePolicy } from '@holdfast/postgres';

/** One policy with the retention that holds for it in this run. */
export interface PlannedPolicy {
  readonly policy: PurgePolicy;
  /** Milliseconds, after the least retention of the policy was seen to. */
  readonly retentionMs: number;
}
