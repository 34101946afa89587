import type { StoredSample } from '../sources.ts';

export interface MetricPoint {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly value: number;
}

/** What was stored of one metric, oldest first. */
export function metricHistory(
  samples: readonly StoredSample[] | undefined,
  entry: string,
  metric: string,
): MetricPoint[] {
  return (samples ?? []).flatMap(({ at, metrics }) => {
    const value = metrics[entry]?.[metric];
    const time = Date.parse(at);
    return value === undefined || Number.isNaN(time) ? [] : [{ at: time, value }];
  });
}

const MIN_POINTS = 6;
const MIN_SPAN_MS = 3_600_000;

/**
 * Growth for each millisecond, by the line of least squares. Undefined when there are fewer than six points, or less than an hour between
 * the first and the last.
 */
export function growthOf(points: readonly MetricPoint[]): number | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  if (points.length < MIN_POINTS || last.at - first.at < MIN_SPAN_MS) return undefined;
  const middle = points.reduce((sum, { at }) => sum + (at - first.at), 0) / points.length;
  const mean = points.reduce((sum, { value }) => sum + value, 0) / points.length;
  let [products, squares] = [0, 0];
  for (const { at, value } of points) {
    const distance = at - first.at - middle;
    products += distance * (value - mean);
    squares += distance ** 2;
  }
  return products / squares;
}
