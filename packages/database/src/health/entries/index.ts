import type { HealthEntry } from '../entry.ts';
import { authEntries } from './auth/index.ts';
import { backupEntries } from './backup/index.ts';
import { constraintEntries } from './constraints/index.ts';
import { driftEntries } from './drift/index.ts';
import { sequenceEntries } from './sequences/index.ts';
import { storageEntries } from './storage/index.ts';

export type { HealthContext, HealthEntry, HealthReading, ServerFacts } from '../entry.ts';

/** Entries 33 to 69: whether what is in the database is right, and would still be there tomorrow. */
export const dataEntries: readonly HealthEntry[] = [
  constraintEntries,
  sequenceEntries,
  driftEntries,
  storageEntries,
  backupEntries,
  authEntries,
].flat();
