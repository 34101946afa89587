import { bytesText, type EntryReport, type HealthReport } from '@holdfast/database/health';
import type { Diagnosis } from '../../diagnosis.ts';
import type { Layer } from '../../engine/index.ts';
import {
  checksOf,
  countChecks,
  fromReading,
  millisecondsText,
  number,
  plural,
  timeText,
  toneOf,
} from './blocks.ts';
import type { Block, Cell, Deliverable, Tone } from './document.ts';
import { type KnownBackup, type Readings, readOf } from './readings.ts';

const LAYERS: readonly Layer[] = ['database', 'schema', 'data'];
const LEVEL_TONES: Readonly<Record<EntryReport['level'], Tone>> = {
  critical: 'bad',
  warn: 'warn',
  ok: 'good',
  skipped: 'plain',
};
const LARGEST = 15;
const MAX_EVIDENCE = 10;
const MAX_BACKUPS = 20;

/** The database health report: what the doctor saw, the health catalogue run for this report, tables, trends and backups. */
export function databaseHealth(diagnosis: Diagnosis, readings: Readings): Deliverable {
  const health = readOf(readings.health);
  const what = 'The health catalogue';
  return {
    id: 'database-health',
    title: 'Database health',
    tone: worst(toneOf(diagnosis, LAYERS), healthTone(health)),
    lead: `${countChecks(diagnosis, LAYERS)} ${health === undefined ? '' : catalogueText(health)}`.trim(),
    sections: [
      {
        title: 'What the doctor saw',
        blocks: [checksOf(diagnosis, LAYERS, 'Checks of database, schema and data')],
      },
      { title: 'The server', blocks: fromReading(readings.health, what, serverBlocks) },
      { title: 'What needs attention', blocks: fromReading(readings.health, what, attentionBlocks) },
      { title: 'Tables', blocks: fromReading(readings.health, 'The tables', tableBlocks) },
      { title: 'Where it is heading', blocks: fromReading(readings.health, 'Trends', trendBlocks) },
      { title: 'Backups', blocks: fromReading(readings.backups, 'The backups', backupBlocks) },
      { title: 'Every entry', blocks: fromReading(readings.health, what, report => [entriesTable(report)]) },
    ],
  };
}

const TONE_ORDER: readonly Tone[] = ['bad', 'warn', 'good', 'plain'];

export function worst(...tones: readonly Tone[]): Tone {
  return TONE_ORDER.find(tone => tones.includes(tone)) ?? 'plain';
}

function healthTone(health: HealthReport | undefined): Tone {
  if (health === undefined || health.overall_status === 'unknown') return 'plain';
  return LEVEL_TONES[health.overall_status];
}

function catalogueText({ connection, counts }: HealthReport): string {
  if (!connection.ok) return `The health catalogue could not be run: ${connection.reason}.`;
  return `Of the health catalogue, ${number(counts.ok)} are ok, ${number(counts.warn)} warn, ${number(counts.critical)} are critical, ${number(counts.skipped)} were skipped.`;
}

function serverBlocks({ server, connection, at, durationMs }: HealthReport): Block[] {
  if (!connection.ok || server === null) {
    const why = connection.ok ? 'it was lost during the examination' : connection.reason;
    return [{ kind: 'missing', what: 'The server', why }];
  }
  const rows: Cell[][] = [
    ['PostgreSQL', server.version],
    ['Database', server.database],
    ['Examined as', server.user],
    ['In recovery', server.inRecovery ? 'yes: a standby, or a restore that goes on' : 'no'],
    [
      'Sees the statistics of other roles',
      server.readsStatistics ? 'yes' : `no: grant pg_monitor to ${server.user} shows more`,
    ],
    ['Connected in', millisecondsText(connection.connectMs)],
    ['Examined at', `${timeText(at)}, in ${millisecondsText(durationMs)}`],
  ];
  return [
    {
      kind: 'table',
      caption: 'The server that was examined',
      columns: [{ title: 'What' }, { title: 'Value' }],
      rows,
    },
  ];
}

function attentionBlocks(report: HealthReport): Block[] {
  const entries = report.entries.filter(({ level }) => level === 'critical' || level === 'warn');
  if (entries.length === 0) {
    const text = report.counts.ok === 0 ? 'Nothing could be examined.' : 'No entry of the catalogue warns.';
    return [{ kind: 'text', text }];
  }
  const order = entries.toSorted((a, b) => Number(b.level === 'critical') - Number(a.level === 'critical'));
  return order.flatMap(entry => [
    {
      kind: 'callout' as const,
      tone: LEVEL_TONES[entry.level],
      title: `${entry.level}: ${entry.title} (${entry.number}, ${entry.id})`,
      text: `${entry.summary}. ${entry.meaning}`,
    },
    ...evidenceTable(entry),
    ...(entry.remedy === null
      ? []
      : [
          {
            kind: 'commands' as const,
            caption: `What helps with ${entry.id}`,
            lines: entry.remedy.split('\n'),
          },
        ]),
  ]);
}

