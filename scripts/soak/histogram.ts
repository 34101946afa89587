/** Durations in buckets 2% apart: percentiles of any number of samples in constant memory. */
export interface Histogram {
  record(ms: number): void;
  /** The value that the given part of the samples does not exceed, at most 2% too high; 0 without samples. */
  percentile(part: number): number;
  count(): number;
}

const STEP = 1.02;
const FIRST_MS = 0.05;
const BUCKETS = 900;

export function createHistogram(): Histogram {
  const buckets = new Uint32Array(BUCKETS);
  let count = 0;
  return {
    record: ms => {
      const index = Math.ceil(Math.log(Math.max(ms, FIRST_MS) / FIRST_MS) / Math.log(STEP));
      buckets[Math.min(index, BUCKETS - 1)] = (buckets[Math.min(index, BUCKETS - 1)] ?? 0) + 1;
      count += 1;
    },
    percentile: part => {
      if (count === 0) return 0;
      let seen = 0;
      const index = buckets.findIndex(bucket => {
        seen += bucket;
        return seen >= part * count;
      });
      return FIRST_MS * STEP ** index;
    },
    count: () => count,
  };
}
