import type { HealthReport } from '@holdfast/database/health';
import type { SystemStatus } from '../status.ts';
import { renderHealthMetrics } from './health-metrics.ts';
import { family, type Labels } from './metric-family.ts';

/** The state of the system in the text format of Prometheus (exposition format 0.0.4). */
export function renderMetrics(
  status: SystemStatus,
  incidentsOpened: number,
  health: HealthReport | undefined,
): string {
  const { parts, sample } = status;
  const perPart = (value: (part: SystemStatus['parts'][number]) => number): [Labels, number][] =>
    parts.map(part => [{ part: part.part }, value(part)]);
  const single = (value: number | null | undefined): [Labels, number][] =>
    value === null || value === undefined ? [] : [[{}, value]];
  const seconds = (ms: number | null | undefined): number | null => (ms == null ? null : ms / 1_000);
  const memory = [
    ['keeper', sample?.keeper.rss],
    ['server', sample?.server.rss],
    ['postgres', sample?.database.rss],
  ] as const;
  return [
    family(
      'holdfast_part_up',
      'gauge',
      'Whether a part runs and answers.',
      perPart(part => (part.ok ? 1 : 0)),
    ),
    family(
      'holdfast_part_restarts_total',
      'counter',
      'Times a part was started again.',
      perPart(part => part.restarts),
    ),
    family('holdfast_incidents_total', 'counter', 'Incidents since the keeper started.', [
      [{}, incidentsOpened],
    ]),
    family(
      'holdfast_api_latency_seconds',
      'gauge',
      'Latency of the last liveness sample.',
      single(seconds(sample?.server.latencyMs)),
    ),
    family(
      'holdfast_database_round_trip_seconds',
      'gauge',
      'Round trip of the last database sample.',
      single(seconds(sample?.database.roundTripMs)),
    ),
    family('holdfast_pool_connections', 'gauge', 'Connections of the server, by state.', poolGauges(sample)),
    family(
      'holdfast_resident_memory_bytes',
      'gauge',
      'Resident memory of a part.',
      memory.flatMap(([part, rss]): [Labels, number][] => (rss == null ? [] : [[{ part }, rss]])),
    ),
    ...cleanupFamilies(status.cleanup),
    renderHealthMetrics(health),
  ].join('');
}

function cleanupFamilies({ last }: SystemStatus['cleanup']): string[] {
  if (last === null) return [];
  return [
    family('holdfast_cleanup_timestamp_seconds', 'gauge', 'When the last cleanup ended.', [
      [{}, Date.parse(last.at) / 1_000],
    ]),
    family('holdfast_cleanup_failed', 'gauge', 'Whether the last cleanup failed.', [
      [{}, last.outcome === 'failed' ? 1 : 0],
    ]),
    family(
      'holdfast_cleanup_rows',
      'gauge',
      'Rows that the last cleanup removed.',
      Object.entries(last.rows).map(([policy, rows]) => [{ policy: labelText(policy) }, rows]),
    ),
  ];
}

/** Names of tables may hold anything. */
function labelText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function poolGauges(sample: SystemStatus['sample']): [Labels, number][] {
  const pool = sample?.pool;
  if (pool == null) return [];
  return [
    [{ state: 'checked_in' }, pool.checkedIn],
    [{ state: 'checked_out' }, pool.checkedOut],
    [{ state: 'waiting' }, pool.waiting],
  ];
}
