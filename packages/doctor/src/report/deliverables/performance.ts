import type { HealthReport, SlowQueries } from '@holdfast/database/health';
import type { Diagnosis } from '../../diagnosis.ts';
import { isSighting } from '../../engine/index.ts';
import type { LogAnalysis } from '../../logs/index.ts';
import type { LatencyReading } from '../measure-latency.ts';
import { fromReading, millisecondsText, number, plural } from './blocks.ts';
import type { Block, Cell, Deliverable, Tone } from './document.ts';
import { endpointsTable, logsText } from './log-blocks.ts';
import { type Readings, readOf } from './readings.ts';

/** What users are promised: 95 of 100 requests are answered within this. */
const P95_OBJECTIVE_MS = 200;
/** And at most this share of them with a server error. */
const ERROR_OBJECTIVE = 0.001;
/** Of fewer requests, the slowest twentieth is chance. */
const LEAST_REQUESTS = 20;
const POOL_ENTRIES = [
  'connections',
  'app-pool',
  'round-trip',
  'cache-hits',
  'long-query',
  'blocked-sessions',
];

/** The performance report: latency now and as users had it, slow queries, connections, and the examination's own cost. */
export function performance(diagnosis: Diagnosis, readings: Readings): Deliverable {
  const [latency, logs] = [readOf(readings.latency), readOf(readings.logs)];
  return {
    id: 'performance',
    title: 'Performance',
    tone: toneOfPerformance(latency, logs),
    lead: leadOf(latency, logs),
    sections: [
      {
        title: 'Latency now',
        blocks: fromReading(readings.latency, 'The latency of the API', latencyBlocks),
      },
      { title: 'Signing in', blocks: [signInBlock(diagnosis)] },
      { title: 'Latency as users had it', blocks: fromReading(readings.logs, 'The logs', userBlocks) },
      { title: 'Slow queries', blocks: fromReading(readings.health, 'Slow queries', slowBlocks) },
      {
        title: 'Connections and caches',
        blocks: fromReading(readings.health, 'Connections and caches', poolBlocks),
      },
      { title: 'What this examination cost', blocks: [timingsTable(diagnosis)] },
    ],
  };
}

const answered = (latency: LatencyReading | undefined) =>
  (latency?.operations ?? []).filter(({ p95 }) => p95 !== null);

const isSlow = (p95: number | null): boolean => p95 !== null && p95 > P95_OBJECTIVE_MS;

function toneOfPerformance(latency: LatencyReading | undefined, logs: LogAnalysis | undefined): Tone {
  const measured = answered(latency);
  if (isSlow(usersP95(logs)) || measured.some(({ p95 }) => isSlow(p95))) return 'warn';
  if (errorShare(logs) > ERROR_OBJECTIVE) return 'warn';
  return measured.length > 0 || usersP95(logs) !== null ? 'good' : 'plain';
}

function usersP95(logs: LogAnalysis | undefined): number | null {
  return logs === undefined || logs.totals.requests < LEAST_REQUESTS ? null : logs.totals.p95;
}

function errorShare(logs: LogAnalysis | undefined): number {
  if (logs === undefined || logs.totals.requests < LEAST_REQUESTS) return 0;
  return serverErrors(logs) / logs.totals.requests;
}

function serverErrors({ statuses }: LogAnalysis): number {
  return Object.entries(statuses).reduce(
    (sum, [status, amount]) => sum + (status.startsWith('5') ? amount : 0),
    0,
  );
}

function leadOf(latency: LatencyReading | undefined, logs: LogAnalysis | undefined): string {
  const slowest = answered(latency).toSorted((a, b) => (b.p95 ?? 0) - (a.p95 ?? 0))[0];
  const now =
    slowest === undefined
      ? 'The latency of the API could not be measured now.'
      : `The slowest of ${plural(answered(latency).length, 'operation')} measured now is ${slowest.operation}: 95 of 100 answers within ${millisecondsText(slowest.p95)}.`;
  const p95 = usersP95(logs);
  return p95 === null ? now : `${now} Users had 95 of 100 answers within ${millisecondsText(p95)}.`;
}

const OBJECTIVE_TEXT = `The objective is 95 of 100 answers within ${P95_OBJECTIVE_MS} ms.`;

function p95Cell(p95: number | null): Cell {
  if (p95 === null) return 'not known';
  return isSlow(p95) ? { text: `${millisecondsText(p95)} (slow)`, tone: 'warn' } : millisecondsText(p95);
}

