import type { HealthEntry } from '../../entry.ts';
import { narrowKeys } from './narrow-keys.ts';
import { sequencesBehind } from './sequences-behind.ts';
import { unownedSequences } from './unowned-sequences.ts';
import { usedSequences } from './used-sequences.ts';

/** Entries 39 to 42: whether the next key can be given. */
export const sequenceEntries: readonly HealthEntry[] = [
  usedSequences,
  sequencesBehind,
  unownedSequences,
  narrowKeys,
];
