import type { EntryReport, HealthReport } from '@holdfast/database/health';
import { family, type Labels } from './metric-family.ts';

const LEVELS = { ok: 0, warn: 1, critical: 2 } as const;

type Values = [Labels, number][];

/** The last examination of the database for Prometheus. Entries that were skipped have no level. */
export function renderHealthMetrics(report: HealthReport | undefined): string {
  if (report === undefined) return '';
  const { entries, trends, tables } = report;
  return [
    family(
      'holdfast_health_level',
      'gauge',
      'Level of a health entry: 0 ok, 1 warn, 2 critical.',
      entries.flatMap(
        ({ id, level }): Values => (level === 'skipped' ? [] : [[{ entry: id }, LEVELS[level]]]),
      ),
    ),
    family('holdfast_health_examined_timestamp_seconds', 'gauge', 'When the database was last examined.', [
      [{}, Date.parse(report.at) / 1_000],
    ]),
    ...entryMetrics(entries),
    family(
      'holdfast_health_predicted_24h',
      'gauge',
      'Value of a metric in 24 hours, if its trend goes on.',
      trends.map(({ entry, metric, in24Hours }): Values[number] => [{ entry, metric }, in24Hours]),
    ),
    family(
      'holdfast_health_full_in_hours',
      'gauge',
      'Hours until a share reaches 100 percent, if its trend goes on.',
      trends.flatMap(
        ({ entry, metric, fullInHours }): Values =>
          fullInHours === null ? [] : [[{ entry, metric }, fullInHours]],
      ),
    ),
    family(
      'holdfast_table_bytes',
      'gauge',
      'Size of a table with its indexes and TOAST.',
      Array.isArray(tables)
        ? tables.flatMap(
            ({ schema, name, bytes }): Values => (bytes === null ? [] : [[{ schema, table: name }, bytes]]),
          )
        : [],
    ),
  ].join('');
}

/** Entries may share the name of a metric; the label tells them apart. */
function entryMetrics(entries: readonly EntryReport[]): string[] {
  const byName = new Map<string, Values>();
  for (const { id, metrics } of entries) {
    for (const [name, value] of Object.entries(metrics)) {
      const values = byName.get(name) ?? [];
      values.push([{ entry: id }, value]);
      byName.set(name, values);
    }
  }
  return [...byName].map(([name, values]) =>
    family(
      `holdfast_health_${name}`,
      'gauge',
      `Measured by ${values.map(([{ entry }]) => entry).join(', ')}.`,
      values,
    ),
  );
}
