import type { HealthEntry } from '../../entry.ts';
import { backupAge } from './backup-age.ts';
import { backupSize } from './backup-size.ts';
import { lastDrill } from './last-drill.ts';
import { lostRows } from './lost-rows.ts';

/** Entries 62 to 65: whether what is lost can be brought back. */
export const backupEntries: readonly HealthEntry[] = [backupAge, lastDrill, lostRows, backupSize];
