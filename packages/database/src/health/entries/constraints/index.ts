import type { HealthEntry } from '../../entry.ts';
import { brokenRules } from './broken-rules.ts';
import { disabledTriggers } from './disabled-triggers.ts';
import { duplicates } from './duplicates.ts';
import { orphans } from './orphans.ts';
import { replicationRole } from './replication-role.ts';
import { unvalidatedConstraints } from './unvalidated-constraints.ts';

/** Entries 33 to 38: whether the rows keep the rules. */
export const constraintEntries: readonly HealthEntry[] = [
  unvalidatedConstraints,
  orphans,
  duplicates,
  disabledTriggers,
  replicationRole,
  brokenRules,
];