function latencyBlocks({ url, operations }: LatencyReading): Block[] {
  if (operations.length === 0)
    return [{ kind: 'missing', what: 'The latency of the API', why: 'nothing of it could be asked in time' }];
  return [
    {
      kind: 'text',
      text: `One request after another, without credentials, from where this report was made. ${OBJECTIVE_TEXT}`,
    },
    {
      kind: 'table',
      caption: `Operations of ${url}`,
      columns: [
        { title: 'Operation' },
        { title: 'Status', numeric: true },
        { title: 'Answers', numeric: true },
        { title: 'p50', numeric: true },
        { title: 'p95', numeric: true },
        { title: 'Longest', numeric: true },
        { title: 'Failed', numeric: true },
      ],
      rows: operations.map(({ operation, status, samples, p50, p95, max, failures }): Cell[] => [
        { text: operation, code: true },
        status,
        samples,
        millisecondsText(p50),
        p95Cell(p95),
        millisecondsText(max),
        failures === 0 ? 0 : { text: number(failures), tone: 'bad' },
      ]),
    },
  ];
}

function signInBlock({ observations }: Diagnosis): Block {
  const rows = observations.flatMap((observation): Cell[][] => {
    if (!observation.id.startsWith('auth.') || !isSighting(observation)) return [];
    const { milliseconds, status } = observation.saw;
    if (typeof milliseconds !== 'number') return [];
    return [
      [
        observation.id.slice('auth.'.length).replaceAll('_', ' '),
        typeof status === 'number' ? status : null,
        millisecondsText(milliseconds),
      ],
    ];
  });
  if (rows.length === 0)
    return { kind: 'missing', what: 'The time of signing in', why: 'the probe account could not be used' };
  return {
    kind: 'table',
    caption:
      'One sign-in of the probe account; login includes the hash of the password, which is slow on purpose',
    columns: [{ title: 'Step' }, { title: 'Status', numeric: true }, { title: 'Time', numeric: true }],
    rows,
  };
}

function userBlocks(analysis: LogAnalysis): Block[] {
  const errors = serverErrors(analysis);
  const share = number(Math.round((errors / analysis.totals.requests) * 1_000_000) / 10_000);
  const text =
    analysis.totals.requests === 0
      ? logsText(analysis)
      : `${logsText(analysis)} ${plural(errors, 'server error')}: ${share} % of the requests; the objective is at most ${ERROR_OBJECTIVE * 100} %. ${OBJECTIVE_TEXT}`;
  return [
    { kind: 'text', text },
    endpointsTable(
      analysis,
      'Endpoints with the most requests',
      ({ p95, requests }) => p95 !== null || requests > 0,
    ),
    endpointsTable(
      analysis,
      `Endpoints slower than the objective, of those with at least ${LEAST_REQUESTS} requests`,
      ({ p95, requests }) => requests >= LEAST_REQUESTS && isSlow(p95),
    ),
  ];
}

function slowBlocks({ slowQueries, connection }: HealthReport): Block[] {
  const what = 'Slow queries';
  if (!connection.ok) return [{ kind: 'missing', what, why: connection.reason }];
  if (slowQueries === undefined) return [{ kind: 'missing', what, why: 'they were not read' }];
  return [slowTable(slowQueries)];
}

function slowTable(slow: SlowQueries): Block {
  if ('skipped' in slow) return { kind: 'missing', what: 'Slow queries', why: slow.skipped };
  return {
    kind: 'table',
    caption: 'The statements that took most time in all, by pg_stat_statements',
    columns: [
      { title: 'Statement' },
      { title: 'Calls', numeric: true },
      { title: 'In all', numeric: true },
      { title: 'Mean', numeric: true },
      { title: 'Longest', numeric: true },
      { title: 'Rows', numeric: true },
    ],
    rows: slow.queries.map(({ query, calls, totalMs, meanMs, maxMs, rows }): Cell[] => [
      { text: query, code: true },
      calls,
      ...[totalMs, meanMs, maxMs].map(millisecondsText),
      rows,
    ]),
  };
}

function poolBlocks({ entries }: HealthReport): Block[] {
  const found = entries.filter(({ id }) => POOL_ENTRIES.includes(id));
  if (found.length === 0)
    return [
      { kind: 'missing', what: 'Connections and caches', why: 'the health catalogue was run without them' },
    ];
  return [
    {
      kind: 'table',
      caption: 'What the health catalogue says about connections and caches',
      columns: [{ title: 'Level' }, { title: 'Entry' }, { title: 'What was seen' }],
      rows: found.map(({ level, title, id, summary }) => [level, `${title} (${id})`, summary]),
    },
  ];
}

function timingsTable({ timings }: Diagnosis): Block {
  return {
    kind: 'table',
    caption: `The examination took ${millisecondsText(timings.durationMs)}; its probes, side by side`,
    columns: [{ title: 'Probe' }, { title: 'Time', numeric: true }],
    rows: Object.entries(timings.probes)
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, duration]) => [name, millisecondsText(duration)]),
  };
}
