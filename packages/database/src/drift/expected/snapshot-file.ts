import { readFile, writeFile } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/core';
import type { Catalog } from '@holdfast/postgres';
import type { SealState } from '../../backup/backup-repository.ts';
import type { BackupManifest } from '../../backup/manifest.ts';
import { manifestText } from '../../backup/store/manifest-file.ts';
import { checkSeal } from '../../backup/store/seal.ts';

/** A catalog in a file; docs/drift.md describes it. */
export interface SnapshotFile {
  readonly format: 'holdfast-catalog';
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  /** The schemas that were asked for. */
  readonly schemas: readonly string[] | 'all';
  readonly catalog: Catalog;
}

export async function writeSnapshotFile(path: string, snapshot: SnapshotFile): Promise<void> {
  await writeFile(path, `${JSON.stringify(snapshot, null, 2)}\n`);
}

/** What a file says, and which schemas it speaks of. */
export interface StoredCatalog {
  readonly catalog: Catalog;
  readonly schemas: readonly string[] | 'all';
  /** It was taken with a backup: what its seal says. `no_hash`: not even a hash tells that it is as it was written. */
  readonly backup?: SealState | 'no_hash';
}

export interface SnapshotFileOptions {
  /** Which database of a backup is meant; with a single one in it, that one, whatever its name. */
  readonly database?: string;
  /** The key that seals backups here. Default: none, so that a manifest is checked by its hash alone. */
  readonly sealKey?: () => Promise<Uint8Array | undefined>;
}

/**
 * Reads a snapshot, the manifest of a backup, or any other JSON object with a catalog as its member `catalog`.
 * @throws HoldfastError `usage` when the file cannot be read, holds no catalog, none of that database, or one of a newer format,
 * or is a manifest that was changed after it was written.
 */
export async function readSnapshotFile(
  path: string,
  { database, sealKey = async () => undefined }: SnapshotFileOptions = {},
): Promise<StoredCatalog> {
  const text = await read(path);
  const content = parse(path, text);
  const { manifest } = content as { readonly manifest?: unknown };
  if (manifest === undefined) return storedIn(path, content);
  if (manifest !== BACKUP) {
    throw unusable(path, `is the manifest of something else (${JSON.stringify(manifest)}) than a backup`);
  }
  const backup = checkManifest(path, text, content as BackupManifest, await sealKey());
  return { ...storedIn(path, contentOf(path, content as BackupContent, database)), backup };
}

function checkManifest(
  path: string,
  text: string,
  manifest: Partial<BackupManifest>,
  key: Uint8Array | undefined,
): SealState | 'no_hash' {
  const { sha256 } = manifest;
  if (typeof sha256 !== 'string') return 'no_hash';
  const check = checkSeal({ ...manifest, sha256 }, key);
  if (check.kind === 'unaltered' && manifestText(manifest as BackupManifest) === text) return check.seal;
  throw unusable(
    path,
    'is the manifest of a backup and was changed after it was written, so that it does not say what the backup holds. Take it as it lies with the backup',
  );
}

const BACKUP = 'holdfast-backup';

/** What a manifest says of its databases, and what stands for them in one that was written by hand. */
interface BackupContent extends Pick<Partial<BackupManifest>, 'databases' | 'contentMissing'> {
  readonly catalog?: unknown;
}

function contentOf(path: string, backup: BackupContent, database: string | undefined): unknown {
  const { catalog, databases, contentMissing = null } = backup;
  if (!Array.isArray(databases)) return isCatalog(catalog) ? backup : catalog;
  if (contentMissing !== null) {
    throw unusable(path, `is of a backup that does not know what its databases hold: ${contentMissing}`);
  }
  const [only, ...others] = databases;
  const found = databases.find(({ name }) => name === database) ?? (others.length === 0 ? only : undefined);
  if (found !== undefined) return { schemas: 'all', catalog: found.catalog };
  const names = databases.map(({ name }) => name).join(', ');
  throw unusable(path, `is of a backup of ${names}, and not of ${database ?? 'a single database'}`);
}

function storedIn(path: string, content: unknown): StoredCatalog {
  const { format, version, catalog, schemas } = (content ?? {}) as {
    readonly [name in keyof SnapshotFile]?: unknown;
  };
  if (format === 'holdfast-catalog' && version !== 1) {
    throw unusable(
      path,
      `has a catalog of format ${JSON.stringify(version)}, and this Holdfast reads format 1`,
    );
  }
  if (!isCatalog(catalog)) {
    throw unusable(
      path,
      'has no catalog in it. It must be written by holdfast drift --save, or be the manifest of a backup',
    );
  }
  return { catalog, schemas: (schemas as StoredCatalog['schemas'] | undefined) ?? catalog.schemas };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unusable(path, 'cannot be read', cause);
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch (cause) {
    throw unusable(path, 'is not JSON', cause);
  }
}

const LISTS = [
  'schemas',
  'tables',
  'indexes',
  'constraints',
  'triggers',
  'sequences',
  'functions',
  'views',
  'types',
  'extensions',
];

function isCatalog(value: unknown): value is Catalog {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Record<string, unknown>;
  return Number.isInteger(record.serverVersion) && LISTS.every(name => Array.isArray(record[name]));
}

function unusable(path: string, problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('usage', `The file ${path} ${problem}.`, { cause, details: { path } });
}
