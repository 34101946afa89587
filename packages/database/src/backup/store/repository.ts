import { type Clock, HoldfastError } from '@holdfast/core';
import type { BackupRepository, Destination, StoredBackup } from '../backup-repository.ts';
import type { Compression } from '../manifest.ts';
import { beginWriting, type CopyingWriter, REMOVING_FILE } from './backup-writer.ts';
import { textData } from './collect.ts';
import type { Decryption, Encryption } from './encryption.ts';
import { findBackup } from './find-backup.ts';
import { inParallel } from './in-parallel.ts';
import { MANIFEST_FILE } from './manifest-file.ts';
import { isBackupId } from './manifest-shape.ts';
import { openFile } from './open-file.ts';
import { groupsOf, readGroup } from './read-backups.ts';
import { validationPath, validationText } from './validation-file.ts';

export interface RepositoryOptions {
  readonly destination: Destination;
  /** Of the backups that are written; those that are read say it themselves. */
  readonly compression: Compression;
  readonly encryption: Encryption | undefined;
  readonly decryption: Decryption | undefined;
  /** Seals what is written and proves what is read; see docs/backups.md. */
  readonly sealKey: Uint8Array | undefined;
  readonly clock: Clock;
}

const PARALLEL_READS = 8;
/** File systems have clocks of their own. */
const UNTIL_NOW_MS = 86_400_000;

/** The backups at one destination. */
export function createRepository(options: RepositoryOptions): BackupRepository {
  const { destination, sealKey } = options;
  return {
    destination,
    hasIdentity: options.decryption !== undefined,
    copyFrom: (source, backup) => copyBackup(source, options, backup),
    list: async () => {
      const groups = (await groupsOf(destination)).reverse();
      const read = await inParallel(groups, PARALLEL_READS, group => readGroup(options, group));
      return {
        backups: read.flatMap(item => (item.kind === 'backup' ? [item.backup] : [])),
        broken: read.flatMap(item => (item.kind === 'broken' ? [item.broken] : [])),
      };
    },
    find: id => findBackup(options, id),
    begin: id => begin(options, id),
    open: ({ manifest }, path, form) =>
      openFile({ destination, manifest, path, form, decryption: options.decryption }),
    recordValidation: async (id, validation) => {
      await destination.write(
        `${checkId(id)}/${validationPath(validation)}`,
        textData(validationText(id, validation, sealKey)),
      );
    },
    remove: id => removeBackup(options, checkId(id)),
    removeLeftovers: () => removeLeftovers(options),
  };
}

async function begin(options: RepositoryOptions, id: string): Promise<CopyingWriter> {
  const { destination, compression, encryption, sealKey, clock } = options;
  const there = await destination.list(`${checkId(id)}/`);
  if (there.length > 0) {
    throw new HoldfastError('backup_failed', `${destination.name} has something called ${id} already.`);
  }
  return beginWriting({
    id,
    destination,
    compression,
    encryption,
    sealKey,
    clock,
    removeAll: () => removeBackup(options, id),
  });
}

/**
 * Copies a backup as it is stored from one destination to another, every byte checked on its way. It is listed at the
 * target when all of it is there.
 * @throws HoldfastError `backup_damaged` when the source is; `backup_destination_failed`, `backup_failed`; nothing is left then.
 */
async function copyBackup(
  source: BackupRepository,
  target: RepositoryOptions,
  backup: Pick<StoredBackup, 'manifest'>,
): Promise<void> {
  const { manifest } = backup;
  const writer = await begin({ ...target, compression: 'none', encryption: undefined }, manifest.id);
  try {
    for (const { path, sha256 } of manifest.files) {
      const copied = await writer.write(path, await source.open(backup, path, 'stored'), 'stored');
      if (copied.sha256 === sha256) continue;
      throw new HoldfastError(
        'backup_damaged',
        `Backup ${manifest.id}: ${path} changed while it was copied.`,
      );
    }
    await writer.commitCopy(manifest);
  } catch (error) {
    await writer.abandon().catch(() => undefined);
    throw error;
  }
}

/** Without reading what has a manifest: a place may hold many. */
async function removeLeftovers(options: RepositoryOptions): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const group of await groupsOf(options.destination)) {
    if (group.files.has(MANIFEST_FILE) && !group.files.has(REMOVING_FILE)) continue;
    const read = await readGroup(options, group);
    if (read.kind !== 'broken' || !read.broken.leftover) continue;
    if (!group.files.has(REMOVING_FILE) && (await wasCommitted(options, group.id))) continue;
    await removeBackup(options, group.id);
    removed.push(group.id);
  }
  return removed;
}

/** Its writer may have finished and ended since the listing. */
async function wasCommitted({ destination }: RepositoryOptions, id: string): Promise<boolean> {
  return (await destination.size(`${id}/${MANIFEST_FILE}`)) !== undefined;
}

async function removeBackup({ destination, clock }: RepositoryOptions, id: string): Promise<void> {
  const files = (await destination.list(`${id}/`)).map(({ name }) => name);
  const manifest = `${id}/${MANIFEST_FILE}`;
  const mark = `${id}/${REMOVING_FILE}`;
  if (files.length === 0) return;
  // On a full disk the mark cannot be written, and that is when backups must go.
  await destination.write(mark, textData('{}\n')).catch(() => undefined);
  if (files.includes(manifest)) await destination.remove(manifest);
  await inParallel(
    files.filter(name => name !== manifest && name !== mark),
    PARALLEL_READS,
    name => destination.remove(name),
  );
  await destination.sweep(`${id}/`, new Date(clock.now() + UNTIL_NOW_MS));
  await destination.remove(mark);
}

function checkId(id: string): string {
  const problem = isBackupId(id, JSON.stringify(id));
  if (problem === undefined) return id;
  throw new HoldfastError('backup_unknown', `${problem}; one looks like 20261121T133045Z-physical-k3f9.`);
}
