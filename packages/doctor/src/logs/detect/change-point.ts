/** What is judged bucket by bucket. */
export interface Trials {
  readonly first: number;
  readonly last: number;
  /** How many there were, and how many of them were of the kind that is looked for. */
  readonly total: (bucket: number) => number;
  readonly hits: (bucket: number) => number;
}

export interface EpisodeRule {
  /** A share below this counts as usual whatever the log says. */
  readonly leastUsual: number;
  /** A share above this is never taken as usual, even when all of the log is like that. */
  readonly mostUsual: number;
  /** How many times the usual share is looked for, and at least which share. */
  readonly factor: number;
  readonly leastShare: number;
  /** How sure (logarithm of the likelihood ratio) one has to be. */
  readonly threshold: number;
}

/** A stretch of buckets, both included, in which hits are far more frequent than usual. */
export interface Episode {
  readonly from: number;
  readonly to: number;
  readonly hits: number;
  readonly total: number;
  /** The share that is usual outside. */
  readonly usual: number;
}

const BLOCK = 60;

/**
 * Finds stretches in which the share of hits has changed, by a cumulative sum of log likelihood ratios (Page, 1954): the
 * onset is the first bucket after the sum was last at zero. Each stretch found is judged again with its own share, which
 * moves its ends to where the change really is. Pure.
 */
export function findEpisodes(trials: Trials, rule: EpisodeRule): Episode[] {
  const usual = usualShare(trials, rule);
  const wanted = Math.min(0.9, Math.max(rule.leastShare, usual * rule.factor));
  const rough = stretchesAbove(trials, usual, wanted, rule.threshold);
  return rough
    .map(stretch => sharpen(trials, stretch, usual))
    .filter(({ hits, total }) => hits / total >= Math.max(usual * 2, rule.leastShare / 2));
}

/** The median over blocks of an hour, within the bounds of the rule. */
function usualShare({ first, last, total, hits }: Trials, { leastUsual, mostUsual }: EpisodeRule): number {
  const shares: number[] = [];
  for (let block = first; block <= last; block += BLOCK) {
    let [sum, found] = [0, 0];
    for (let bucket = block; bucket < block + BLOCK && bucket <= last; bucket += 1) {
      sum += total(bucket);
      found += hits(bucket);
    }
    if (sum > 0) shares.push(found / sum);
  }
  shares.sort((a, b) => a - b);
  const median = shares[Math.floor((shares.length - 1) / 2)] ?? 0;
  return Math.min(mostUsual, Math.max(leastUsual, median));
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The stretches in which the sum climbs over the threshold, each up to its peak. */
function stretchesAbove(trials: Trials, usual: number, wanted: number, threshold: number): Range[] {
  const { first, last, total, hits } = trials;
  const [hit, miss] = [Math.log(wanted / usual), Math.log((1 - wanted) / (1 - usual))];
  const found: Range[] = [];
  let [sum, from, peak, peakAt] = [0, first, 0, first];
  const close = (): void => {
    if (peak >= threshold) found.push({ from, to: peakAt });
    [sum, peak] = [0, 0];
  };
  for (let bucket = first; bucket <= last; bucket += 1) {
    const [count, matched] = [total(bucket), hits(bucket)];
    if (sum === 0) from = bucket;
    sum = Math.max(0, sum + matched * hit + (count - matched) * miss);
    if (sum > peak) [peak, peakAt] = [sum, bucket];
    // Long trouble must not need as long to be over.
    if (sum === 0 || sum < peak - threshold) close();
  }
  close();
  return found;
}

/** The part of a stretch that speaks most for its own share. */
function sharpen(trials: Trials, { from, to }: Range, usual: number): Episode {
  const { total, hits } = trials;
  const whole = countIn(trials, from, to);
  const share = Math.min(0.95, Math.max(usual * 1.5, whole.hits / Math.max(1, whole.total)));
  const [hit, miss] = [Math.log(share / usual), Math.log((1 - share) / (1 - usual))];
  let [sum, start, best, bestFrom, bestTo] = [0, from, 0, from, to];
  for (let bucket = from; bucket <= to; bucket += 1) {
    if (sum <= 0) [sum, start] = [0, bucket];
    sum += hits(bucket) * hit + (total(bucket) - hits(bucket)) * miss;
    if (sum > best) [best, bestFrom, bestTo] = [sum, start, bucket];
  }
  return { from: bestFrom, to: bestTo, ...countIn(trials, bestFrom, bestTo), usual };
}

function countIn({ total, hits }: Trials, from: number, to: number): { hits: number; total: number } {
  const counts = { hits: 0, total: 0 };
  for (let bucket = from; bucket <= to; bucket += 1) {
    counts.hits += hits(bucket);
    counts.total += total(bucket);
  }
  return counts;
}
