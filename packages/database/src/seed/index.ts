export { type ApplySeedOptions, applySeed, type SeedRun } from './apply-seed.ts';
export { listSeeds, type SeedList } from './list-seeds.ts';
export type { Environment, Seed } from './seed.ts';
export type { InsertCount } from './seed-queries.ts';
