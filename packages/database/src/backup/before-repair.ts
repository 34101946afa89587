import type { BackupManifest } from './manifest.ts';

/** What a backup is called that was taken because of a repair: it holds what was broken, and is no measure of what should be. */
export const BEFORE_REPAIR = 'before a repair';

export function isBeforeRepair({ manifest }: { readonly manifest: Pick<BackupManifest, 'label'> }): boolean {
  return manifest.label === BEFORE_REPAIR;
}
