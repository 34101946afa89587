import {
  bytesText,
  type EntryReport,
  type Evidence,
  type HealthArea,
  type HealthReport,
  type Trend,
} from '@holdfast/database/health';
import type { Terminal } from '../terminal.ts';
import { clip, wrap } from './lines.ts';
import { remedyLines } from './remedy-lines.ts';

const SHOWN_EVIDENCE = 4;
const SHOWN_TABLES = 10;

/** The report for people: one line for each area, and more about what is not well. */
export function renderHealth(report: HealthReport, terminal: Terminal): string {
  const { entries, trends, connection } = report;
  const bad = entries.filter(({ level }) => level === 'critical' || level === 'warn');
  const worstFirst = bad.toSorted((a, b) => rank(a) - rank(b) || a.number - b.number);
  return [
    headLine(report, terminal),
    ...(connection.ok ? areaLines(entries, terminal) : []),
    ...worstFirst.map(entry => `\n${entryText(entry, terminal)}`),
    ...(terminal.verbose ? verboseLines(report, terminal) : connection.ok ? skippedLine(entries) : []),
    ...(trends.length === 0
      ? []
      : ['', 'Trends of the last two days:', ...trends.slice(0, 8).map(trendLine)]),
  ].join('\n');
}

function rank({ level }: EntryReport): number {
  return level === 'critical' ? 0 : 1;
}

function headLine({ overall_status, server, counts, durationMs }: HealthReport, { style }: Terminal): string {
  const color = overall_status === 'ok' ? 'green' : overall_status === 'warn' ? 'yellow' : 'red';
  const where =
    server === null ? 'The database' : `${server.database} on PostgreSQL ${server.version} as ${server.user}`;
  const found = (['critical', 'warn', 'ok', 'skipped'] as const)
    .filter(level => counts[level] > 0)
    .map(level => `${counts[level]} ${level}`);
  const seconds = (durationMs / 1_000).toFixed(1);
  return `${where}: ${style([color, 'bold'], overall_status)}   ${style('dim', `${found.join(', ')}; ${seconds} s`)}`;
}

function areaLines(entries: readonly EntryReport[], { style }: Terminal): string[] {
  const areas = Map.groupBy(entries, ({ area }) => area);
  return [...areas].map(([area, members]) => {
    const bad = members.filter(({ level }) => level === 'critical' || level === 'warn');
    const skipped = members.filter(({ level }) => level === 'skipped').length;
    return `${areaMark(members, style)} ${area.padEnd(12)} ${areaText(area, members, bad, skipped)}`;
  });
}

/** The worst of the area; that nothing of it was seen is no sign of health. */
function areaMark(members: readonly EntryReport[], style: Terminal['style']): string {
  const levels = new Set(members.map(({ level }) => level));
  if (levels.has('critical')) return style('red', '✗');
  if (levels.has('warn')) return style('yellow', '!');
  return levels.has('ok') ? style('green', '✓') : style('dim', '–');
}

function areaText(
  area: HealthArea,
  members: readonly EntryReport[],
  bad: readonly EntryReport[],
  skipped: number,
): string {
  const well = members.length - bad.length - skipped;
  const parts = [
    ...bad.map(({ id }) => id),
    ...(well > 0 ? [`${well} ok`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  const fact = members.find(({ level, id }) => level === 'ok' && id === HEADLINE[area]);
  return `${parts.join(', ')}${fact === undefined ? '' : ` (${fact.title.toLowerCase()}: ${fact.summary})`}`;
}

/** The entry of an area whose number is worth knowing when all is well. */
const HEADLINE: Partial<Record<HealthArea, string>> = { connectivity: 'round-trip', pool: 'connections' };

function entryText(entry: EntryReport, { style, verbose }: Terminal): string {
  const { level, number, id, title, summary, meaning, remedy, evidence, more } = entry;
  const shown = verbose ? evidence : evidence.slice(0, SHOWN_EVIDENCE);
  const hidden = evidence.length - shown.length + more;
  return [
    `${style(level === 'critical' ? 'red' : 'yellow', level)} ${style('bold', `${number} ${id}`)} · ${title}`,
    ...wrap(summary, '  '),
    ...wrap(meaning, '  ').map(line => style('dim', line)),
    ...shown.map(row => clip(`  - ${evidenceText(row)}`)),
    ...(hidden > 0 ? [`  - and ${hidden} more${verbose ? '' : ' (--verbose, --json)'}`] : []),
    ...(remedy === null ? [] : remedyLines(remedy)),
  ].join('\n');
}

function evidenceText(row: Evidence): string {
  return Object.entries(row)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function skippedLine(entries: readonly EntryReport[]): string[] {
  const skipped = entries.filter(({ level }) => level === 'skipped');
  if (skipped.length === 0) return [];
  const reasons = [...Map.groupBy(skipped, ({ summary }) => summary)].map(
    ([why, members]) => `  ${members.map(({ id }) => id).join(', ')}: ${why}`,
  );
  return [
    '',
    'Skipped:',
    ...reasons.slice(0, 6).map(clip),
    ...(reasons.length > 6 ? ['  … (--verbose)'] : []),
  ];
}

function verboseLines({ entries, tables, slowQueries }: HealthReport, { style }: Terminal): string[] {
  const rest = entries.filter(({ level }) => level === 'ok' || level === 'skipped');
  const mark = ({ level }: EntryReport): string => (level === 'ok' ? style('green', '✓') : style('dim', '–'));
  return [
    '',
    ...rest.map(entry => `${mark(entry)} ${String(entry.number).padStart(2)} ${entry.id}: ${entry.summary}`),
    ...(tables === undefined ? [] : ['', 'Largest tables:', ...tableLines(tables)]),
    ...(slowQueries === undefined ? [] : ['', 'Queries that took most time:', ...queryLines(slowQueries)]),
  ];
}

function tableLines(tables: NonNullable<HealthReport['tables']>): string[] {
  if ('skipped' in tables) return [`  skipped: ${tables.skipped}`];
  return tables.slice(0, SHOWN_TABLES).map(({ schema, name, rows, bytes, lastChange }) => {
    const size = bytes === null ? 'locked' : bytesText(bytes);
    const changed = lastChange === null ? '' : `, last changed ${lastChange}`;
    return `  ${`${schema}.${name}`.padEnd(40)} ${size.padStart(10)}, about ${rows.toLocaleString('en-US')} rows${changed}`;
  });
}

function queryLines(slow: NonNullable<HealthReport['slowQueries']>): string[] {
  if ('skipped' in slow) return [`  skipped: ${slow.skipped}`];
  return slow.queries
    .slice(0, 5)
    .map(({ totalMs, calls, meanMs, query }) =>
      clip(`  ${(totalMs / 1_000).toFixed(1)} s in ${calls} calls, ${meanMs} ms each: ${query}`),
    );
}

function trendLine({ entry, metric, now, in24Hours, fullInHours, hours }: Trend): string {
  const full = fullInHours === null ? '' : `; full in about ${Math.round(fullInHours)} h`;
  const value = (number: number): string =>
    metric.endsWith('_bytes')
      ? bytesText(number)
      : metric.endsWith('_percent')
        ? `${Math.round(number * 10) / 10} %`
        : String(Math.round(number));
  return `  ${entry} ${metric}: ${value(now)}, in 24 h about ${value(in24Hours)}${full} (from ${Math.round(hours)} h)`;
}
