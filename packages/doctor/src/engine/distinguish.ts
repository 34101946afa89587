import { covers } from './evidence.ts';
import type { Fault } from './fault.ts';

/**
 * The outcomes that surely differ between two faults: one must fail them and the other does not predict them, so
 * that they pass. Empty for faults that nothing tells apart.
 */
export function distinguishingOutcomes(a: Fault, b: Fault): string[] {
  return [...new Set([...onlyPredictedBy(a, b), ...onlyPredictedBy(b, a)])].sort();
}

function onlyPredictedBy(one: Fault, other: Fault): string[] {
  const predicted = [...other.mustFail, ...other.mayFail];
  return one.mustFail.filter(pattern => !predicted.some(wide => covers(wide, pattern)));
}
