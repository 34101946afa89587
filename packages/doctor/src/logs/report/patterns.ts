import type { Aggregate } from '../aggregate/aggregate.ts';
import { ERROR_CLASSES } from '../aggregate/error-class.ts';
import type { PagedSeries } from '../aggregate/paged-series.ts';
import { timeOf } from '../aggregate/time-window.ts';
import type { PatternReport } from '../analysis.ts';

const LEAST_COUNT = 10;
const BURST_FACTOR = 6;
const BURST_LEAST = 5;
const PERIODS_LEAST = 5;
const PERIOD_SPREAD = 0.1;
const MINUTE_MS = 60_000;

/** How the errors of each class lie in time: in one burst, again and again, or all the time. */
export function patternsOf(aggregate: Aggregate): PatternReport[] {
  return ERROR_CLASSES.flatMap((name, index) => {
    const series = aggregate.all.errors[index];
    return series === undefined || series.sum < LEAST_COUNT ? [] : [patternOf(name, series, aggregate)];
  });
}

function patternOf(name: PatternReport['class'], series: PagedSeries, aggregate: Aggregate): PatternReport {
  const { window, firstBucket, lastBucket } = aggregate;
  const iso = (bucket: number): string => new Date(timeOf(window, bucket)).toISOString();
  let [first, last, peakAt] = [-1, -1, firstBucket];
  for (let bucket = firstBucket; bucket <= lastBucket; bucket += 1) {
    if (series.at(bucket) === 0) continue;
    if (first === -1) first = bucket;
    last = bucket;
    if (series.at(bucket) > series.at(peakAt)) peakAt = bucket;
  }
  const mean = series.sum / (lastBucket - firstBucket + 1);
  const bursts = burstsOf(series, Math.max(BURST_LEAST, mean * BURST_FACTOR), firstBucket, lastBucket);
  const period = periodOf(bursts);
  return {
    class: name,
    pattern: period !== undefined ? 'periodic' : bursts.length > 0 ? 'burst' : 'steady',
    count: series.sum,
    first: iso(first),
    last: iso(last),
    peakAt: iso(peakAt),
    peak: series.at(peakAt),
    everyMinutes: period === undefined ? null : (period * window.bucketMs) / MINUTE_MS,
  };
}

/** The buckets in which bursts begin; neighbours belong together. */
function burstsOf(series: PagedSeries, least: number, from: number, to: number): number[] {
  const bursts: number[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (let bucket = from; bucket <= to; bucket += 1) {
    if (series.at(bucket) < least) continue;
    if (bucket - before > 2) bursts.push(bucket);
    before = bucket;
  }
  return bursts;
}

/** The distance of bursts that come at regular intervals; undefined when they do not. */
function periodOf(bursts: readonly number[]): number | undefined {
  if (bursts.length < PERIODS_LEAST) return undefined;
  const gaps = bursts.slice(1).map((bucket, index) => bucket - (bursts[index] ?? 0));
  const middle = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  const regular = gaps.filter(gap => Math.abs(gap - middle) <= Math.max(1, middle * PERIOD_SPREAD));
  return middle > 2 && regular.length >= gaps.length * 0.8 ? middle : undefined;
}
