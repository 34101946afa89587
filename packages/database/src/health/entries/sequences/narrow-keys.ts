import { sql } from '@holdfast/postgres';
import { defineEntry, type Evidence } from '../../entry.ts';
import { levelAbove, remedyFor, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { catalogSql } from '../catalog-sql.ts';
import {
  coverage,
  coverageMetrics,
  type RowScan,
  runScans,
  type Scanned,
  tableSample,
} from '../row-scans.ts';
import { listNarrowKeys, type NarrowKey } from './sequence-queries.ts';

interface Fullness {
  readonly key: NarrowKey;
  readonly highest: number;
  readonly usedPercent: number;
}

export const narrowKeys = defineEntry({
  number: 42,
  id: 'narrow-keys',
  area: 'sequences',
  title: 'Integer keys near their limit',
  meaning:
    'A key column of type integer ends at 2147483647 (smallint at 32767), whatever its sequence could still give: then every insert fails. A foreign key that is narrower than what it refers to fails as soon as that passes the limit.',
  quick: false,
  elastic: true,
  thresholds: { warnPercent: 75, urgentPercent: 85, criticalPercent: 95 },
  check: async (context, { warnPercent, urgentPercent, criticalPercent }) => {
    const startedAt = context.clock.monotonic();
    const { db, server } = context;
    const keys = (await listNarrowKeys(db, server.schemas)).filter(({ seesAll }) => seesAll);
    const result = await runScans(
      context,
      keys.filter(({ rows }) => Number(rows) > 0).map(toScan),
      startedAt,
    );
    const all = result.scanned.map(toFullness).toSorted((a, b) => b.usedPercent - a.usedPercent);
    const near = all.filter(({ usedPercent }) => usedPercent >= warnPercent);
    const urgent = all.filter(({ usedPercent }) => usedPercent >= urgentPercent).length;
    const most = all[0]?.usedPercent ?? 0;
    const metrics = { fullest_key_percent: most, narrow_keys: keys.length, ...coverageMetrics(result) };
    const first = near[0];
    if (first === undefined) {
      const summary = `the fullest of ${countText(keys.length, 'integer key')} is at ${most}%${coverage(result)}`;
      return { level: 'ok', summary, metrics };
    }
    return {
      level: levelAbove(most, warnPercent, criticalPercent),
      summary: `${first.key.table}.${first.key.column} is at ${most}%; ${near.length} above ${warnPercent}%, ${urgent} above ${urgentPercent}%${coverage(result)}`,
      ...shownEvidence(near.map(toEvidence)),
      remedy: remedyFor(near, widen),
      metrics,
    };
  },
});

function toScan(key: NarrowKey): RowScan<NarrowKey> {
  return {
    subject: key,
    name: key.sourceTable,
    rows: key.indexed ? 1 : Number(key.rows),
    risk: 0,
    leastPercent: 0.01,
    statement: part => sql`
      select array[coalesce(max(${catalogSql(key.sourceColumn)}), 0)::pg_catalog.int8] as counts
      from ${catalogSql(key.sourceTable)} ${tableSample(part)}`,
  };
}

function toFullness({ scan: { subject }, counts }: Scanned<NarrowKey>): Fullness {
  const highest = Math.max(0, counts[0] ?? 0);
  return { key: subject, highest, usedPercent: Math.floor((highest / subject.limit) * 10_000) / 100 };
}

function toEvidence({ key, highest, usedPercent }: Fullness): Evidence {
  const own = key.sourceTable === key.table && key.sourceColumn === key.column;
  return {
    column: `${key.table}.${key.column}`,
    type: key.type,
    usedPercent,
    highest,
    refersTo: own ? null : `${key.sourceTable}.${key.sourceColumn}`,
  };
}

function widen({ key }: Fullness): string {
  const type = key.type === 'smallint' ? 'integer' : 'bigint';
  return [
    '-- rewrites the table and keeps everybody out meanwhile; a large one is better moved to a new column that a trigger fills',
    `alter table ${key.table} alter column ${key.column} type ${type};`,
  ].join('\n');
}
