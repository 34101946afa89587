import { createRandom, type Random } from '@holdfast/core';

/** Random numbers that are the same for the same seed. */
export class SeededRandom {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = createRandom(seed * 2_654_435_761 + 12_345);
  }

  /** From 0 up to 1. */
  next(): number {
    return this.#random.next();
  }

  chance(probability: number): boolean {
    return this.#random.chance(probability);
  }

  /** From `low` up to `high`. */
  between(low: number, high: number): number {
    return this.#random.between(low, high);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return this.#random.pick(items);
  }

  hex(length: number): string {
    return Array.from({ length }, () => this.whole(0, 15).toString(16)).join('');
  }
}
