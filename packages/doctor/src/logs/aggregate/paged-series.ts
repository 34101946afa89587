const PAGE = 256;

/** Numbers by bucket (exact up to 16 million each), in pages that are made when they are needed. Reads 0 where nothing was added. */
export class PagedSeries {
  readonly #pages: (Float32Array | undefined)[] = [];
  sum = 0;

  add(bucket: number, amount: number): void {
    const index = Math.floor(bucket / PAGE);
    let page = this.#pages[index];
    if (page === undefined) {
      page = new Float32Array(PAGE);
      this.#pages[index] = page;
    }
    const at = bucket % PAGE;
    page[at] = (page[at] ?? 0) + amount;
    this.sum += amount;
  }

  at(bucket: number): number {
    return this.#pages[Math.floor(bucket / PAGE)]?.[bucket % PAGE] ?? 0;
  }

  /** The sum of the buckets from `from` to `to`, both included. */
  between(from: number, to: number): number {
    let sum = 0;
    for (let bucket = from; bucket <= to; bucket += 1) sum += this.at(bucket);
    return sum;
  }

  /** The first bucket in the range with anything in it; undefined when there is none. */
  firstFrom(from: number, to: number): number | undefined {
    for (let bucket = from; bucket <= to; bucket += 1) if (this.at(bucket) !== 0) return bucket;
    return undefined;
  }
}
