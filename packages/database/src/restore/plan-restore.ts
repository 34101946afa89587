import { statfs } from 'node:fs/promises';
import { systemClock } from '@holdfast/core';
import { type Connection, connect, parseLsn } from '@holdfast/postgres';
import type { StoredBackup } from '../backup/backup-repository.ts';
import { contentOf } from '../backup/content-of.ts';
import { type Commit, listCommits } from '../backup/wal/list-commits.ts';
import type { WalArchive } from '../backup/wal-archive.ts';
import type { RecoveryTarget } from './materialized-backup.ts';
import {
  listPresentTables,
  type PresentServer,
  type PresentTable,
  readPresentServer,
} from './plan-queries.ts';
import { reachOf } from './reach.ts';

export interface PlanOptions {
  readonly backup: StoredBackup;
  readonly archive: WalArchive | undefined;
  readonly target: RecoveryTarget;
  /** The database that would be replaced; undefined when there is none that could be asked. */
  readonly presentUrl: string | undefined;
  /** A directory on the file system that the restored data goes to; undefined for a server elsewhere. */
  readonly place: string | undefined;
}

export interface RestorePlan {
  readonly backup: string;
  /** What somebody called it. */
  readonly label: string | null;
  readonly target: RecoveryTarget;
  /** Where it leads, ISO 8601; null for an LSN or transaction whose time is not known before. */
  readonly restoresTo: string | null;
  readonly neededBytes: number;
  readonly freeBytes: number | null;
  readonly present: PresentServer | null;
  readonly lost: Loss;
  /** Why it cannot be done as things are; empty when it can. */
  readonly obstacles: readonly string[];
}

/** What is in the database now and would not be afterwards, as far as it can be known beforehand. */
export interface Loss {
  /** WAL written since the point; null when the database cannot be asked or is another one. */
  readonly walBytes: number | null;
  /** Transactions in the archive after the point; null without an archive. */
  readonly commits: number | null;
  readonly firstCommitAt: string | null;
  /** Tables with more or fewer rows than the backup has, the largest difference first, then those that were not counted. */
  readonly tables: readonly TableLoss[];
}

interface TableLoss {
  readonly database: string;
  readonly table: string;
  readonly backup: number;
  /** Null when it was not counted and nobody has gathered statistics of it. */
  readonly present: number | null;
  /** False for PostgreSQL's estimate. */
  readonly counted: boolean;
}

/** Says what a restore would do, what it needs, and what would be lost. Changes nothing. @throws as `reachOf` */
export async function planRestore(wanted: PlanOptions): Promise<RestorePlan> {
  const { backup, archive, presentUrl, place } = wanted;
  const { manifest } = backup;
  const ranges = wanted.target.kind === 'backup' ? [] : ((await archive?.ranges()) ?? []);
  const { target, at } = reachOf(manifest, wanted.target, ranges);
  const options = { ...wanted, target };
  const present = await lookAtPresent(presentUrl);
  const unpacked = manifest.files.reduce((sum, file) => sum + (file.originalBytes ?? file.bytes), 0);
  const databases = manifest.databases.reduce((sum, { bytes }) => sum + bytes, 0);
  const neededBytes = Math.max(unpacked, databases) + (await archivedBytes(options));
  const freeBytes = place === undefined ? null : await freeSpace(place);
  const obstacles =
    freeBytes !== null && freeBytes < neededBytes
      ? [
          `the restored data needs about ${neededBytes} bytes beside the present ones, and ${freeBytes} are free`,
        ]
      : [];
  return {
    backup: manifest.id,
    label: manifest.label ?? null,
    target,
    restoresTo: at,
    neededBytes,
    freeBytes,
    present: present?.server ?? null,
    lost: await lossOf(options, present),
    obstacles,
  };
}

interface Present {
  readonly server: PresentServer;
  readonly tables: readonly PresentOne[];
}

interface PresentOne extends PresentTable {
  readonly database: string;
}

/** Of all databases together. */
const COUNTING_MS = 5_000;

