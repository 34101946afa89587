import { resolve } from 'node:path';
import type { Settings } from '@holdfast/core';

/**
 * Where backups and WAL are kept, as `openDestination` takes it. A relative directory is below the state directory, wherever a command
 * or the keeper was started.
 */
export function backupDestinations(
  { backups, backupDir }: Pick<Settings, 'backups' | 'backupDir'>,
  home: string,
): readonly string[] {
  const configured = backups.length > 0 ? backups : [backupDir ?? 'backups'];
  return configured.map(place => (/^[a-z][a-z0-9+.-]*:/i.test(place) ? place : resolve(home, place)));
}
