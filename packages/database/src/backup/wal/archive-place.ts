import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { Destination } from '../backup-repository.ts';
import type { Compression } from '../manifest.ts';
import type { Decryption, Encryption } from '../store/encryption.ts';

/** Where the WAL of a cluster is kept, and in what form. */
export interface ArchivePlace {
  readonly destination: Destination;
  /** Of what is written; what is read says it itself. */
  readonly compression: Compression;
  readonly encryption: Encryption | undefined;
  readonly decryption: Decryption | undefined;
  /**
   * A local directory for the segment being written where it cannot be in the archive itself: a remote destination has no
   * files that grow, and an encrypted one must not have WAL in plain text.
   */
  readonly spool: string | undefined;
}

/** One archive at a place: a system identifier, and a number where a copy of the cluster has gone another way. */
export interface ArchiveName {
  readonly systemIdentifier: string;
  readonly branch: number;
}

export function archiveDirectory({ systemIdentifier, branch }: ArchiveName): string {
  return branch === 1 ? systemIdentifier : `${systemIdentifier}-${branch}`;
}

/** The name of something in an archive, for its destination. */
export function storedName(archive: ArchiveName, file: string): string {
  return `wal/${archiveDirectory(archive)}/${file}`;
}

/** The local directory of the segment being written. Throws `configuration_invalid` when there must be one and is none. */
export function partialsDirectory(place: ArchivePlace, archive: ArchiveName): string {
  const [directory] = partialsDirectories(place, archive);
  if (directory !== undefined) return directory;
  const why = place.encryption === undefined ? 'it is not a local directory' : 'it is encrypted';
  const message = `A WAL archive at ${place.destination.name} needs a local directory for the segment being written, because ${why}`;
  throw new HoldfastError('configuration_invalid', message);
}

/** Where segments being written are, and behind it where they were when encryption was switched on or off since. */
export function partialsDirectories(place: ArchivePlace, archive: ArchiveName): readonly string[] {
  const { destination, spool, encryption } = place;
  const inArchive = destination.directory === undefined ? undefined : join(destination.directory, 'wal');
  // several destinations may share it, and each has a receiver of its own
  const beside = spool === undefined ? undefined : join(spool, shortHash(destination.name));
  if (encryption !== undefined && beside === undefined) return [];
  const roots = encryption === undefined ? [inArchive, beside] : [beside, inArchive];
  return roots.filter(root => root !== undefined).map(root => join(root, archiveDirectory(archive)));
}

/** Whether the segment being written is in the archive itself, as it comes. */
export function holdsPartials({ destination, encryption }: ArchivePlace): boolean {
  return destination.directory !== undefined && encryption === undefined;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
