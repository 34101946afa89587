import type { HealthReading } from '../../entry.ts';

export const NO_BACKUP_SOURCE: HealthReading = {
  level: 'skipped',
  why: 'backups are looked at for DATABASE_URL or the embedded database, not for one that is only named',
};
