import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { type Connection, connect, sqlState } from '@holdfast/postgres';
import {
  claimScratchDirectory,
  initScratchCluster,
  removeScratchDirectory,
  type ScratchCluster,
  startScratchCluster,
} from '@holdfast/postgres/cluster';
import type { DatabaseContent } from '../../backup/manifest.ts';
import { rolesOf } from '../../scratch/catalog-roles.ts';
import { tablespacesOf } from '../../scratch/catalog-tablespaces.ts';
import type { MaterializedBackup } from '../materialized-backup.ts';
import { type MaterializePhysicalOptions, toMaterialized } from '../physical/materialize-physical.ts';
import { fetchDump } from './dump-source.ts';
import { loadDump } from './load-dump.ts';
import {
  createDatabase,
  createRole,
  createTablespaceInPlace,
  emptyTablespace,
  listMissingExtensions,
} from './scratch-database-queries.ts';

export type MaterializeLogicalOptions = MaterializePhysicalOptions;

/**
 * Makes a cluster of the version that was dumped, with the roles the dump names, and loads it. @throws HoldfastError as
 * `materializePhysical` does
 */
export async function materializeLogical(options: MaterializeLogicalOptions): Promise<MaterializedBackup> {
  const { backup, directory, target } = options;
  const { manifest } = backup;
  if (target.kind !== 'backup') {
    const message = `Backup ${manifest.id} is a dump, which can only be restored to its own point, ${manifest.point.snapshotAt}`;
    throw new HoldfastError('restore_refused', message);
  }
  await claimScratchDirectory(directory);
  let cluster: ScratchCluster | undefined;
  try {
    cluster = await startEmpty(options);
    const restored = toMaterialized({ manifest, target, directory, reached: null }, cluster);
    await load(options, restored);
    return restored;
  } catch (error) {
    await cluster?.stop('immediate');
    await removeScratchDirectory(directory);
    throw explain(error, manifest.id);
  }
}

async function startEmpty(options: MaterializeLogicalOptions): Promise<ScratchCluster> {
  const { backup, directory, systemUser, sharedDir, binDir, signal, onProgress, password } = options;
  const majorVersion = String(Math.floor(backup.manifest.server.versionNumber / 10_000));
  const place = { dataDir: join(directory, 'data'), systemUser, sharedDir, binDir };
  onProgress({ step: 'making an empty cluster' });
  await initScratchCluster({ ...place, majorVersion });
  return startScratchCluster({
    ...place,
    password,
    signal,
    logFile: join(directory, 'postgres.log'),
    onProgress: step => onProgress({ step }),
    settings: {
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'off',
      wal_level: 'minimal',
      max_wal_senders: '0',
    },
  });
}

async function load(options: MaterializeLogicalOptions, restored: MaterializedBackup): Promise<void> {
  const { repository, backup, directory, signal, jobs, programs, onProgress } = options;
  const [content] = backup.manifest.databases;
  if (content === undefined) {
    const message = `Backup ${backup.manifest.id} does not say what it holds, so it cannot be restored on its own`;
    throw new HoldfastError('restore_refused', message);
  }
  const admin = await connect({ url: restored.superuserUrl, applicationName: 'holdfast restore' });
  await makeRoom(admin, content).finally(() => admin.close());
  const dumps = join(directory, 'dumps');
  await mkdir(dumps, { mode: 0o700 });
  const unpacking = { directory: dumps, owner: undefined, signal, onBytes: () => undefined };
  const source = await fetchDump(repository, backup, unpacking);
  onProgress({ step: 'loading the dump' });
  const dumpedVersion = Math.floor(backup.manifest.server.versionNumber / 10_000);
  const url = restored.urlOf(content.name);
  await loadDump({ source, from: 'backup', url, dumpedVersion, programs, jobs, signal });
  if (options.purpose === 'takeover') await leaveTablespaces(url, tablespacesOf(content.catalog));
}

/** The data directory is all that there is of the cluster that is to be: nothing lies on another disk. */
async function leaveTablespaces(url: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const superuser = await connect({ url, applicationName: 'holdfast restore' });
  try {
    for (const name of names) await emptyTablespace(superuser, name);
  } finally {
    await superuser.close();
  }
}

async function makeRoom(admin: Connection, content: DatabaseContent): Promise<void> {
  const missing = await listMissingExtensions(
    admin,
    content.extensions.map(({ name }) => name),
  );
  if (missing.length > 0) {
    const message = `The backup needs extensions that this PostgreSQL has not got: ${missing.join(', ')}. Install their packages`;
    throw new HoldfastError('restore_refused', message, { details: { missing } });
  }
  for (const role of new Set([content.owner, ...rolesOf(content.catalog)])) await createRole(admin, role);
  for (const tablespace of tablespacesOf(content.catalog)) await createTablespaceInPlace(admin, tablespace);
  const { name, owner, encoding, catalog } = content;
  if (name === 'postgres') return;
  const { collate, ctype } = catalog.database ?? { collate: 'C', ctype: 'C' };
  try {
    await createDatabase(admin, { name, owner, encoding, collate, ctype });
  } catch (error) {
    // the locale of another operating system: rows are the same without it
    if (sqlState(error) !== '42809' && sqlState(error) !== '22023') throw error;
    await createDatabase(admin, { name, owner, encoding, collate: 'C', ctype: 'C' });
  }
}

function explain(error: unknown, id: string): unknown {
  if (!isHoldfastError(error, 'cluster_failed')) return error;
  const message = `Backup ${id} cannot be restored here: ${errorMessage(error)}`;
  return new HoldfastError('restore_refused', message, { cause: error });
}
