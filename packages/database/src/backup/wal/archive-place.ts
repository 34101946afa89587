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
   * A local directory for the segment being written. Without it, it is in the archive's own directory, which is impossible
   * for a remote destination and would leave WAL in plain text in an encrypted one.
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
export function spoolDirectory(place: ArchivePlace, archive: ArchiveName): string {
  const own = place.encryption === undefined ? place.destination.directory : undefined;
  // several destinations may share it, and each has a receiver of its own
  const shared = place.spool === undefined ? undefined : join(place.spool, shortHash(place.destination.name));
  const root = shared ?? (own === undefined ? undefined : join(own, 'wal'));
  if (root !== undefined) return join(root, archiveDirectory(archive));
  const why = place.encryption === undefined ? 'it is not a local directory' : 'it is encrypted';
  const message = `A WAL archive at ${place.destination.name} needs a local directory for the segment being written, because ${why}`;
  throw new HoldfastError('configuration_invalid', message);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
