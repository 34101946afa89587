import { defineEntry } from '../../entry.ts';
import { shownEvidence } from '../../judge.ts';
import { countText, groupDigits } from '../../quantity.ts';
import { servesForeignKey } from './covers.ts';
import { type ForeignKeyFacts, readForeignKeys } from './index-queries.ts';
import { readAllIndexes } from './read-all-indexes.ts';

/** 31: foreign keys whose own side has no index. */
export const unindexedForeignKeys = defineEntry({
  number: 31,
  id: 'unindexed-foreign-keys',
  area: 'indexes',
  title: 'Foreign keys without an index',
  meaning:
    'Each delete or change of a referenced row reads the whole referring table to look for its children, and holds its locks meanwhile.',
  quick: false,
  thresholds: { minRows: 1_000 },
  check: async (context, { minRows }) => {
    const indexes = await readAllIndexes(context);
    const all = (await readForeignKeys(context.db, context.server.schemas)).filter(
      key => !indexes.some(index => servesForeignKey(index, key)),
    );
    const large = all.filter(({ rows }) => rows >= minRows);
    const small = all.length - large.length;
    const others =
      small === 0 ? '' : `${countText(small, 'other')} on tables of fewer than ${groupDigits(minRows)} rows`;
    const metrics = { unindexed_foreign_keys: all.length };
    const [first] = large;
    if (first === undefined)
      return { level: 'ok', summary: others === '' ? 'none' : `none but ${others}`, metrics };
    return {
      level: 'warn',
      summary: `${countText(large.length, 'foreign key')}, such as ${first.name} on ${first.table}, ${groupDigits(first.rows)} rows${others === '' ? '' : `; ${others}`}`,
      ...shownEvidence(
        large.map(key => ({
          constraint: key.name,
          table: key.table,
          columns: key.columns.join(', '),
          references: key.references,
          rows: key.rows,
          statement: createIndex(key),
        })),
      ),
      remedy: large.slice(0, 3).map(createIndex).join('\n'),
      metrics,
    };
  },
});

/** A partitioned table takes no concurrent build: its partitions are indexed one by one and attached. */
function createIndex({ table, columns, partitioned }: ForeignKeyFacts): string {
  const list = columns
    .map(column => (/^[a-z_][a-z0-9_]*$/.test(column) ? column : `"${column.replaceAll('"', '""')}"`))
    .join(', ');
  return partitioned
    ? `create index on only ${table} (${list});\n-- then create index concurrently on every partition, and attach each: alter index … attach partition …`
    : `create index concurrently on ${table} (${list});`;
}
