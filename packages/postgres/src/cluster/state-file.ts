import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';
import type { ClusterState } from './cluster.ts';
import { replaceFile } from './files.ts';

/** The content of `<home>/cluster.json`. */
export interface ClusterRecord {
  readonly version: 1;
  /** Relative to the state directory when it is inside, so that this can be moved. */
  readonly dataDir: string;
  readonly port: number;
  readonly systemUser: string | null;
  readonly passwords: ClusterPasswords;
  /** Whether roles and database have been made. */
  readonly provisioned: boolean;
}

export interface ClusterPasswords {
  readonly superuser: string;
  readonly owner: string;
  readonly app: string;
}

export const DATABASE = 'holdfast';
export const SUPERUSER = 'postgres';
export const OWNER = 'holdfast_owner';
export const APP = 'holdfast_app';

/** What `<home>/cluster.json` says, undefined when there is none; throws `cluster_failed` when it cannot be used. */
export async function readClusterState(home: string): Promise<ClusterState | undefined> {
  const record = await readRecord(home);
  return record === undefined ? undefined : toState(home, record);
}

export function toState(home: string, record: ClusterRecord): ClusterState {
  const { port, passwords } = record;
  return {
    dataDir: dataDirOf(home, record),
    port,
    systemUser: record.systemUser ?? undefined,
    superuserUrl: connectionUrl(SUPERUSER, passwords.superuser, port, 'postgres'),
    ownerUrl: connectionUrl(OWNER, passwords.owner, port, DATABASE),
    appUrl: connectionUrl(APP, passwords.app, port, DATABASE),
  };
}

export function dataDirOf(home: string, { dataDir }: ClusterRecord): string {
  return resolve(home, dataDir);
}

export function newPasswords(): ClusterPasswords {
  const password = (): string => randomBytes(24).toString('base64url');
  return { superuser: password(), owner: password(), app: password() };
}

export async function readRecord(home: string): Promise<ClusterRecord | undefined> {
  const path = recordPath(home);
  try {
    const record = JSON.parse(await readFile(path, 'utf8')) as ClusterRecord;
    if (record.version !== 1) throw new Error(`its version is ${record.version}`);
    return record;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const message = `${path} cannot be used: ${errorMessage(error)}. Move it away to have the passwords made anew`;
    throw new HoldfastError('cluster_failed', message, { cause: error });
  }
}

export async function writeRecord(home: string, record: ClusterRecord): Promise<void> {
  const path = recordPath(home);
  await replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, 0o600);
  await chmod(path, 0o600);
}

function recordPath(home: string): string {
  return join(home, 'cluster.json');
}

function connectionUrl(user: string, password: string, port: number, database: string): string {
  return `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;
}
