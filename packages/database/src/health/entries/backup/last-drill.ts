import { defineEntry } from '../../entry.ts';
import { levelAbove } from '../../judge.ts';
import { ageText } from '../../quantity.ts';
import type { BackupFacts } from '../../sources.ts';
import { NO_BACKUP_SOURCE } from './no-backup-source.ts';

const DAY_MS = 86_400_000;

export const lastDrill = defineEntry({
  number: 63,
  id: 'last-drill',
  area: 'backup',
  title: 'Last restore drill',
  meaning:
    'Whether a backup can be restored is known only when it was: hashes and listings pass what a restore does not.',
  quick: true,
  thresholds: { warnDays: 8, criticalDays: 31 },
  check: async ({ backups, clock }, { warnDays, criticalDays }) => {
    if (backups === undefined) return NO_BACKUP_SOURCE;
    const [newest] = backups;
    if (newest === undefined)
      return { level: 'skipped', why: 'there is no backup that could be restored (see backup-age)' };
    const drills = backups.flatMap(backup =>
      backup.validation?.level === 'drill' ? [{ backup, at: Date.parse(backup.validation.at) }] : [],
    );
    const last = drills.toSorted((a, b) => b.at - a.at)[0];
    const remedy = `holdfast backup drill ${newest.id}`;
    if (last === undefined) {
      return {
        level: 'warn',
        summary: `none of the ${backups.length} backups was ever restored`,
        evidence: [{ backup: newest.id, validated: weakest(newest) }],
        remedy,
        metrics: { drilled_backups: 0 },
      };
    }
    const ageMs = clock.now() - last.at;
    const metrics = { drilled_backups: drills.length, last_drill_age_seconds: Math.round(ageMs / 1_000) };
    const summary = `${ageText(ageMs)} ago, of ${last.backup.id}`;
    const level = levelAbove(ageMs / DAY_MS, warnDays, criticalDays);
    if (level === 'ok') return { level, summary, metrics };
    const evidence = [
      {
        backup: last.backup.id,
        createdAt: last.backup.createdAt,
        validated: 'drill',
        at: last.backup.validation?.at ?? null,
      },
      {
        backup: newest.id,
        createdAt: newest.createdAt,
        validated: weakest(newest),
        at: newest.validation?.at ?? null,
      },
    ];
    return { level, summary, evidence, remedy, metrics };
  },
});

function weakest({ validation }: BackupFacts): string {
  return validation?.level ?? 'never';
}
