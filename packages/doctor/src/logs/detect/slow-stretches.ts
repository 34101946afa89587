import type { Endpoint } from '../aggregate/endpoint-table.ts';
import type { Episode } from './change-point.ts';

const BLOCK = 60;
/** Durations of one endpoint scatter by about this factor's logarithm. */
const SPREAD = 1;
const SHIFT = Math.log(4);
const THRESHOLD = 20;
const LEAST_REQUESTS = 20;
const LEAST_FACTOR = 3;
const LEAST_MS = 250;

/** Stretches in which an endpoint takes at least three times as long as usual, and at least 250 ms. */
export function findSlowStretches(endpoint: Endpoint, first: number, last: number): Episode[] {
  const usual = usualLog(endpoint, first, last);
  if (usual === undefined) return [];
  const found: Episode[] = [];
  let [sum, from, peak, peakAt] = [0, first, 0, first];
  const close = (): void => {
    const episode = peak >= THRESHOLD ? slowEpisode(endpoint, from, peakAt, usual) : undefined;
    if (episode !== undefined) found.push(episode);
    [sum, peak] = [0, 0];
  };
  for (let bucket = first; bucket <= last; bucket += 1) {
    const count = endpoint.durations.at(bucket);
    if (sum === 0) from = bucket;
    const above = endpoint.logDurations.at(bucket) - count * usual;
    sum = Math.max(0, sum + (SHIFT * above - (count * SHIFT * SHIFT) / 2) / (SPREAD * SPREAD));
    if (sum > peak) [peak, peakAt] = [sum, bucket];
    if (sum === 0 || sum < peak - THRESHOLD) close();
  }
  close();
  return found;
}

function slowEpisode(endpoint: Endpoint, from: number, to: number, usual: number): Episode | undefined {
  const total = endpoint.durations.between(from, to);
  const mean = Math.exp(endpoint.logDurations.between(from, to) / total);
  if (total < LEAST_REQUESTS || mean < LEAST_MS || mean < LEAST_FACTOR * Math.exp(usual)) return undefined;
  return { from, to, hits: Math.round(mean), total, usual: Math.exp(usual) };
}

/** The median over hours of the mean logarithm. */
function usualLog({ durations, logDurations }: Endpoint, first: number, last: number): number | undefined {
  const means: number[] = [];
  for (let block = first; block <= last; block += BLOCK) {
    const end = Math.min(last, block + BLOCK - 1);
    const count = durations.between(block, end);
    if (count > 0) means.push(logDurations.between(block, end) / count);
  }
  means.sort((a, b) => a - b);
  return means[Math.floor((means.length - 1) / 2)];
}