async function lookAtPresent(url: string | undefined): Promise<Present | undefined> {
  if (url === undefined) return undefined;
  const end = systemClock.monotonic() + COUNTING_MS;
  const present = await lookAt(url, async connection => {
    const server = await readPresentServer(connection);
    return { server, tables: await tablesOf(connection, server.database, end) };
  });
  if (present === undefined) return undefined;
  const tables = [...present.tables];
  for (const database of present.server.otherDatabases) {
    const other = Object.assign(new URL(url), { pathname: `/${encodeURIComponent(database)}` });
    tables.push(...((await lookAt(other.href, connection => tablesOf(connection, database, end))) ?? []));
  }
  return { server: present.server, tables };
}

async function tablesOf(connection: Connection, database: string, end: number): Promise<PresentOne[]> {
  const tables = await listPresentTables(connection, end);
  return tables.map(table => ({ database, ...table }));
}

/** Undefined for a damaged database, which cannot say what it holds: no reason not to restore it. */
async function lookAt<T>(url: string, look: (connection: Connection) => Promise<T>): Promise<T | undefined> {
  const options = { url, applicationName: 'holdfast restore', statementTimeoutMs: 10_000 };
  const connection = await connect(options).catch(() => undefined);
  try {
    return connection === undefined ? undefined : await look(connection);
  } catch {
    return undefined;
  } finally {
    await connection?.close();
  }
}

async function archivedBytes({ archive, target }: PlanOptions): Promise<number> {
  if (archive === undefined || target.kind === 'backup') return 0;
  return (await archive.list()).reduce((sum, { bytes }) => sum + bytes, 0);
}

async function freeSpace(place: string): Promise<number | null> {
  return statfs(place).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
}

async function lossOf(options: PlanOptions, present: Present | undefined): Promise<Loss> {
  const { first, count } = await commitsAfter(options);
  return {
    walBytes: walSince(options, present?.server),
    commits: count,
    firstCommitAt: first?.at ?? null,
    tables: differences(options, present),
  };
}

function walSince({ backup, target }: PlanOptions, server: PresentServer | undefined): number | null {
  const { point, server: origin } = backup.manifest;
  const since =
    target.kind === 'lsn'
      ? target.lsn
      : target.kind === 'backup' && point.kind === 'physical'
        ? (point.consistentLsn ?? point.stopLsn)
        : null;
  if (since === null || server?.lsn == null || server.systemIdentifier !== origin.systemIdentifier)
    return null;
  return Math.max(0, Number(parseLsn(server.lsn) - parseLsn(since)));
}

async function commitsAfter(
  options: PlanOptions,
): Promise<{ readonly first: Commit | undefined; readonly count: number | null }> {
  const { archive, backup, target } = options;
  const { point } = backup.manifest;
  const from =
    target.kind === 'time'
      ? { time: new Date(target.at.getTime() + 1) }
      : target.kind === 'lsn'
        ? { lsn: target.lsn }
        : target.kind === 'backup' && point.kind === 'physical'
          ? { lsn: point.consistentLsn ?? point.stopLsn }
          : undefined;
  if (archive === undefined || from === undefined) return { first: undefined, count: null };
  let first: Commit | undefined;
  let count = 0;
  for await (const commit of listCommits(archive, { from })) {
    first ??= commit;
    count += 1;
  }
  return { first, count };
}

const SHOWN = 20;

function sizeOf({ backup, present }: TableLoss): number {
  return present === null ? -1 : Math.abs(present - backup);
}

function differences({ backup, target }: PlanOptions, present: Present | undefined): Loss['tables'] {
  if (present === undefined || target.kind !== 'backup') return [];
  const { databases } = backup.manifest;
  const key = (database: string, schema: string, name: string): string =>
    JSON.stringify([database, schema, name]);
  const known = new Map(
    databases.flatMap(({ name, tables }) =>
      tables.map(table => [key(name, table.schema, table.name), table.rows] as const),
    ),
  );
  const main = present.server.database;
  const mainThere = contentOf(databases, main)?.name ?? main;
  return present.tables
    .map(({ database, schema, name, rows, counted }) => ({
      database,
      table: `${schema}.${name}`,
      backup: known.get(key(database === main ? mainThere : database, schema, name)) ?? 0,
      present: rows,
      counted,
    }))
    .filter(({ backup: before, present: now }) => before !== now)
    .toSorted((a, b) => sizeOf(b) - sizeOf(a))
    .slice(0, SHOWN);
}
