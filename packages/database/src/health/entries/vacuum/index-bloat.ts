import { defineEntry } from '../../entry.ts';
import { judgeBloat, type Measured } from './bloat.ts';
import { type ExactIndex, measureIndex, readStoredIndexes, type StoredRelation } from './bloat-queries.ts';
import { expectedIndexPages } from './estimate-size.ts';

const PAGE = 8_192;

/** 26: B-tree indexes that occupy much more than their entries need. */
export const indexBloat = defineEntry({
  number: 26,
  id: 'index-bloat',
  area: 'vacuum',
  title: 'Index bloat',
  meaning:
    'The index has many pages that are nearly empty. Scans read them and caches hold them; vacuum frees only pages that are wholly empty.',
  quick: false,
  thresholds: { warnPercent: 50, criticalPercent: 80, minBytes: 16_777_216 },
  check: async (context, limits) => {
    const { db, server } = context;
    const schema = server.extensions.get('pgstattuple');
    return judgeBloat(context, {
      kind: 'index',
      relations: await readStoredIndexes(db, server.schemas, Math.ceil(limits.minBytes / PAGE)),
      expectedPages: expectedIndexPages,
      measure:
        schema === undefined
          ? undefined
          : async relation => wasteOf(await measureIndex(db, schema, relation.oid), relation),
      remedy: ({ name }) => `reindex index concurrently ${name};`,
      limits,
    });
  },
});

function wasteOf({ bytes, leafPages, emptyPages, density }: ExactIndex, relation: StoredRelation): Measured {
  const { block, fillfactor } = relation;
  const filled = Number.isFinite(density) ? Math.min(1, density / fillfactor) : 1;
  return { bytes, wasted: block * (emptyPages + leafPages * (1 - filled)) };
}
