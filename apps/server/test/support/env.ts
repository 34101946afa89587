/** How many requests the fuzz sends; HOLDFAST_FUZZ_REQUESTS shortens it. */
export function fuzzRequests(): number {
  return Number(process.env.HOLDFAST_FUZZ_REQUESTS ?? 20_000);
}

/** The seed of the fuzz; HOLDFAST_FUZZ_SEED repeats one. */
export function fuzzSeed(): number {
  return Number(process.env.HOLDFAST_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
}
