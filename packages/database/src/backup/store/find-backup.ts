import { HoldfastError } from '@holdfast/core';
import type { Destination, StoredBackup } from '../backup-repository.ts';
import { groupsOf, type ReadOptions, readGroup } from './read-backups.ts';

/** By id, by a unique beginning of it, or the newest usable one for `latest`. @throws `backup_unknown`, `backup_not_found` for `latest` */
export async function findBackup(options: ReadOptions, wanted: string): Promise<StoredBackup> {
  return wanted === 'latest' ? latest(options) : named(options, wanted);
}

async function latest(options: ReadOptions): Promise<StoredBackup> {
  for (const group of (await groupsOf(options.destination)).reverse()) {
    const read = await readGroup(options, group);
    if (read.kind === 'backup') return read.backup;
  }
  throw new HoldfastError(
    'backup_not_found',
    `There is no backup at ${options.destination.name}. Make one with holdfast backup.`,
    { details: { id: 'latest' } },
  );
}

async function named(options: ReadOptions, wanted: string): Promise<StoredBackup> {
  const { destination } = options;
  const groups = /^2[0-9A-Za-z-]*$/.test(wanted) ? await groupsOf(destination, wanted) : [];
  const exact = groups.filter(({ id }) => id === wanted);
  const candidates = exact.length > 0 ? exact : groups;
  const [group, ...others] = candidates;
  if (group === undefined) throw notFound(destination, wanted);
  if (others.length > 0)
    throw ambiguous(
      wanted,
      candidates.map(({ id }) => id),
    );
  const read = await readGroup(options, group);
  if (read.kind === 'backup') return read.backup;
  if (read.error?.code === 'backup_not_possible') throw read.error;
  const { id, problem } = read.broken;
  throw new HoldfastError(
    'backup_damaged',
    `Backup ${id} at ${destination.name} cannot be used: ${problem}`,
    { details: { id, problem } },
  );
}

function notFound(destination: Destination, wanted: string): HoldfastError {
  return new HoldfastError(
    'backup_unknown',
    `There is no backup ${JSON.stringify(wanted)} at ${destination.name}. holdfast list-backups shows those there are.`,
    { details: { id: wanted } },
  );
}

function ambiguous(wanted: string, ids: readonly string[]): HoldfastError {
  return new HoldfastError(
    'backup_unknown',
    `${wanted} is the beginning of several ids: ${ids.join(', ')}.`,
    { details: { id: wanted, ids } },
  );
}
