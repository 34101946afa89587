import { shellWord } from '@holdfast/core';
import type { BackupFacts } from '@holdfast/database/health';
import type { HandContext } from '../hand.ts';

/**
 * Why no backup is taken, as a clause: `lack` says what none of them has or does. One that was made before a repair holds what was
 * broken then: it is named where it has what is wanted, for a person to judge.
 */
export async function withoutBackup(
  context: Pick<HandContext, 'passedOver'>,
  lack: string,
  table: string,
  has: (backup: BackupFacts) => boolean,
): Promise<string> {
  const none = `no backup that can be opened from here ${lack}`;
  const held = (await context.passedOver()).find(has);
  if (held === undefined) return none;
  return `${none}, but for ${held.id}, which was made before a repair and may hold the damage: ${restorePreview(held.id, [table])} shows what it would bring back, and does it with --yes`;
}

/** What shows by hand which missing rows a backup would bring back; with `--yes` it does it. */
export function restorePreview(backup: string, tables: readonly string[]): string {
  return `holdfast restore ${backup} --table ${shellWord(tables.join(','))} --mode missing --with-parents`;
}
