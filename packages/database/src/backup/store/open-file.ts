import { Readable } from 'node:stream';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Destination } from '../backup-repository.ts';
import type { BackupFile, BackupManifest, Compression } from '../manifest.ts';
import { COMPRESSION_ENDING, decompress } from './compression.ts';
import { destinationError } from './destination-error.ts';
import { type Decryption, ENCRYPTION_ENDING } from './encryption.ts';
import { hashed } from './measured.ts';

export interface OpenOptions {
  readonly destination: Destination;
  readonly manifest: BackupManifest;
  readonly path: string;
  readonly form: 'stored' | 'original';
  readonly decryption: Decryption | undefined;
}

/** How one stored file is turned back into what it was made of. */
interface Stages {
  readonly encrypted: boolean;
  readonly compression: Compression;
  /** The path without the endings of the stages. */
  readonly originalPath: string;
}

/** Opens a file; the stream fails with `backup_damaged`, at the latest at its end, when it is not what was written. */
export async function openFile(options: OpenOptions): Promise<Readable> {
  const { destination, manifest, path, form } = options;
  const { file, stages } = findFile(manifest, path);
  const decryption = form === 'original' && stages.encrypted ? requireDecryption(options) : undefined;
  const raw = await readOrDamaged(destination, manifest.id, file);
  const stored = hashed(labelled(destination, file, raw));
  const decrypted = decryption === undefined ? stored.data : decryption(stored.data);
  const original = form === 'original' ? decompress(decrypted, stages.compression) : decrypted;
  const checked = checkedAtEnd(manifest.id, file, original, stored);
  return Readable.from(checked, { objectMode: false, highWaterMark: 1 << 20 });
}

/** The files of a backup with what they are called without the endings of compression and encryption. */
export function originalPaths(
  manifest: BackupManifest,
): readonly { readonly file: BackupFile; readonly originalPath: string }[] {
  return manifest.files.map(file => ({ file, originalPath: stagesOf(manifest, file).originalPath }));
}

function findFile(manifest: BackupManifest, path: string): { file: BackupFile; stages: Stages } {
  const known = manifest.files.map(file => ({ file, stages: stagesOf(manifest, file) }));
  const found =
    known.find(({ file }) => file.path === path) ?? known.find(({ stages }) => stages.originalPath === path);
  if (found !== undefined) return found;
  throw new HoldfastError('not_found', `Backup ${manifest.id} has no file ${path}.`, {
    details: { id: manifest.id, path },
  });
}

function stagesOf(manifest: BackupManifest, file: BackupFile): Stages {
  const encrypted = manifest.encryption !== null && file.path.endsWith(ENCRYPTION_ENDING);
  const decrypted = encrypted ? file.path.slice(0, -ENCRYPTION_ENDING.length) : file.path;
  const compression = file.originalBytes === null ? 'none' : manifest.compression;
  const ending = COMPRESSION_ENDING[compression];
  return ending !== '' && decrypted.endsWith(ending)
    ? { encrypted, compression, originalPath: decrypted.slice(0, -ending.length) }
    : { encrypted, compression: 'none', originalPath: decrypted };
}

function requireDecryption({ manifest, decryption }: OpenOptions): Decryption {
  if (decryption !== undefined) return decryption;
  throw new HoldfastError(
    'backup_not_possible',
    `Backup ${manifest.id} is encrypted, and no identity to decrypt it was given. Name the identity file of one of its recipients with HOLDFAST_BACKUP_IDENTITY: ${manifest.encryption?.recipients.join(', ') ?? ''}.`,
    { details: { id: manifest.id, recipients: manifest.encryption?.recipients ?? [] } },
  );
}

async function readOrDamaged(destination: Destination, id: string, file: BackupFile): Promise<Readable> {
  try {
    return await destination.read(`${id}/${file.path}`);
  } catch (error) {
    if (!isHoldfastError(error, 'not_found')) throw error;
    throw damaged(id, file, { code: 'missing_file', why: `it is missing at ${destination.name}` }, error);
  }
}

/** What goes wrong between here and the destination is not the backup's fault. */
async function* labelled(
  destination: Destination,
  file: BackupFile,
  data: Readable,
): AsyncGenerator<Uint8Array> {
  try {
    yield* data as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw isHoldfastError(error) ? error : destinationError(destination.name, `reading ${file.path}`, error);
  } finally {
    data.destroy();
  }
}

async function* checkedAtEnd(
  id: string,
  file: BackupFile,
  data: AsyncIterable<Uint8Array>,
  stored: { bytes(): number; sha256(): string },
): AsyncGenerator<Uint8Array> {
  try {
    yield* data;
  } catch (error) {
    if (isHoldfastError(error) && error.code !== 'backup_damaged') throw error;
    throw damaged(id, file, { code: 'does_not_decode', why: errorMessage(error) }, error);
  }
  if (stored.bytes() !== file.bytes) {
    const why = `${stored.bytes()} bytes could be read of ${file.bytes}`;
    throw damaged(id, file, { code: 'wrong_size', why });
  }
  if (stored.sha256() !== file.sha256) {
    throw damaged(id, file, { code: 'wrong_hash', why: 'its SHA-256 is not the one of the manifest' });
  }
}

/** As a problem of the backup, whoever meets it. */
function damaged(
  id: string,
  { path }: BackupFile,
  { code, why }: { readonly code: string; readonly why: string },
  cause?: unknown,
): HoldfastError {
  return new HoldfastError('backup_damaged', `Backup ${id} is damaged: ${path}: ${why}.`, {
    cause,
    details: { id, path, problems: [{ code, subject: path, message: why }] },
  });
}
