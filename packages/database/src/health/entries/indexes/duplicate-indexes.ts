import { defineEntry } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { bytesText, countText } from '../../quantity.ts';
import { isCoveredBy } from './covers.ts';
import type { IndexFacts } from './index-queries.ts';
import { readAllIndexes } from './read-all-indexes.ts';

interface Superfluous {
  readonly index: IndexFacts;
  readonly by: IndexFacts;
}

/** 29: indexes whose work another one does as well. */
export const duplicateIndexes = defineEntry({
  number: 29,
  id: 'duplicate-indexes',
  area: 'indexes',
  title: 'Duplicate indexes',
  meaning:
    'Another index of the same table does all that these do: it has the same columns, or begins with them. They only cost writes, memory and disk.',
  quick: false,
  thresholds: { minBytes: 0 },
  check: async (context, { minBytes }) => {
    const found = findSuperfluous(await readAllIndexes(context)).filter(
      ({ index }) => index.bytes >= minBytes,
    );
    const bytes = found.reduce((sum, { index }) => sum + index.bytes, 0);
    const metrics = { duplicate_indexes: found.length, duplicate_index_bytes: bytes };
    const [first] = found;
    if (first === undefined) return { level: 'ok', summary: 'none', metrics };
    return {
      level: 'warn',
      summary: `${countText(found.length, 'index', 'indexes')} of ${bytesText(bytes)}, such as ${first.index.name}, which ${first.by.name} covers`,
      ...shownEvidence(
        found.map(({ index, by }) => ({
          index: index.name,
          table: index.table,
          coveredBy: by.name,
          same: index.keys.length === by.keys.length,
          bytes: index.bytes,
          definition: index.definition,
        })),
      ),
      remedy: found
        .slice(0, 5)
        .map(({ index }) => `drop index concurrently ${index.name};`)
        .join('\n'),
      metrics,
    };
  },
});

/** The superfluous ones with what covers them, the largest first; of two that are alike one stays. */
export function findSuperfluous(indexes: readonly IndexFacts[]): Superfluous[] {
  const byTable = Map.groupBy(indexes, ({ tableOid }) => tableOid);
  const found: Superfluous[] = [];
  const gone = new Set<IndexFacts>();
  for (const siblings of byTable.values()) {
    // the least valuable first, so that what stays is what others rely on
    for (const index of siblings.filter(canGo).toSorted((a, b) => worth(a) - worth(b) || b.oid - a.oid)) {
      const by = siblings.find(other => !gone.has(other) && isCoveredBy(index, other));
      if (by === undefined) continue;
      gone.add(index);
      found.push({ index, by });
    }
  }
  return found.sort((a, b) => b.index.bytes - a.index.bytes);
}

function canGo(index: IndexFacts): boolean {
  const { ordinary, constraint, primary, replicaIdentity, clustered, attached, building } = index;
  return (
    ordinary && constraint === null && !primary && !replicaIdentity && !clustered && !attached && !building
  );
}

function worth({ unique, keys, includes }: IndexFacts): number {
  return (unique ? 1_000 : 0) + keys.length * 10 + includes.length;
}
