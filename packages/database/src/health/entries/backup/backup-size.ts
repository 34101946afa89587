import { defineEntry } from '../../entry.ts';
import { type Level, levelAbove, worstLevel } from '../../judge.ts';
import { bytesText } from '../../quantity.ts';
import type { BackupFacts } from '../../sources.ts';
import { NO_BACKUP_SOURCE } from './no-backup-source.ts';

/** Fewer tell nothing of what is usual. */
const LEAST_EARLIER = 3;
const MOST_EARLIER = 7;

export const backupSize = defineEntry({
  number: 65,
  id: 'backup-size',
  area: 'backup',
  title: 'Size of the last backup',
  meaning:
    'A backup that is much smaller than those before it lacks something: it was cut off, or the data was gone already.',
  quick: true,
  thresholds: { warnBelowPercent: 50, criticalBelowPercent: 10, warnAbovePercent: 300 },
  check: async ({ backups }, limits) => {
    if (backups === undefined) return NO_BACKUP_SOURCE;
    const [newest, ...before] = backups;
    if (newest === undefined) return { level: 'skipped', why: 'there is no backup (see backup-age)' };
    const earlier = before.slice(0, MOST_EARLIER);
    const metrics = { last_backup_bytes: newest.bytes };
    if (newest.bytes > 0 && earlier.length < LEAST_EARLIER) {
      const summary = `${bytesText(newest.bytes)}; too few earlier backups to know what is usual`;
      return { level: 'ok', summary, metrics };
    }
    const usual = median(earlier.map(({ bytes }) => bytes));
    const percent = usual === 0 ? 100 : Math.round((newest.bytes / usual) * 100);
    const level = newest.bytes === 0 ? 'critical' : judge(percent, limits);
    const summary = `${bytesText(newest.bytes)}, ${percent}% of the usual ${bytesText(usual)}`;
    if (level === 'ok') return { level, summary, metrics: { ...metrics, usual_percent: percent } };
    return {
      level,
      summary,
      evidence: [newest, ...earlier].map(toEvidence),
      remedy: `holdfast list-backups\nholdfast backup drill ${newest.id}\n-- and compare its tables: lost-rows`,
      metrics: { ...metrics, usual_percent: percent },
    };
  },
});

function judge(
  percent: number,
  limits: {
    readonly warnBelowPercent: number;
    readonly criticalBelowPercent: number;
    readonly warnAbovePercent: number;
  },
): Level {
  return worstLevel([
    levelAbove(-percent, -limits.warnBelowPercent, -limits.criticalBelowPercent),
    percent >= limits.warnAbovePercent ? 'warn' : 'ok',
  ]);
}

/** Zero for none. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function toEvidence({ id, createdAt, bytes }: BackupFacts) {
  return { backup: id, createdAt, size: bytesText(bytes) };
}
