import { defineEntry } from '../../entry.ts';
import { counted, levelAt } from '../evidence-list.ts';
import { ageText, bytesText } from '../quantities.ts';
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
  check: async ({ backups, clock }, { warnHours, criticalHours }) => {
    if (backups === undefined) return NO_BACKUP_SOURCE;
    const [newest] = backups;
    if (newest === undefined) {
      return {
        level: 'critical',
        summary: 'there is no backup',
        evidence: [{ backups: 0 }],
        remedy: 'holdfast backup',
        metrics: { backups: 0 },
      };
    }
    const ageMs = clock.now() - Date.parse(newest.createdAt);
    const hours = ageMs / HOUR_MS;
    const metrics = { backups: backups.length, last_backup_age_seconds: Math.round(ageMs / 1_000) };
    const summary = `${ageText(ageMs)} old; ${counted(backups.length, 'backup')}`;
    const level = levelAt(hours, warnHours, criticalHours);
    if (level === 'ok') return { level, summary, metrics };
    return {
      level,
      summary,
      evidence: [{ backup: newest.id, createdAt: newest.createdAt, size: bytesText(newest.bytes) }],
      remedy:
        'holdfast backup   -- and why the scheduled one did not run: holdfast list-backups, and the incidents of the keeper',
      metrics,
    };
  },
});
