import type { Aggregate } from '../aggregate/aggregate.ts';
import { errorsBetween } from '../aggregate/endpoint-table.ts';
import { CLASSES_OF } from './find-signals.ts';
import type { SignalGroup } from './group-signals.ts';

const LEAST_AFTERWARDS = 10;

/** Whether what a group is about was asked for again often enough without it. */
export function isOver({ kind, parts, to }: SignalGroup, aggregate: Aggregate): boolean {
  const { table, all, lastBucket } = aggregate;
  if (kind === 'error_messages') {
    const messages = aggregate.messageSeries.between(to + 1, lastBucket);
    const errors = aggregate.errorMessageSeries.between(to + 1, lastBucket);
    return messages >= LEAST_AFTERWARDS && errors / messages <= 0.4;
  }
  if (kind === 'refresh_rate' || kind === 'slow') {
    return all.total.between(to + 1, lastBucket) >= LEAST_AFTERWARDS;
  }
  const names = new Set(parts.flatMap(part => part.endpoints.top(500).map(([name]) => name)));
  const endpoints = [...table.endpoints.values()].filter(({ name }) => names.has(name));
  const requests = endpoints.reduce((sum, { total }) => sum + total.between(to + 1, lastBucket), 0);
  const errors = endpoints.reduce(
    (sum, item) => sum + errorsBetween(item, CLASSES_OF[kind], to + 1, lastBucket),
    0,
  );
  const usual = Math.max(...parts.map(({ signal }) => signal.episode.usual));
  return requests >= LEAST_AFTERWARDS && errors / requests <= Math.max(usual * 2, 0.05);
}
