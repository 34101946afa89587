import type { HealthReading } from '../../entry.ts';

export const NO_BACKUP_SOURCE: HealthReading = {
  level: 'skipped',
  why: 'no directory of backups is known here',
};
