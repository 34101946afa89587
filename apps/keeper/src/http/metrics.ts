import type { HealthReport } from '@holdfast/database/health';
import { parseLsn } from '@holdfast/postgres';
import type { SystemStatus } from '../status.ts';
import { backupFamilies } from './backup-metrics.ts';
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
    ...backupFamilies(status.backups),
    ...walFamilies(status.wal),
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
      Object.entries(last.rows).map(([policy, rows]) => [{ policy }, rows]),
    ),
  ];
}

function walFamilies(wal: SystemStatus['wal']): string[] {
  const each = (value: (archive: SystemStatus['wal'][number]) => number | null): [Labels, number][] =>
    wal.flatMap(archive => {
      const found = value(archive);
      return found === null ? [] : [[{ destination: archive.destination }, found]];
    });
  return [
    family(
      'holdfast_wal_streaming',
      'gauge',
      'Whether WAL is being archived.',
      each(({ state }) => (state === 'streaming' ? 1 : 0)),
    ),
    family(
      'holdfast_wal_lag_bytes',
      'gauge',
      'WAL of the database that is not in the archive yet.',
      each(({ lagBytes }) => lagBytes),
    ),
    family(
      'holdfast_wal_durable_bytes',
      'gauge',
      'Position in the WAL before which everything is in the archive.',
      each(({ durableLsn }) => (durableLsn === null ? null : Number(parseLsn(durableLsn)))),
    ),
    family(
      'holdfast_wal_received_timestamp_seconds',
      'gauge',
      'When WAL was last received.',
      each(({ lastReceivedAt }) => (lastReceivedAt === null ? null : Date.parse(lastReceivedAt) / 1_000)),
    ),
  ];
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
