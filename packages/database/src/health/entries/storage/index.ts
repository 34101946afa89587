import type { HealthEntry } from '../../entry.ts';
import { archiver } from './archiver.ts';
import { cacheHits } from './cache-hits.ts';
import { checksums } from './checksums.ts';
import { collations } from './collations.ts';
import { disk } from './disk.ts';
import { durability } from './durability.ts';
import { indexCheck } from './index-check.ts';
import { replicationLag } from './replication-lag.ts';
import { replicationSlots } from './replication-slots.ts';

/** Entries 53 to 61: whether what is written stays. */
export const storageEntries: readonly HealthEntry[] = [
  disk,
  checksums,
  replicationSlots,
  replicationLag,
  archiver,
  durability,
  collations,
  indexCheck,
  cacheHits,
];
