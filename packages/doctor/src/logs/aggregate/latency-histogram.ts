const BINS = 240;
/** Each bin is 8 % wider than the one before. */
const GROWTH = Math.log(1.08);
const LEAST_MS = 0.1;

/** Durations in bins of 8 %: a quantile is off by 4 % at most, from 0.1 ms to over two hours. */
export class LatencyHistogram {
  readonly #bins = new Uint32Array(BINS);
  count = 0;

  add(milliseconds: number): void {
    const bin = milliseconds <= LEAST_MS ? 0 : Math.ceil(Math.log(milliseconds / LEAST_MS) / GROWTH);
    const at = Math.min(bin, BINS - 1);
    this.#bins[at] = (this.#bins[at] ?? 0) + 1;
    this.count += 1;
  }

  /** The duration in milliseconds that this share (0 to 1) of all stays under; undefined without any. */
  quantile(share: number): number | undefined {
    if (this.count === 0) return undefined;
    let left = Math.max(1, Math.ceil(share * this.count));
    for (let bin = 0; bin < BINS; bin += 1) {
      left -= this.#bins[bin] ?? 0;
      if (left <= 0) return round(LEAST_MS * Math.exp((bin - 0.5) * GROWTH));
    }
    return undefined;
  }
}

function round(milliseconds: number): number {
  return milliseconds >= 100 ? Math.round(milliseconds) : Math.round(milliseconds * 10) / 10;
}
