import { defineEntry, type HealthContext } from '../../entry.ts';
import { levelAbove, shownEvidence, worstLevel } from '../../judge.ts';
import { ageText, bytesText } from '../../quantity.ts';
import { growthOf, metricHistory } from '../sampled-metric.ts';
import { type DiskPlace, readDiskPlaces } from './disk-space.ts';
import { findDataDirectory } from './find-data-directory.ts';

const HOUR_MS = 3_600_000;
const FULL = 100;
/** The growth that counts is that of the last day. */
const LOOK_BACK_MS = 24 * HOUR_MS;

export const disk = defineEntry({
  number: 53,
  id: 'disk',
  area: 'storage',
  title: 'Disk space',
  meaning:
    'Without space PostgreSQL cannot write, and with none left for its WAL it stops. Never delete files of pg_wal to make room.',
  quick: true,
  thresholds: { warnPercent: 75, criticalPercent: 90, horizonHours: 24 },
  check: async (context, { warnPercent, criticalPercent, horizonHours }) => {
    const { dataDirectory, db } = context;
    const place = dataDirectory === undefined ? await findDataDirectory(db) : { path: dataDirectory };
    if ('why' in place) return { level: 'skipped', why: place.why };
    const found = await readDiskPlaces(place.path);
    if ('why' in found) return { level: 'skipped', why: found.why };
    const places = found.places.toSorted((a, b) => fullness(b) - fullness(a));
    const fullest = places[0];
    if (fullest === undefined) return { level: 'skipped', why: 'no file system was found' };
    const now = fullness(fullest);
    const growth = growthPerHour(context);
    const later = Math.max(0, now + (growth ?? 0) * horizonHours);
    const level = worstLevel([
      levelAbove(now, warnPercent, criticalPercent),
      // what is not growing is not predicted
      growth === undefined || growth <= 0 ? 'ok' : levelAbove(later, criticalPercent, FULL),
    ]);
    const free = Math.min(...places.map(({ freeBytes }) => freeBytes));
    const metrics = {
      used_percent: now,
      free_bytes: free,
      ...(growth === undefined ? {} : { predicted_percent: Math.round(later * 10) / 10 }),
    };
    const prediction = predictionText(now, growth, later, horizonHours);
    const summary = `${fullest.holds} at ${now}%, ${bytesText(free)} free${prediction}`;
    if (level === 'ok') return { level, summary, metrics };
    return { level, summary, ...shownEvidence(places.map(toEvidence)), remedy: remedy(fullest), metrics };
  },
});

/** Without inodes no file can be made, however much space is left. */
function fullness({ usedPercent, usedInodesPercent }: DiskPlace): number {
  return Math.max(usedPercent, usedInodesPercent);
}

function growthPerHour({ samples, clock }: HealthContext): number | undefined {
  const points = metricHistory(samples, 'disk', 'used_percent');
  const growth = growthOf(points.filter(({ at }) => at >= clock.now() - LOOK_BACK_MS));
  return growth === undefined ? undefined : growth * HOUR_MS;
}

function predictionText(now: number, growth: number | undefined, later: number, hours: number): string {
  if (growth === undefined || growth <= 0) return '';
  if (later < FULL) return `; ${later.toFixed(1)}% in ${hours} h at this pace`;
  return `; full in ${ageText(((FULL - now) / growth) * HOUR_MS)} at this pace`;
}

function toEvidence({ holds, path, usedPercent, freeBytes, usedInodesPercent }: DiskPlace) {
  return { holds, path, usedPercent, free: bytesText(freeBytes), usedInodesPercent };
}

function remedy({ path }: DiskPlace): string {
  return [
    `du -x -d 2 -h ${path} | sort -h | tail -20`,
    'select slot_name, active, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) from pg_replication_slots;',
    "-- a dead slot keeps WAL: select pg_drop_replication_slot('…')",
    '-- rows and old backups past their retention',
    'holdfast cleanup',
  ].join('\n');
}
