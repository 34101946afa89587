import { defineEntry } from '../../entry.ts';
import { type Level, levelAbove, remedyFor, shownEvidence, worstLevel } from '../../judge.ts';
import { bytesText, countText } from '../../quantity.ts';
import { listReplicationSlots, type ReplicationSlot } from './storage-queries.ts';

const MIB = 1_024 ** 2;
const GIB = 1_024 ** 3;

interface Limits {
  readonly warnBytes: number;
  readonly criticalBytes: number;
  readonly warnInactiveBytes: number;
}

export const replicationSlots = defineEntry({
  number: 55,
  id: 'replication-slots',
  area: 'storage',
  title: 'Replication slots and the WAL they keep',
  meaning:
    'A slot keeps WAL until its reader has got it. When nobody reads, the disk fills up and the server stops; with a limit the slot is lost and its standby must be built anew.',
  quick: true,
  thresholds: { warnBytes: GIB, criticalBytes: 10 * GIB, warnInactiveBytes: 256 * MIB },
  check: async ({ db }, limits) => {
    const slots = await listReplicationSlots(db);
    const judged = slots.map(slot => ({ slot, level: judge(slot, limits) }));
    const bad = judged.filter(({ level }) => level !== 'ok');
    const retained = Math.max(0, ...slots.map(({ retainedBytes }) => Number(retainedBytes ?? 0)));
    const inactive = slots.filter(({ active }) => !active).length;
    const metrics = {
      replication_slots: slots.length,
      inactive_replication_slots: inactive,
      retained_wal_bytes: retained,
    };
    const summary = `${countText(slots.length, 'slot')}, ${inactive} without a reader; up to ${bytesText(retained)} of WAL kept`;
    if (bad.length === 0) return { level: 'ok', summary, metrics };
    const ordered = bad.toSorted((a, b) => Number(b.level === 'critical') - Number(a.level === 'critical'));
    return {
      level: worstLevel(bad.map(({ level }) => level)),
      summary,
      ...shownEvidence(ordered.map(({ slot }) => toEvidence(slot))),
      remedy: remedyFor(ordered, ({ slot }) => remedy(slot)),
      metrics,
    };
  },
});

function judge({ walStatus, active, retainedBytes }: ReplicationSlot, limits: Limits): Level {
  if (walStatus === 'lost' || walStatus === 'unreserved') return 'critical';
  const retained = Number(retainedBytes ?? 0);
  const bySize = levelAbove(retained, limits.warnBytes, limits.criticalBytes);
  return worstLevel([bySize, !active && retained >= limits.warnInactiveBytes ? 'warn' : 'ok']);
}

function toEvidence(slot: ReplicationSlot) {
  const { name, type, database, active, walStatus, retainedBytes, safeBytes, xminAge } = slot;
  return {
    slot: name,
    type,
    database,
    active,
    walStatus,
    retained: retainedBytes === null ? null : bytesText(Number(retainedBytes)),
    untilLost: safeBytes === null ? null : bytesText(Number(safeBytes)),
    xminAge,
  };
}

function remedy({ name, active }: ReplicationSlot): string {
  const literal = `'${name.replaceAll("'", "''")}'`;
  return active
    ? `select * from pg_stat_replication; -- its reader is connected and slow, or stuck: ${name}`
    : `-- bring the reader of ${name} back, or, when it will not come back\nselect pg_drop_replication_slot(${literal});\nalter system set max_slot_wal_keep_size = '20GB'; select pg_reload_conf(); -- so that a slot is lost rather than the server`;
}
