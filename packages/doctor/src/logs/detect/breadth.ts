import type { Aggregate } from '../aggregate/aggregate.ts';
import { type Endpoint, errorsBetween } from '../aggregate/endpoint-table.ts';
import { CLASSES_OF } from './find-signals.ts';
import type { SignalKind } from './signal.ts';

/** How many endpoints of those that were asked in a stretch show a signal. */
export interface Breadth {
  readonly affected: readonly Endpoint[];
  readonly asked: number;
  /** Whether it is a matter of the whole system and not of a few routes. */
  readonly isBroad: boolean;
}

const LEAST_REQUESTS = 3;
const LEAST_SHARE = 0.1;
const BROAD_SHARE = 0.4;
const BROAD_COUNT = 3;

/** Looks at every endpoint in the buckets from `from` to `to`. */
export function breadthOf(aggregate: Aggregate, kind: SignalKind, from: number, to: number): Breadth {
  const classes = CLASSES_OF[kind];
  const scope = [...aggregate.table.endpoints.values()].filter(
    ({ role }) => kind === 'server_errors' || role === 'other',
  );
  const asked = scope.filter(({ total }) => total.between(from, to) >= LEAST_REQUESTS);
  const affected = asked.filter(endpoint => {
    const errors = errorsBetween(endpoint, classes, from, to);
    return errors >= 2 && errors / endpoint.total.between(from, to) >= LEAST_SHARE;
  });
  const isBroad = affected.length >= BROAD_COUNT && affected.length / asked.length >= BROAD_SHARE;
  const bySize = affected.toSorted(
    (a, b) => errorsBetween(b, classes, from, to) - errorsBetween(a, classes, from, to),
  );
  return { affected: bySize, asked: asked.length, isBroad };
}
