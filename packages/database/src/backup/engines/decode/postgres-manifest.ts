import { createHash, type Hash } from 'node:crypto';
import { errorMessage } from '@holdfast/core';
import { crc32c } from './crc32c.ts';

/** A file as PostgreSQL's own `backup_manifest` describes it (manual, appendix "Backup Manifest Format"). */
export interface ManifestFile {
  readonly size: number;
  readonly algorithm: string;
  /** Hexadecimal; empty without an algorithm. */
  readonly checksum: string;
}

/** Its files by path. Throws with the reason when it is not what a server wrote. */
export function readPostgresManifest(text: string): ReadonlyMap<string, ManifestFile> {
  const cut = text.lastIndexOf('"Manifest-Checksum"');
  const { Files: files, 'Manifest-Checksum': checksum } = parse(text);
  if (cut < 0 || createHash('sha256').update(text.slice(0, cut)).digest('hex') !== checksum)
    throw new Error('its own checksum is not right');
  return new Map(files.map(file => [pathOf(file), toFile(file)]));
}

interface RawFile {
  readonly Path?: string;
  readonly 'Encoded-Path'?: string;
  readonly Size: number;
  readonly 'Checksum-Algorithm'?: string;
  readonly Checksum?: string;
}

function parse(text: string): { readonly Files: readonly RawFile[]; readonly 'Manifest-Checksum': string } {
  try {
    const parsed = JSON.parse(text);
    if (!Array.isArray(parsed?.Files)) throw new Error('it lists no files');
    return parsed;
  } catch (error) {
    throw new Error(`it cannot be read: ${errorMessage(error)}`);
  }
}

function pathOf(file: RawFile): string {
  return file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString('latin1');
}

function toFile(file: RawFile): ManifestFile {
  return { size: file.Size, algorithm: file['Checksum-Algorithm'] ?? 'NONE', checksum: file.Checksum ?? '' };
}

/** Sums up a file piece by piece. */
export interface FileSum {
  update(chunk: Uint8Array): void;
  /** Hexadecimal, as in the manifest; undefined for an algorithm that is not known here. */
  digest(): string | undefined;
}

export function fileSum(algorithm: string): FileSum {
  if (algorithm === 'CRC32C') return crcSum();
  if (/^SHA(224|256|384|512)$/.test(algorithm)) return hashSum(createHash(algorithm.toLowerCase()));
  return { update: () => undefined, digest: () => (algorithm === 'NONE' ? '' : undefined) };
}

function crcSum(): FileSum {
  let crc = 0;
  return {
    update: chunk => {
      crc = crc32c(chunk, crc);
    },
    // the manifest has its bytes as they lie in memory
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(crc);
      return bytes.toString('hex');
    },
  };
}

function hashSum(hash: Hash): FileSum {
  return { update: chunk => void hash.update(chunk), digest: () => hash.digest('hex') };
}