function evidenceTable({ id, evidence, more }: EntryReport): Block[] {
  const [first] = evidence;
  if (first === undefined) return [];
  const names = Object.keys(first);
  const left = more + Math.max(0, evidence.length - MAX_EVIDENCE);
  return [
    {
      kind: 'table',
      caption: `What ${id} rests on${left > 0 ? `, the worst ${Math.min(MAX_EVIDENCE, evidence.length)} of ${evidence.length + more}` : ''}`,
      columns: names.map(title => ({ title, numeric: typeof first[title] === 'number' })),
      rows: evidence.slice(0, MAX_EVIDENCE).map(row => names.map(name => plain(row[name]))),
    },
  ];
}

function plain(value: string | number | boolean | null | undefined): Cell {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value ?? null;
}

function tableBlocks({ tables }: HealthReport): Block[] {
  if (tables === undefined)
    return [{ kind: 'missing', what: 'The tables', why: 'the database could not be reached' }];
  if ('skipped' in tables) return [{ kind: 'missing', what: 'The tables', why: tables.skipped }];
  const shown = tables.slice(0, LARGEST);
  return [
    {
      kind: 'table',
      caption: `The largest ${plural(shown.length, 'table')} of ${tables.length}; rows are PostgreSQL's estimates`,
      columns: [
        { title: 'Table' },
        { title: 'Rows', numeric: true },
        { title: 'Dead rows', numeric: true },
        { title: 'Size', numeric: true },
        { title: 'Of that indexes', numeric: true },
        { title: 'Last change' },
        { title: 'Last analyzed' },
      ],
      rows: shown.map(
        ({ schema, name, rows, deadRows, bytes, indexBytes, lastChange, lastAnalyze }): Cell[] => [
          { text: `${schema}.${name}`, code: true },
          rows,
          deadRows,
          bytes === null ? 'locked' : bytesText(bytes),
          indexBytes === null ? 'locked' : bytesText(indexBytes),
          lastChange === null ? null : timeText(lastChange),
          lastAnalyze === null ? 'not on record' : timeText(lastAnalyze),
        ],
      ),
    },
  ];
}

function trendBlocks({ trends }: HealthReport): Block[] {
  if (trends.length === 0) {
    return [
      {
        kind: 'text',
        text: 'The stored samples show no trend: there are too few of them, or nothing moves steadily.',
      },
    ];
  }
  return [
    {
      kind: 'table',
      caption: 'Straight lines through the stored samples of at most two days',
      columns: [
        { title: 'What' },
        { title: 'Now', numeric: true },
        { title: 'A day adds', numeric: true },
        { title: 'In 24 h', numeric: true },
        { title: 'Full in' },
        { title: 'Samples', numeric: true },
      ],
      rows: trends.map(({ entry, metric, now, per24Hours, in24Hours, fullInHours, samples }) => [
        `${metric} (${entry})`,
        now,
        per24Hours,
        in24Hours,
        fullInHours === null ? 'not within 30 days' : `${number(Math.round(fullInHours))} h`,
        samples,
      ]),
    },
  ];
}

function backupBlocks(backups: readonly KnownBackup[]): Block[] {
  if (backups.length === 0) {
    return [
      { kind: 'callout', tone: 'bad', title: 'There is no backup', text: 'Make one now: holdfast backup' },
    ];
  }
  const levels = {
    files: 'its files are whole',
    decode: 'it can be read',
    drill: 'it was restored as a drill',
  };
  return [
    {
      kind: 'table',
      caption: `The newest ${plural(Math.min(MAX_BACKUPS, backups.length), 'backup')} of ${backups.length}`,
      columns: [
        { title: 'Backup' },
        { title: 'Of' },
        { title: 'Size', numeric: true },
        { title: 'Validated' },
      ],
      rows: backups.slice(0, MAX_BACKUPS).map(({ id, createdAt, bytes, validation }): Cell[] => [
        { text: id, code: true },
        timeText(createdAt),
        bytesText(bytes),
        validation === null
          ? { text: 'never', tone: 'warn' }
          : {
              text: `${levels[validation.level]}, ${timeText(validation.at)}`,
              tone: validation.level === 'drill' ? 'good' : 'plain',
            },
      ]),
    },
  ];
}

function entriesTable({ entries }: HealthReport): Block {
  return {
    kind: 'table',
    caption: 'Every entry of the health catalogue',
    folded: true,
    columns: [
      { title: 'No.', numeric: true },
      { title: 'Level' },
      { title: 'Entry' },
      { title: 'What was seen' },
    ],
    rows: entries.map(({ number: place, level, title, id, summary }): Cell[] => [
      place,
      { text: level, tone: LEVEL_TONES[level] },
      `${title} (${id})`,
      summary,
    ]),
  };
}
