/**
 * Counts by key within a bound (lossy counting): when it is full, the keys that were seen least are dropped. A count that
 * is there is too low by `error` at most, and no key that was seen more often than that is missing.
 */
export class BoundedCounter {
  readonly #counts = new Map<string, number>();
  readonly #limit: number;
  error = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(key: string, amount = 1): void {
    const before = this.#counts.get(key);
    if (before === undefined && this.#counts.size >= this.#limit) this.#prune();
    this.#counts.set(key, (before ?? 0) + amount);
  }

  get(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** How many different keys there are; a lower bound once keys were dropped. */
  get size(): number {
    return this.#counts.size;
  }

  /** The most frequent keys first; equal ones by name. */
  top(count: number): readonly (readonly [key: string, count: number])[] {
    return [...this.#counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, count);
  }

  #prune(): void {
    const counts = [...this.#counts.values()].sort((a, b) => a - b);
    const median = counts[Math.floor(counts.length / 2)] ?? 0;
    for (const [key, count] of this.#counts) if (count <= median) this.#counts.delete(key);
    this.error += median;
  }
}
