export type { Purge, PurgePolicy } from './purge-policy.ts';
export { countPurgeable, cutoffBefore, purgeRows } from './purge-queries.ts';
