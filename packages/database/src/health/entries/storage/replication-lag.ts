import type { Queryable } from '@holdfast/postgres';
import { defineEntry, type HealthReading } from '../../entry.ts';
import { type Level, levelAbove, shownEvidence, worstLevel } from '../../judge.ts';
import { ageText, bytesText, countText } from '../../quantity.ts';
import {
  listStandbys,
  readFollowing,
  readSynchronousWish,
  type Standby,
  type SynchronousWish,
} from './storage-queries.ts';

const MIB = 1_024 ** 2;

interface Limits {
  readonly warnBytes: number;
  readonly criticalBytes: number;
  readonly warnSeconds: number;
  readonly criticalSeconds: number;
}

export const replicationLag = defineEntry({
  number: 56,
  id: 'replication-lag',
  area: 'storage',
  title: 'Replication lag',
  meaning:
    'What a standby has not got is lost when it must take over, and whoever reads from it reads the past. A synchronous standby that is away makes every commit wait.',
  quick: true,
  thresholds: { warnBytes: 64 * MIB, criticalBytes: 1_024 * MIB, warnSeconds: 30, criticalSeconds: 300 },
  check: async ({ db, server }, limits) =>
    server.inRecovery ? checkStandby(db, limits) : checkPrimary(db, server.readsStatistics, limits),
});

async function checkPrimary(db: Queryable, sees: boolean, limits: Limits): Promise<HealthReading> {
  const standbys = await listStandbys(db);
  if (standbys.length > 0 && !sees) {
    return { level: 'skipped', why: 'the lag of standbys is shown to members of pg_monitor only' };
  }
  const wish = await readSynchronousWish(db);
  const waits = isWaitingForNobody(wish, standbys);
  const judged = standbys.map(standby => ({ standby, level: judge(standby, limits) }));
  const metrics = {
    standbys: standbys.length,
    replication_lag_bytes: Math.max(0, ...standbys.map(({ lagBytes }) => Number(lagBytes ?? 0))),
    replication_lag_seconds: Math.max(0, ...standbys.map(({ lagSeconds }) => lagSeconds ?? 0)),
  };
  const level = worstLevel([waits ? 'critical' : 'ok', ...judged.map(one => one.level)]);
  const summary = summarize(standbys, waits ? wish.names : undefined);
  if (level === 'ok') return { level, summary, metrics };
  const bad = judged.filter(one => one.level !== 'ok').map(({ standby }) => toEvidence(standby));
  const missing = waits
    ? [{ standby: wish.names, state: 'not connected', syncState: 'demanded by synchronous_standby_names' }]
    : [];
  return {
    level,
    summary,
    ...shownEvidence([...missing, ...bad]),
    remedy: waits
      ? "-- commits wait for it: bring the standby back, or let them go on without\nalter system set synchronous_standby_names = ''; select pg_reload_conf();"
      : "select application_name, state, sent_lsn, write_lsn, flush_lsn, replay_lsn, replay_lag from pg_stat_replication;\n-- then on the standby\nselect pg_is_wal_replay_paused(), * from pg_stat_activity where backend_type = 'startup';\nselect pg_wal_replay_resume();",
    metrics,
  };
}

function isWaitingForNobody({ names, waiting }: SynchronousWish, standbys: readonly Standby[]): boolean {
  const synchronous = standbys.some(({ syncState }) => syncState === 'sync' || syncState === 'quorum');
  return names !== '' && waiting && !synchronous;
}

function summarize(standbys: readonly Standby[], awaited: string | undefined): string {
  if (awaited !== undefined) return `commits wait for a synchronous standby (${awaited}) that is not there`;
  const [first] = standbys;
  if (first === undefined) return 'no standby is connected';
  const time = first.lagSeconds === null ? '' : `, ${ageText(first.lagSeconds * 1_000)}`;
  return `${countText(standbys.length, 'standby', 'standbys')}; ${first.name} is ${bytesText(Number(first.lagBytes ?? 0))}${time} behind`;
}

function judge({ lagBytes, lagSeconds }: Standby, limits: Limits): Level {
  return worstLevel([
    levelAbove(Number(lagBytes ?? 0), limits.warnBytes, limits.criticalBytes),
    levelAbove(lagSeconds ?? 0, limits.warnSeconds, limits.criticalSeconds),
  ]);
}

function toEvidence({ name, address, state, syncState, lagBytes, lagSeconds, applies }: Standby) {
  return {
    standby: name,
    address,
    state,
    syncState,
    behind: lagBytes === null ? null : bytesText(Number(lagBytes)),
    behindSeconds: lagSeconds === null ? null : Math.round(lagSeconds),
    applies,
  };
}

/** On the standby itself: without a receiver nothing new comes at all. */
async function checkStandby(db: Queryable, limits: Limits): Promise<HealthReading> {
  const { receiver, unappliedBytes, behindSeconds, paused } = await readFollowing(db);
  const bytes = Number(unappliedBytes);
  const level = worstLevel([
    receiver === null ? 'critical' : 'ok',
    levelAbove(bytes, limits.warnBytes, limits.criticalBytes),
    levelAbove(behindSeconds ?? 0, limits.warnSeconds, limits.criticalSeconds),
    paused ? 'warn' : 'ok',
  ]);
  const metrics = { replication_lag_bytes: bytes, replication_lag_seconds: behindSeconds ?? 0 };
  const state = receiver === null ? 'no WAL receiver runs' : `receiving (${receiver})`;
  const summary = `${state}; ${bytesText(bytes)} received and not applied${paused ? '; replay is paused' : ''}`;
  if (level === 'ok') return { level, summary, metrics };
  return {
    level,
    summary,
    evidence: [{ receiver, unapplied: bytesText(bytes), behindSeconds, paused }],
    remedy: paused
      ? 'select pg_wal_replay_resume();'
      : "select name, setting from pg_settings where name in ('primary_conninfo', 'primary_slot_name', 'restore_command');\n-- and what the log of this server says about the primary",
    metrics,
  };
}
