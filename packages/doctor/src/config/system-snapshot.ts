import { readFile } from 'node:fs/promises';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { type DatabaseContent, readContent } from '@holdfast/database/backup';
import { readSnapshotFile, type SnapshotFile, type StoredCatalog } from '@holdfast/database/drift';
import type { BackupFacts } from '@holdfast/database/health';
import { connect } from '@holdfast/postgres';
import { listRoleSettings, type RoleSetting } from '../probes/role-queries.ts';

/** What a system was while all was well; what `holdfast drift --snapshot` reads, with the rows besides. */
export interface SystemSnapshot extends SnapshotFile {
  readonly database: string;
  readonly tables: DatabaseContent['tables'];
  /** What sessions of the roles begin with; older snapshots lack it. */
  readonly roleSettings?: readonly RoleSetting[];
}

export interface SnapshotOptions {
  /** As a role that may read every table. */
  readonly url: string;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
}

const JOBS = 2;

/** Reads the catalog, and the rows and checksum of every table, as of one moment. Takes ACCESS SHARE locks alone. */
export async function takeSystemSnapshot({ takenAt, ...request }: SnapshotOptions): Promise<SystemSnapshot> {
  const { name, catalog, tables } = await readContent({ ...request, jobs: JOBS, holds: 'physical' });
  const roleSettings = await readRoleSettings(request.url);
  return {
    ...{ format: 'holdfast-catalog', version: 1, takenAt, schemas: 'all' },
    ...{ catalog, database: name, tables, roleSettings },
  };
}

async function readRoleSettings(url: string): Promise<RoleSetting[]> {
  const connection = await connect({ url });
  try {
    return await listRoleSettings(connection);
  } finally {
    await connection.close();
  }
}

/** What a snapshot says, for the doctor: the catalog that is expected, and the rows as of a backup of that moment. */
export interface ExpectedSystem extends StoredCatalog {
  readonly rows: BackupFacts;
  readonly roleSettings: readonly RoleSetting[] | undefined;
}

/** @throws HoldfastError `drift_unknown` when the file is no snapshot */
export async function readSystemSnapshot(path: string): Promise<ExpectedSystem> {
  const stored = await readSnapshotFile(path);
  const { takenAt, tables = [], roleSettings } = await parse(path);
  const known = tables.flatMap(({ schema, name, rows, checksum }) =>
    checksum === null ? [] : [{ schema, name, rows, checksum }],
  );
  return { ...stored, roleSettings, rows: { id: path, createdAt: takenAt ?? '', bytes: 0, tables: known } };
}

async function parse(path: string): Promise<Partial<SystemSnapshot>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<SystemSnapshot>;
  } catch (cause) {
    throw new HoldfastError('drift_unknown', `The file ${path} cannot be read: ${errorMessage(cause)}.`, {
      cause,
    });
  }
}
