import type { Stack } from '../stack.ts';

/** A way to break a running system for real, and to mend it again. */
export interface FaultInjection {
  /** What was done, for the names of tests. */
  readonly name: string;
  inject(stack: Stack): Promise<void>;
  heal(stack: Stack): Promise<void>;
  /** What the doctor must say about it. */
  readonly expected: { readonly code: string; readonly layer: string; readonly subject: string };
}
