/** Random numbers from a seed, so that the choices of a run can be repeated. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** From 0 to limit - 1. */
  below(limit: number): number;
  between(min: number, max: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
  pick<T>(items: readonly T[]): T | undefined;
  /** In another order. */
  shuffle<T>(items: readonly T[]): T[];
  chance(probability: number): boolean;
  /** A generator of its own, which others do not disturb. */
  fork(): Random;
}

/** mulberry32: 32 bits of state, good enough for choosing and far from good enough for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    between: (min, max) => min + next() * (max - min),
    pick: <T>(items: readonly T[]) => items[below(items.length)] as T,
    shuffle: items =>
      items
        .map(item => [next(), item] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, item]) => item),
    chance: probability => next() < probability,
    fork: () => createRandom(below(2 ** 32)),
  };
}
