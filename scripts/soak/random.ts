/** A small generator of random numbers from a seed, so that a run can be repeated with the same choices. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  between(min: number, max: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
  shuffle<T>(items: readonly T[]): T[];
  chance(probability: number): boolean;
  /** A generator of its own, which other users of this one do not disturb. */
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
  return {
    next,
    between: (min, max) => min + next() * (max - min),
    pick: items => items[Math.floor(next() * items.length)] ?? items[0],
    shuffle: items =>
      items
        .map(item => [next(), item] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, item]) => item),
    chance: probability => next() < probability,
    fork: () => createRandom(Math.floor(next() * 2 ** 32)),
  };
}
