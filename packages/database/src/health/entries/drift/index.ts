import type { HealthEntry } from '../../entry.ts';
import { extensionDrift } from './extension-drift.ts';
import { ledgerDrift } from './ledger-drift.ts';
import { rightsDrift } from './rights-drift.ts';
import { rowSecurityDrift } from './row-security-drift.ts';
import { codeDrift, columnDrift, constraintDrift, indexDrift, tableDrift } from './schema-drift.ts';
import { settingDrift } from './setting-drift.ts';

/** Entries 43 to 52: whether the database is what it should be. */
export const driftEntries: readonly HealthEntry[] = [
  tableDrift,
  columnDrift,
  indexDrift,
  constraintDrift,
  codeDrift,
  rightsDrift,
  rowSecurityDrift,
  extensionDrift,
  settingDrift,
  ledgerDrift,
];
