import { defineEntry, type HealthReading } from '../../entry.ts';
import { levelAbove } from '../../judge.ts';
import { ageText, bytesText, countText } from '../../quantity.ts';
import { clusterMadeAt } from './cluster-age-query.ts';
import { NO_BACKUP_SOURCE } from './no-backup-source.ts';

const HOUR_MS = 3_600_000;

export const backupAge = defineEntry({
  number: 62,
  id: 'backup-age',
  area: 'backup',
  title: 'Age of the last backup',
  meaning: 'What was written since the last backup is lost when the server is.',
  quick: true,
  thresholds: { warnHours: 26, criticalHours: 50 },
  check: async ({ db, backups, clock }, limits) => {
    if (backups === undefined) return NO_BACKUP_SOURCE;
    const { warnHours, criticalHours } = limits;
    const [newest] = backups;
    if (newest === undefined) return withoutBackup(clock.now() - (await clusterMadeAt(db)), limits);
    const ageMs = clock.now() - Date.parse(newest.createdAt);
    const hours = ageMs / HOUR_MS;
    const metrics = { backups: backups.length, last_backup_age_seconds: Math.round(ageMs / 1_000) };
    const summary = `${ageText(ageMs)} old; ${countText(backups.length, 'backup')}`;
    const level = levelAbove(hours, warnHours, criticalHours);
    if (level === 'ok') return { level, summary, metrics };
    return {
      level,
      summary,
      evidence: [{ backup: newest.id, createdAt: newest.createdAt, size: bytesText(newest.bytes) }],
      remedy:
        'holdfast backup\n-- why the scheduled one did not run, say the incidents of the keeper, and\nholdfast list-backups',
      metrics,
    };
  },
});

/** Nothing was ever backed up: as grave as the whole life of the cluster is long. */
function withoutBackup(
  ageMs: number,
  { warnHours, criticalHours }: { readonly warnHours: number; readonly criticalHours: number },
): HealthReading {
  const metrics = { backups: 0 };
  const level = levelAbove(ageMs / HOUR_MS, warnHours, criticalHours);
  if (level === 'ok')
    return { level, summary: `none yet; PostgreSQL was set up ${ageText(ageMs)} ago`, metrics };
  return {
    level,
    summary: 'there is no backup',
    evidence: [{ backups: 0, setUp: `${ageText(ageMs)} ago` }],
    remedy: 'holdfast backup',
    metrics,
  };
}
