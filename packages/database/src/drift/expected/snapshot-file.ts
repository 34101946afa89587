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
}

/**
 * Reads a snapshot, or any JSON object with a catalog as its member `catalog`, as backup manifests are.
 * @throws HoldfastError `drift_unknown` when the file cannot be read or holds no catalog.
 */
export async function readSnapshotFile(path: string): Promise<StoredCatalog> {
  const content = parse(path, await read(path));
  const { catalog, schemas } = content as {
    readonly catalog?: unknown;
    readonly schemas?: StoredCatalog['schemas'];
  };
  if (!isCatalog(catalog)) {
    throw unusable(
      path,
      'has no catalog in it. It must be written by holdfast drift --save, or be the manifest of a backup',
    );
  }
  return { catalog, schemas: schemas ?? catalog.schemas };
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
  return new HoldfastError('drift_unknown', `The file ${path} ${problem}.`, { cause, details: { path } });
}
