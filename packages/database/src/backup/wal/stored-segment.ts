import { Readable } from 'node:stream';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Compression } from '../manifest.ts';
import { textData } from '../store/collect.ts';
import { compress } from '../store/compress.ts';
import { COMPRESSION_ENDING, decompress } from '../store/compression.ts';
import { ENCRYPTION_ENDING } from '../store/encryption.ts';
import { type Hashed, hashed } from '../store/measured.ts';
import { isInteger, isText, matches, oneOf, withMembers } from '../store/shape.ts';
import { type ArchiveName, type ArchivePlace, storedName } from './archive-place.ts';
import { readJson } from './archive-record.ts';

/** What `<name>.json` says of a file of the archive. Hashes are SHA-256, hex. */
export interface SegmentDescription {
  readonly stored: string;
  readonly compression: Compression;
  readonly encrypted: boolean;
  readonly bytes: number;
  readonly sha256: string;
  readonly storedBytes: number;
  readonly storedSha256: string;
}

const HASH = matches(/^[0-9a-f]{64}$/, 'a SHA-256');
const shape = withMembers({
  stored: isText,
  compression: oneOf('zstd', 'gzip', 'none'),
  bytes: isInteger,
  sha256: HASH,
  storedBytes: isInteger,
  storedSha256: HASH,
});

export const DESCRIPTION_ENDING = '.json';

/** Stores data under a name of WAL, and its description after it: what has none is not there. */
export async function storeSegment(
  place: ArchivePlace,
  archive: ArchiveName,
  name: string,
  data: AsyncIterable<Uint8Array>,
): Promise<SegmentDescription> {
  const { destination, compression, encryption } = place;
  const stored = `${name}${COMPRESSION_ENDING[compression]}${encryption === undefined ? '' : ENCRYPTION_ENDING}`;
  const original = hashed(data);
  const compressed = compress(original.data, compression);
  const final = hashed(encryption === undefined ? compressed : encryption.encrypt(compressed));
  await destination.write(storedName(archive, stored), final.data);
  const description: SegmentDescription = {
    stored,
    compression,
    encrypted: encryption !== undefined,
    bytes: original.bytes(),
    sha256: original.sha256(),
    storedBytes: final.bytes(),
    storedSha256: final.sha256(),
  };
  const text = `${JSON.stringify(description)}\n`;
  await destination.write(storedName(archive, `${name}${DESCRIPTION_ENDING}`), textData(text));
  return description;
}

/** Throws `not_found` when there is none, `backup_damaged` when it cannot be one. */
export async function describeSegment(
  { destination }: ArchivePlace,
  archive: ArchiveName,
  name: string,
): Promise<SegmentDescription> {
  const file = storedName(archive, `${name}${DESCRIPTION_ENDING}`);
  const value = await readJson(destination, file);
  if (value === undefined) {
    throw new HoldfastError('not_found', `The WAL archive at ${destination.name} has no ${name}`);
  }
  const problem = shape(value, '');
  if (problem === undefined) return value as SegmentDescription;
  throw damaged(place(destination.name, name), problem);
}

/** The original bytes. The stream fails with `backup_damaged`, at the latest at its end, when they are not what was stored. */
export async function openSegment(
  options: ArchivePlace,
  archive: ArchiveName,
  name: string,
): Promise<Readable> {
  const { destination, decryption } = options;
  const description = await describeSegment(options, archive, name);
  const where = place(destination.name, name);
  if (description.encrypted && decryption === undefined) {
    const message = `${where} is encrypted, and no identity to decrypt it was given. Name the identity file with HOLDFAST_BACKUP_IDENTITY`;
    throw new HoldfastError('backup_not_possible', message);
  }
  const raw = await destination.read(storedName(archive, description.stored));
  const plain = description.encrypted && decryption !== undefined ? decryption(raw) : raw;
  const original = hashed(decompress(plain, description.compression));
  return Readable.from(checked(where, description, original), { objectMode: false });
}

async function* checked(
  where: string,
  { bytes, sha256 }: SegmentDescription,
  original: Hashed,
): AsyncGenerator<Uint8Array> {
  try {
    yield* original.data;
  } catch (error) {
    if (isHoldfastError(error) && error.code !== 'backup_damaged') throw error;
    throw damaged(where, errorMessage(error), error);
  }
  if (original.bytes() !== bytes)
    throw damaged(where, `it has ${original.bytes()} bytes instead of ${bytes}`);
  if (original.sha256() !== sha256) throw damaged(where, 'its SHA-256 is not the one on record');
}

function place(destination: string, name: string): string {
  return `WAL ${name} at ${destination}`;
}

function damaged(where: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('backup_damaged', `${where} is damaged: ${why}`, { cause });
}
