import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, HoldfastError, systemClock } from '@holdfast/core';
import {
  type ArchivePlace,
  archivedSystems,
  type BackupRepository,
  type Compression,
  createRepository,
  type Decryption,
  decryptWith,
  encryptFor,
  openDestination,
  openWalArchive,
  readSealKey,
  type WalArchive,
} from '@holdfast/database/backup';
import { backupDestinations } from '@holdfast/keeper';
import type { OptionValues } from '../command.ts';
import type { Configuration } from '../env.ts';
import type { PLACE_OPTIONS } from './backup-options.ts';

/** The destinations of backups, opened; the first is the primary one. */
export interface BackupPlaces {
  readonly repositories: readonly BackupRepository[];
  /** Undefined when there is none yet, or it shall not be asked for. */
  readonly sealKey: Uint8Array | undefined;
  /** How the WAL beside the backups of a repository is read and written. */
  archivePlace(repository: BackupRepository): ArchivePlace;
  /** The WAL archives at the destination of a repository. */
  archives(repository: BackupRepository): Promise<readonly WalArchive[]>;
}

export interface OpenPlacesOptions {
  readonly options?: OptionValues<typeof PLACE_OPTIONS>;
  /** Makes the key that seals when there is none: for those who write. */
  readonly create?: boolean;
  /** Instead of the configured one. */
  readonly compression?: Compression;
}

/** The file with the key that seals the backups of a state directory. */
export function sealKeyFile(home: string): string {
  return join(home, 'backup-seal.key');
}

/** Opens what is configured, or named on the command line. @throws HoldfastError `configuration_invalid`. */
export async function openPlaces(
  { home, settings }: Configuration,
  { options = {}, create = false, compression = settings.backupCompression }: OpenPlacesOptions = {},
): Promise<BackupPlaces> {
  const identity = options.identity ?? settings.backupIdentity;
  const common = {
    compression,
    encryption: encryptFor(settings.backupRecipients),
    decryption: identity === undefined ? undefined : await readIdentity(identity),
  };
  const sealKey = options['no-seal'] === true ? undefined : await readSealKey(sealKeyFile(home), create);
  const repositories = destinationsOf(home, settings, options.destination).map(place =>
    createRepository({ ...common, destination: openDestination(place, '.'), sealKey, clock: systemClock }),
  );
  const archivePlace = ({ destination }: BackupRepository): ArchivePlace => ({
    ...common,
    destination,
    spool: join(home, 'wal'),
  });
  return {
    repositories,
    sealKey,
    archivePlace,
    archives: async repository => {
      const systems = await archivedSystems(repository.destination);
      const opened = await Promise.all(
        systems.map(system => openWalArchive(archivePlace(repository), system)),
      );
      return opened.filter(archive => archive !== undefined);
    },
  };
}

function destinationsOf(
  home: string,
  settings: Configuration['settings'],
  given: string | undefined,
): readonly string[] {
  const named = given?.split(',').filter(place => place !== '') ?? [];
  return named.length > 0 ? named : backupDestinations(settings, home);
}

async function readIdentity(path: string): Promise<Decryption> {
  try {
    return decryptWith(await readFile(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new HoldfastError(
      'configuration_invalid',
      `The identity file ${path} cannot be read: ${errorMessage(cause)}.`,
      { cause },
    );
  }
}
