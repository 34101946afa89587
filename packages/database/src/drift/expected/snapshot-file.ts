import { readFile, writeFile } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/core';
import type { Catalog } from '@holdfast/postgres';

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
  /** It was taken with a backup. */
  readonly backup?: boolean;
}

/**
 * Reads a snapshot, the manifest of a backup, which has a snapshot as its member `catalog`, or any other JSON object with a catalog
 * there.
 * @throws HoldfastError `usage` when the file cannot be read, holds no catalog, or one of a newer format.
 */
export async function readSnapshotFile(path: string): Promise<StoredCatalog> {
  const content = parse(path, await read(path));
  const { manifest } = content as { readonly manifest?: unknown };
  if (manifest === undefined) return storedIn(path, content);
  if (manifest !== BACKUP) {
    throw unusable(path, `is the manifest of something else (${JSON.stringify(manifest)}) than a backup`);
  }
  const { catalog } = content as { readonly catalog?: unknown };
  return { ...storedIn(path, isCatalog(catalog) ? content : catalog), backup: true };
}

const BACKUP = 'holdfast-backup';

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
