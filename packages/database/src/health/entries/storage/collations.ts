import { defineEntry } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import {
  type CollationVersion,
  countVersionedCollations,
  listChangedCollations,
} from './collation-queries.ts';

export const collations = defineEntry({
  number: 59,
  id: 'collations',
  area: 'storage',
  title: 'Collation versions',
  meaning:
    'The library that orders text is another one than when the indexes were built: they may be out of order, lookups miss rows, and unique indexes let duplicates in.',
  quick: true,
  thresholds: { criticalIndexes: 1 },
  check: async ({ db, server }, { criticalIndexes }) => {
    const changed = await listChangedCollations(db, server.version);
    const indexes = changed.reduce((sum, one) => sum + one.indexes, 0);
    const metrics = { changed_collations: changed.length, endangered_indexes: indexes };
    if (changed.length === 0) {
      const versioned = await countVersionedCollations(db, server.version);
      if (versioned === 0) {
        return {
          level: 'skipped',
          why: 'the collations here have no versions (C, or a C library without them)',
        };
      }
      return {
        level: 'ok',
        summary: `${countText(versioned, 'collation')} as when the indexes were built`,
        metrics,
      };
    }
    return {
      level: indexes >= criticalIndexes ? 'critical' : 'warn',
      summary: `${countText(changed.length, 'collation')} changed under ${countText(indexes, 'index', 'indexes')}`,
      ...shownEvidence(
        changed.map(({ name, kind, recorded, actual, indexes: used }) => ({
          name,
          kind,
          recorded,
          actual,
          indexes: used,
        })),
      ),
      remedy: [
        '-- look for duplicates and damage first',
        'holdfast detailed-health --full --only duplicates,index-check',
        '-- then rebuild and record the new version',
        remedyFor(changed, remedy),
      ].join('\n'),
      metrics,
    };
  },
});

function remedy({ name, kind, indexes }: CollationVersion): string {
  const refresh = `alter ${kind} ${name} refresh${kind === 'database' ? ' collation' : ''} version;`;
  if (kind === 'database') return `reindex database concurrently ${name};\n${refresh}`;
  if (indexes === 0) return refresh;
  const find = `select pg_catalog.format('reindex index concurrently %s;', indexrelid::regclass) from pg_catalog.pg_index where '${name.replaceAll("'", "''")}'::regcollation = any (indcollation::oid[])`;
  return `${find};\n-- run what it prints, then\n${refresh}`;
}
