import { defineEntry, type HealthReading } from '../../entry.ts';
import { remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { coverage, coverageMetrics, type RowScan, runScans, type Scanned } from '../row-scans.ts';
import { countDuplicates, showDuplicates } from './duplicate-query.ts';
import { listUniqueIndexes, type UniqueIndex } from './unique-index-queries.ts';

/** A slice of the keys still reads the whole table, at about this part of the price. */
const LEAST_PERCENT = 25;
/** Grouping costs about this much more than reading. */
const GROUPING_FACTOR = 1.5;

export const duplicates = defineEntry({
  number: 35,
  id: 'duplicates',
  area: 'constraints',
  title: 'Duplicates under a unique index',
  meaning:
    'Two rows have the same key although an index says that cannot be: the index is damaged, its collation changed, or it was never finished. Lookups find one of them, a dump cannot be restored, and the index cannot be rebuilt.',
  quick: false,
  elastic: true,
  thresholds: { criticalKeys: 1 },
  check: async (context, { criticalKeys }) => {
    const startedAt = context.clock.monotonic();
    const { server } = context;
    const indexes = await listUniqueIndexes(context.db, server.schemas, server.version);
    const able = indexes.filter(({ seesAll, usualEquality }) => seesAll && usualEquality);
    if (able.length === 0 && indexes.length > 0) {
      return { level: 'skipped', why: `${server.user} may not read all rows of any of the tables` };
    }
    const result = await runScans(context, able.map(toScan), startedAt);
    const broken = result.scanned
      .filter(({ counts }) => (counts[0] ?? 0) > 0)
      .toSorted(
        (a, b) =>
          Number(b.scan.subject.valid) - Number(a.scan.subject.valid) ||
          (b.counts[0] ?? 0) - (a.counts[0] ?? 0),
      );
    const unable = indexes.length - able.length;
    const note =
      unable > 0 ? `; ${unable} cannot be judged (unreadable rows, or an equality of their own)` : '';
    const examined = `${countText(result.scanned.length, 'unique index', 'unique indexes')} examined without using any${coverage(result)}${note}`;
    return report(broken, examined, criticalKeys, coverageMetrics(result));
  },
});

function toScan(index: UniqueIndex): RowScan<UniqueIndex> {
  return {
    subject: index,
    name: index.index,
    rows: Number(index.rows) * GROUPING_FACTOR,
    risk: index.valid ? Number(index.collated) : 2,
    leastPercent: index.hashable ? LEAST_PERCENT : 100,
    statement: part => countDuplicates(index, part),
  };
}

/** Under an index that was never finished they are the reason for that, and nobody was promised anything. */
function report(
  broken: readonly Scanned<UniqueIndex>[],
  examined: string,
  criticalKeys: number,
  coverageNumbers: Readonly<Record<string, number>>,
): HealthReading {
  const total = broken.reduce((sum, { counts }) => sum + (counts[0] ?? 0), 0);
  const promised = broken
    .filter(({ scan }) => scan.subject.valid)
    .reduce((sum, { counts }) => sum + (counts[0] ?? 0), 0);
  const metrics = { duplicate_keys: total, broken_unique_indexes: broken.length, ...coverageNumbers };
  if (total === 0) return { level: 'ok', summary: `no duplicates; ${examined}`, metrics };
  const rows = broken.map(({ scan: { subject }, counts, percent }) => ({
    table: subject.table,
    index: subject.index,
    duplicateKeys: counts[0] ?? 0,
    sampledPercent: percent,
    valid: subject.valid,
  }));
  return {
    level: promised >= criticalKeys ? 'critical' : 'warn',
    summary: `${countText(total, 'key')} with several rows under ${countText(broken.length, 'unique index', 'unique indexes')}; ${examined}`,
    ...shownEvidence(rows),
    remedy: remedyFor(broken, ({ scan }) => repair(scan.subject)),
    metrics,
  };
}

function repair(index: UniqueIndex): string {
  return [
    '-- look at the rows of each key, keep one of them and move what refers to the others',
    showDuplicates(index),
    `-- then: delete from ${index.table} where ctid = '(page,row)'; for each that goes, and`,
    `reindex index ${index.valid ? '' : 'concurrently '}${index.index};`,
  ].join('\n');
}
