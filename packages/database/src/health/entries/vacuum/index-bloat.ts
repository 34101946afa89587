import { bloatEntry, type Measured } from './bloat.ts';
import { type ExactIndex, measureIndex, readStoredIndexes, type StoredRelation } from './bloat-queries.ts';
import { expectedIndexPages } from './estimate-size.ts';

/** 26: B-tree indexes that occupy much more than their entries need. */
export const indexBloat = bloatEntry({
  number: 26,
  kind: 'index',
  title: 'Index bloat',
  meaning:
    'The index has many pages that are nearly empty. Scans read them and caches hold them; vacuum frees only pages that are wholly empty.',
  thresholds: { warnPercent: 50, criticalPercent: 80, minBytes: 16_777_216 },
  read: readStoredIndexes,
  expectedPages: expectedIndexPages,
  measure: async (db, schema, relation) => wasteOf(await measureIndex(db, schema, relation.oid), relation),
  remedy: ({ name }) => `reindex index concurrently ${name};`,
});

function wasteOf({ bytes, leafPages, emptyPages, density }: ExactIndex, relation: StoredRelation): Measured {
  const { block, fillfactor } = relation;
  const filled = Number.isFinite(density) ? Math.min(1, density / fillfactor) : 1;
  return { bytes, wasted: block * (emptyPages + leafPages * (1 - filled)) };
}
