import { type Clock, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { BrokenBackup, Destination, StoredBackup } from '../backup-repository.ts';
import type { BackupValidation } from '../manifest.ts';
import { REMOVING_FILE, WRITING_FILE } from './backup-writer.ts';
import { readText } from './collect.ts';
import { MANIFEST_FILE, parseManifest } from './manifest-file.ts';
import { isBackupId } from './manifest-shape.ts';
import { parseValidation, VALIDATIONS } from './validation-file.ts';
import { isWriterAlive } from './writer-mark.ts';

/** Where to read, and how to know what was altered. */
export interface ReadOptions {
  readonly destination: Destination;
  readonly sealKey: Uint8Array | undefined;
  readonly clock: Clock;
}

const MANIFEST_LIMIT = 256 * 1024 * 1024;
const SMALL_LIMIT = 16 * 1024 * 1024;

/** The files of one backup as they are listed, relative to it. */
export interface BackupGroup {
  readonly id: string;
  readonly files: ReadonlyMap<string, number>;
  readonly bytes: number;
}

export type ReadGroup =
  | { readonly kind: 'backup'; readonly backup: StoredBackup }
  | { readonly kind: 'broken'; readonly broken: BrokenBackup; readonly error?: HoldfastError };

/** Everything that has the name of a backup, oldest first. */
export async function groupsOf(destination: Destination, prefix = ''): Promise<BackupGroup[]> {
  // Ids begin with the year: the WAL archive beside them, which may be large, is not listed.
  const files = await destination.list(prefix === '' ? '2' : prefix);
  const groups = new Map<string, Map<string, number>>();
  for (const { name, bytes } of files) {
    const slash = name.indexOf('/');
    const id = name.slice(0, Math.max(slash, 0));
    if (isBackupId(id, '') !== undefined) continue;
    const group = groups.get(id) ?? new Map<string, number>();
    groups.set(id, group.set(name.slice(slash + 1), bytes));
  }
  return [...groups].map(([id, group]) => ({
    id,
    files: group,
    bytes: [...group.values()].reduce((sum, bytes) => sum + bytes, 0),
  }));
}

export async function readGroup(options: ReadOptions, group: BackupGroup): Promise<ReadGroup> {
  const { id, files, bytes } = group;
  const broken = (problem: string, leftover: boolean, inWork = false) => ({
    kind: 'broken' as const,
    broken: { id, problem, leftover, inWork, bytes },
  });
  if (files.has(REMOVING_FILE)) return broken('its removal was begun and not finished', true);
  if (!files.has(MANIFEST_FILE)) {
    if (!files.has(WRITING_FILE)) return broken('its manifest is missing', false);
    const alive = await isBeingWritten(options, id);
    return alive
      ? broken('it is being written', false, true)
      : broken('it was never finished: its writer is gone', true);
  }
  try {
    return { kind: 'backup', backup: await readBackup(options, group) };
  } catch (error) {
    if (isHoldfastError(error, 'backup_damaged', 'backup_not_possible')) {
      return { ...broken(error.message, false), error };
    }
    if (isHoldfastError(error, 'not_found')) return broken('it is being removed', false, true);
    throw error;
  }
}

async function isBeingWritten({ destination, clock }: ReadOptions, id: string): Promise<boolean> {
  try {
    const text = await readText(destination, `${id}/${WRITING_FILE}`, SMALL_LIMIT);
    return isWriterAlive(text, new Date(clock.now()));
  } catch (error) {
    // Committed or abandoned meanwhile, or not text: a listing that comes later will tell.
    if (isHoldfastError(error, 'not_found')) return true;
    throw error;
  }
}

async function readBackup(
  { destination, sealKey }: ReadOptions,
  { id, files, bytes }: BackupGroup,
): Promise<StoredBackup> {
  const text = await readManifestText(destination, id);
  const { manifest, seal } = parseManifest(id, text, sealKey);
  const validations: BackupValidation[] = [];
  for (const path of [...files.keys()].filter(name => name.startsWith(VALIDATIONS)).sort()) {
    const validation = await readValidation(destination, id, path, sealKey);
    if (validation !== undefined) validations.push(validation);
  }
  return { manifest, validations, bytes, seal };
}

async function readManifestText(destination: Destination, id: string): Promise<string> {
  try {
    return await readText(destination, `${id}/${MANIFEST_FILE}`, MANIFEST_LIMIT);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new HoldfastError('backup_damaged', `Backup ${id} is damaged: its manifest is not UTF-8.`, {
      cause: error,
      details: { id },
    });
  }
}

/** Undefined for one that is not as it was written, or gone. */
export async function readValidation(
  destination: Destination,
  id: string,
  path: string,
  key: Uint8Array | undefined,
): Promise<BackupValidation | undefined> {
  try {
    return parseValidation(id, await readText(destination, `${id}/${path}`, SMALL_LIMIT), key);
  } catch (error) {
    if (error instanceof TypeError || isHoldfastError(error, 'not_found', 'backup_damaged')) return undefined;
    throw error;
  }
}
