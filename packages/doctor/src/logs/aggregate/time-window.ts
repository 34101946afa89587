/** The stretch of time that is analysed, cut into equal buckets. */
export interface TimeWindow {
  /** Milliseconds since the epoch, both included. */
  readonly from: number;
  readonly to: number;
  /** When the first bucket begins; a whole multiple of its length. */
  readonly origin: number;
  readonly bucketMs: number;
}

const MINUTE_MS = 60_000;
const BUCKETS_MS = [1, 5, 15, 60, 360, 1_440].map(minutes => minutes * MINUTE_MS);
const MAX_BUCKETS = 12_000;

/** Buckets of a minute up to eight days, longer ones beyond, so that there are never more than 12,000. */
export function timeWindow(from: number, to: number): TimeWindow {
  const bucketMs =
    BUCKETS_MS.find(size => (to - from) / size <= MAX_BUCKETS) ?? Math.ceil((to - from) / MAX_BUCKETS);
  return { from, to, origin: Math.floor(from / bucketMs) * bucketMs, bucketMs };
}

export function bucketOf(window: TimeWindow, time: number): number {
  return Math.floor((time - window.origin) / window.bucketMs);
}

/** When a bucket begins. */
export function timeOf(window: TimeWindow, bucket: number): number {
  return window.origin + bucket * window.bucketMs;
}
