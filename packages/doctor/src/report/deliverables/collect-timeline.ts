import type { Diagnosis } from '../../diagnosis.ts';
import type { TimelineEvent } from './document.ts';
import { type Readings, readOf } from './readings.ts';
import type { RepairRecord } from './repair-record.ts';

export interface Timeline {
  /** The oldest first. */
  readonly events: readonly TimelineEvent[];
  /** How many older or less telling ones were left out. */
  readonly left: number;
}

const WINDOW_MS = 7 * 86_400_000;
const MAX_EVENTS = 60;
const MAX_LOG_EVENTS = 20;
const REPAIR_WORDS = {
  helped: 'helped',
  undone: 'did not help and was taken back',
  failed: 'failed',
  interrupted: 'was interrupted',
} as const;

/**
 * What happened in the seven days before the examination, from every source that keeps times, and the last migration and backup
 * whenever they were. The newest 60 are kept.
 */
export function collectTimeline(
  diagnosis: Diagnosis,
  readings: Readings,
  repairs: readonly RepairRecord[],
): Timeline {
  const { startedAt } = diagnosis.timings;
  const since = Date.parse(startedAt) - WINDOW_MS;
  const [migrations, backups] = [migrationEvents(readings), backupEvents(readings)];
  const all = [
    ...keeperEvents(readings),
    ...logEvents(readings),
    ...migrations,
    ...backups,
    ...repairs.flatMap(repairEvents),
    { at: startedAt, source: 'doctor' as const, tone: 'plain' as const, what: examinationText(diagnosis) },
  ].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const kept = new Set([newest(migrations), newest(backups)]);
  const recent = all.filter(event => Date.parse(event.at) >= since || kept.has(event));
  const events = recent.slice(-MAX_EVENTS);
  return { events, left: all.length - events.length };
}

function newest(events: readonly TimelineEvent[]): TimelineEvent | undefined {
  return events.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1);
}

function examinationText({ status }: Diagnosis): string {
  const words = {
    healthy: 'and found nothing to repair',
    degraded: 'and found nothing to repair, though not everything is at its best',
    findings: 'and found what this report tells',
    incomplete: 'and found nothing to repair in what it saw before the time was over',
    not_examined: 'and could not see enough to judge',
  };
  return `The doctor examined the system ${words[status]}.`;
}

function keeperEvents({ incidents }: Readings): TimelineEvent[] {
  return (readOf(incidents) ?? []).flatMap(({ part, kind, reason, startedAt, recoveredAt, actions }) => {
    const did = actions.length === 0 ? '' : `; the keeper: ${actions.join(', ')}`;
    const began: TimelineEvent = {
      at: startedAt,
      source: 'keeper',
      tone: 'bad',
      what: `${part}: ${kind}, ${reason}${did}${recoveredAt === null ? ' (still open)' : ''}`,
    };
    if (recoveredAt === null) return [began];
    return [
      began,
      { at: recoveredAt, source: 'keeper', tone: 'good', what: `${part} works again (${kind})` },
    ];
  });
}

function logEvents({ logs }: Readings): TimelineEvent[] {
  const analysis = readOf(logs);
  if (analysis === undefined) return [];
  const incidents = analysis.incidents.flatMap(({ title, onset, end, state, affected }): TimelineEvent[] => {
    const who =
      affected.count === 0
        ? ''
        : `, ${affected.count} ${affected.by}${affected.count === 1 ? '' : 's'} affected`;
    const began: TimelineEvent = { at: onset, source: 'logs', tone: 'bad', what: `${title}${who}` };
    if (state === 'open') return [{ ...began, what: `${began.what} (not over when the log ends)` }];
    return [began, { at: end, source: 'logs', tone: 'good', what: `over: ${title}` }];
  });
  const events = analysis.events.slice(-MAX_LOG_EVENTS).map(
    ({ time, kind, what }): TimelineEvent => ({
      at: time,
      source: kind === 'deployment' ? 'deployment' : 'logs',
      tone: 'plain',
      what,
    }),
  );
  return [...incidents, ...events];
}

function migrationEvents({ migrations }: Readings): TimelineEvent[] {
  return (readOf(migrations) ?? []).map(({ name, appliedAt, appliedBy }) => ({
    at: appliedAt,
    source: 'migration',
    tone: 'plain',
    what: `Migration ${name} was applied by ${appliedBy}`,
  }));
}

function backupEvents({ backups, backupRuns }: Readings): TimelineEvent[] {
  const taken = (readOf(backups) ?? []).flatMap(({ id, createdAt, validation }): TimelineEvent[] => [
    { at: createdAt, source: 'backup', tone: 'good', what: `Backup ${id}` },
    ...(validation?.level === 'drill'
      ? [
          {
            at: validation.at,
            source: 'backup' as const,
            tone: 'good' as const,
            what: `Backup ${id} was restored as a drill`,
          },
        ]
      : []),
  ]);
  const failed = (readOf(backupRuns) ?? [])
    .filter(({ outcome }) => outcome === 'failed')
    .map(
      ({ kind, at, reason }): TimelineEvent => ({
        at,
        source: 'backup',
        tone: 'bad',
        what: `A ${kind} failed: ${reason ?? 'no reason is on record'}`,
      }),
    );
  return [...taken, ...failed];
}

function repairEvents({ code, subject, startedAt, finishedAt, outcome }: RepairRecord): TimelineEvent[] {
  if (outcome === 'planned') return [];
  const head = `Repair of ${code} at ${subject}`;
  const began: TimelineEvent = { at: startedAt, source: 'repair', tone: 'plain', what: `${head} began` };
  if (finishedAt === null) return [{ ...began, tone: 'warn', what: `${head} began and was interrupted` }];
  const word = REPAIR_WORDS[outcome];
  return [
    began,
    {
      at: finishedAt,
      source: 'repair',
      tone: outcome === 'helped' ? 'good' : 'warn',
      what: `${head} ${word}`,
    },
  ];
}
