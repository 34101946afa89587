import type { CheckOutcome, Fault } from '@holdfast/doctor';
import { LAYERS, layerDepth } from '@holdfast/doctor/engine';

/** What a baseline says is broken. */
export interface Guess {
  readonly code: string;
  readonly subject: string;
}

/** Names the fault that the first failed check of the deepest layer stands for, as somebody does who reads a report from its top. */
export function firstFailingLayer(
  checks: readonly CheckOutcome[],
  codebook: readonly Fault[],
): Guess | undefined {
  const failures = failuresOf(checks).toSorted(
    (a, b) => layerDepth(a.layer) - layerDepth(b.layer) || (a.id < b.id ? -1 : 1),
  );
  for (const failure of failures) {
    const fault = codebook.find(({ mustFail }) =>
      mustFail.some(pattern => checkOf(pattern) === failure.check),
    );
    if (fault !== undefined) return guess(fault, failures);
  }
  return undefined;
}

/** Names the fault that accounts for the most failures, the deepest of several. */
export function mostFailures(checks: readonly CheckOutcome[], codebook: readonly Fault[]): Guess | undefined {
  const failures = failuresOf(checks);
  const counted = codebook.map(fault => {
    const predicted = new Set([...fault.mustFail, ...fault.mayFail].map(checkOf));
    return { fault, count: failures.filter(({ check }) => predicted.has(check)).length };
  });
  const [best] = counted.toSorted(
    (a, b) => b.count - a.count || LAYERS.indexOf(a.fault.layer) - LAYERS.indexOf(b.fault.layer),
  );
  return best === undefined || best.count === 0 ? undefined : guess(best.fault, failures);
}

function guess({ code, subject }: Fault, failures: readonly CheckOutcome[]): Guess {
  if (typeof subject === 'string') return { code, subject };
  const named = failures.find(failure => failure.check === subject.of && failure.subject !== undefined);
  return { code, subject: named?.subject ?? subject.general };
}

function failuresOf(checks: readonly CheckOutcome[]): CheckOutcome[] {
  return checks.filter(({ outcome }) => outcome === 'fail');
}

const checkOf = (pattern: string): string => pattern.split('@', 1)[0] ?? pattern;
