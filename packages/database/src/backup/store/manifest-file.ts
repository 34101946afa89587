import { errorMessage, HoldfastError } from '@holdfast/core';
import type { SealState } from '../backup-repository.ts';
import type { BackupManifest } from '../manifest.ts';
import { canonicalJson } from './canonical-json.ts';
import { MANIFEST_SHAPE } from './manifest-shape.ts';
import { checkSeal, sealOf } from './seal.ts';

export const MANIFEST_FILE = 'manifest.json';
const VERSION = 1;

/** Adds hash and seal. */
export function sealManifest(
  manifest: Omit<BackupManifest, 'sha256' | 'seal'>,
  key: Uint8Array | undefined,
): BackupManifest {
  const plain = JSON.parse(JSON.stringify(manifest)) as typeof manifest;
  return { ...plain, ...sealOf(plain, key) };
}

/** The text of `manifest.json`: one line for each member, in the order of {@link BackupManifest}. */
export function manifestText(manifest: BackupManifest): string {
  const lines = Object.entries(manifest).map(
    ([name, value]) => `${JSON.stringify(name)}: ${canonicalJson(value)}`,
  );
  return `{\n${lines.join(',\n')}\n}\n`;
}

/**
 * Reads the text of a manifest, which must be exactly as it was written.
 * @throws HoldfastError `backup_damaged`: no JSON, something missing, altered, or of another backup; `backup_not_possible`:
 * written by a newer Holdfast.
 */
export function parseManifest(
  id: string,
  text: string,
  key: Uint8Array | undefined,
): { readonly manifest: BackupManifest; readonly seal: SealState } {
  const value = parseJson(id, text);
  const future = futureVersion(value);
  if (future !== undefined) throw unknownVersion(id, future);
  const problem = MANIFEST_SHAPE(value, '');
  if (problem !== undefined) throw damaged(id, `its manifest cannot be read: ${problem}`);
  const manifest = value as BackupManifest;
  const check = checkSeal(manifest, key);
  if (check.kind === 'altered' || manifestText(manifest) !== text) {
    throw damaged(id, 'its manifest was changed after it was written');
  }
  if (manifest.id !== id) throw damaged(id, `its manifest is that of ${manifest.id}`);
  return { manifest, seal: check.seal };
}

function parseJson(id: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(id, `its manifest is not JSON: ${errorMessage(cause)}`, cause);
  }
}

function futureVersion(value: unknown): number | undefined {
  const { manifest, version } = (value ?? {}) as { readonly manifest?: unknown; readonly version?: unknown };
  return manifest === 'holdfast-backup' && typeof version === 'number' && version > VERSION
    ? version
    : undefined;
}

function unknownVersion(id: string, version: number): HoldfastError {
  return new HoldfastError(
    'backup_not_possible',
    `Backup ${id} has a manifest of version ${version}, and this Holdfast knows up to ${VERSION}. Use a newer Holdfast.`,
    { details: { id, version } },
  );
}

function damaged(id: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('backup_damaged', `Backup ${id} is damaged: ${why}.`, {
    cause,
    details: { id },
  });
}
