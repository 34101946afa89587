import { randomBytes } from 'node:crypto';
import type { BackupEngineName } from '../manifest.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** A new id, such as `20261121T133045Z-physical-k3f9`: sorted by name is sorted by time. */
export function newBackupId(
  engine: BackupEngineName,
  at: Date,
  random: (bytes: number) => Uint8Array = randomBytes,
): string {
  const time = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const tail = Array.from(random(4), byte => LETTERS[byte % LETTERS.length]).join('');
  return `${time}-${engine}-${tail}`;
}
