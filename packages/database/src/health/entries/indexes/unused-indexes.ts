import { defineEntry, type HealthContext } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { bytesText, countText, secondsText } from '../../quantity.ts';
import { servesForeignKey } from './covers.ts';
import { type IndexFacts, readForeignKeys, readStatisticsAge } from './index-queries.ts';
import { readAllIndexes } from './read-all-indexes.ts';

const DAY_SECONDS = 86_400;

/** 28: indexes that no query has used since statistics began or, where PostgreSQL keeps the time (16), for months. */
export const unusedIndexes = defineEntry({
  number: 28,
  id: 'unused-indexes',
  area: 'indexes',
  title: 'Unused indexes',
  meaning:
    'Nothing reads these indexes, but every insert and most updates write them, and they take up memory and disk.',
  quick: false,
  thresholds: { minBytes: 1_048_576, minStatisticsDays: 14, unusedDays: 90 },
  check: async (context, { minBytes, minStatisticsDays, unusedDays }) => {
    const { sinceSeconds, standbys } = await readStatisticsAge(context.db);
    const days = sinceSeconds === null ? 0 : sinceSeconds / DAY_SECONDS;
    if (days < minStatisticsDays) {
      const age = sinceSeconds === null ? 'of unknown age' : `only ${secondsText(sinceSeconds)} old`;
      return {
        level: 'skipped',
        why: `the statistics are ${age}; ${minStatisticsDays} days are needed to tell`,
      };
    }
    const unused = await findUnused(context, minBytes, unusedDays * DAY_SECONDS);
    const bytes = unused.reduce((sum, index) => sum + index.bytes, 0);
    const metrics = { unused_indexes: unused.length, unused_index_bytes: bytes };
    const [largest] = unused;
    if (largest === undefined) return { level: 'ok', summary: 'none', metrics };
    const caveat =
      standbys === 0
        ? ''
        : `; ${countText(standbys, 'standby', 'standbys')} may use them: look at idx_scan there first`;
    return {
      level: 'warn',
      summary: `${countText(unused.length, 'index', 'indexes')} of ${bytesText(bytes)}, not used since statistics began ${Math.floor(days)} days ago, or for ${unusedDays}; ${largest.name} is the largest`,
      ...shownEvidence(
        unused.map(({ name, table, bytes: size, scans, definition }) => ({
          index: name,
          table,
          bytes: size,
          scans,
          definition,
        })),
      ),
      remedy: `-- keep what only a yearly report needs${caveat}\ndrop index concurrently ${largest.name};`,
      metrics,
    };
  },
});

/**
 * Never those that guarantee something, nor the ones that foreign keys need when a parent is deleted; and of a partitioned
 * index no single part, since it cannot be dropped alone.
 */
async function findUnused(context: HealthContext, minBytes: number, seconds: number): Promise<IndexFacts[]> {
  const keys = await readForeignKeys(context.db, context.server.schemas);
  const unused = (index: IndexFacts): boolean =>
    index.scans === 0 || (index.usedSecondsAgo !== null && index.usedSecondsAgo > seconds);
  return (await readAllIndexes(context))
    .filter(index => index.ordinary && index.valid && index.bytes >= minBytes && unused(index))
    .filter(({ unique, primary, constraint }) => !unique && !primary && constraint === null)
    .filter(
      ({ replicaIdentity, clustered, attached, partitioned }) =>
        !replicaIdentity && !clustered && !attached && !partitioned,
    )
    .filter(index => !keys.some(key => servesForeignKey(index, key)))
    .sort((a, b) => b.bytes - a.bytes);
}
