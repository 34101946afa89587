import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { type Connection, connect, sql } from '@holdfast/postgres';
import type { BackupRepository, StoredBackup } from '../../src/backup/backup-repository.ts';
import type { BackupFile, BackupManifest, DatabaseContent } from '../../src/backup/manifest.ts';
import type { WalArchive, WalRange } from '../../src/backup/wal-archive.ts';

const run = promisify(execFile);

/** A backup made with PostgreSQL's low-level API and cp, so that nothing of ours is needed to have one. */
export interface SimpleBackup {
  readonly repository: BackupRepository;
  readonly backup: StoredBackup;
  readonly directory: string;
}

export type Layout = 'tar' | 'plain';

/**
 * Copies a running cluster between pg_backup_start and pg_backup_stop. The point of the manifest is a moment of rest right after
 * it, so the caller must not write meanwhile.
 */
export async function takeSimpleBackup(
  url: string,
  directory: string,
  layout: Layout,
  content: (connection: Connection) => Promise<DatabaseContent[]> = async () => [],
): Promise<SimpleBackup> {
  const connection = await connect({ url });
  try {
    const { dataDir, systemIdentifier, version } = await connection.one(sql<{
      dataDir: string;
      systemIdentifier: string;
      version: number;
    }>`select current_setting('data_directory') as "dataDir", system_identifier::text as "systemIdentifier",
        current_setting('server_version_num')::int as version from pg_control_system()`);
    const { lsn: startLsn } = await connection.one(
      sql<{ lsn: string }>`select pg_backup_start('simple', true)::text as lsn`,
    );
    const data = join(directory, 'data');
    await mkdir(directory, { recursive: true });
    await copyLive(dataDir, data);
    for (const name of ['pg_wal', 'postmaster.pid', 'pg_replslot'])
      await rm(join(data, name), { recursive: true, force: true });
    const stop = await connection.one(sql<{ lsn: string; label: string }>`
      select lsn::text, labelfile as label from pg_backup_stop(false)`);
    await writeFile(join(data, 'backup_label'), stop.label);
    const databases = await content(connection);
    const { at, consistent } = await connection.one(sql<{ at: Date; consistent: string }>`
      select clock_timestamp() as at, pg_current_wal_insert_lsn()::text as consistent`);
    await connection.query(sql`select pg_logical_emit_message(false, 'holdfast', 'after the point')`);
    await connection.query(sql`select pg_switch_wal()`);
    await copyWal(connection, dataDir, join(data, 'pg_wal'), startLsn, consistent);
    if (layout === 'tar') await pack(directory);
    const manifest: BackupManifest = {
      manifest: 'holdfast-backup',
      version: 1,
      id: `20260101T000000Z-physical-${randomBytes(2).toString('hex')}`,
      engine: 'physical',
      createdAt: at.toISOString(),
      durationMs: 0,
      tool: { name: 'holdfast', version: 'test' },
      server: { versionNumber: version, systemIdentifier, url: 'test' },
      compression: 'none',
      encryption: null,
      point: {
        kind: 'physical',
        timeline: Number.parseInt((await walName(connection, startLsn)).slice(0, 8), 16),
        startLsn,
        stopLsn: stop.lsn,
        consistentLsn: consistent,
        snapshotAt: at.toISOString(),
      },
      files: await describeFiles(directory),
      databases,
      contentMissing: null,
      sha256: '',
    };
    return simpleBackup(directory, manifest);
  } finally {
    await connection.close();
  }
}

/** Files may vanish while they are copied: WAL repairs what their absence leaves. PostgreSQL manual, 25.3.4.1. */
async function copyLive(from: string, to: string): Promise<void> {
  try {
    await run('cp', ['-a', from, to], { env: { LC_ALL: 'C' } });
  } catch (error) {
    const complaints = ((error as { stderr?: string }).stderr ?? '').trim().split('\n');
    if (!complaints.every(line => line.endsWith('No such file or directory'))) throw error;
  }
}

/** A repository of that one backup, whose files are as they are. */
export function simpleBackup(directory: string, manifest: BackupManifest): SimpleBackup {
  const backup: StoredBackup = { manifest, validations: [], bytes: 0, seal: 'unchecked' } as StoredBackup;
  const refuse = (): never => {
    throw new Error('not part of this test');
  };
  const repository = {
    destination: undefined,
    list: async () => ({ backups: [backup], broken: [] }),
    find: async () => backup,
    open: async (_backup: unknown, path: string) => createReadStream(join(directory, path)),
    begin: refuse,
    recordValidation: async () => undefined,
    remove: refuse,
  } as unknown as BackupRepository;
  return { repository, backup, directory };
}

async function walName(connection: Connection, lsn: string): Promise<string> {
  const { name } = await connection.one(
    sql<{ name: string }>`select pg_walfile_name(${lsn}::pg_lsn) as name`,
  );
  return name;
}

async function copyWal(
  connection: Connection,
  dataDir: string,
  to: string,
  startLsn: string,
  endLsn: string,
): Promise<void> {
  const [first, last] = [await walName(connection, startLsn), await walName(connection, endLsn)];
  await mkdir(to);
  for (const name of await readdir(join(dataDir, 'pg_wal'))) {
    if (/^[0-9A-F]{24}$/.test(name) && name >= first && name <= last)
      await cp(join(dataDir, 'pg_wal', name), join(to, name));
  }
}

async function pack(directory: string): Promise<void> {
  const data = join(directory, 'data');
  await run('tar', ['-C', join(data, 'pg_wal'), '-cf', join(directory, 'pg_wal.tar'), '.']);
  await rm(join(data, 'pg_wal'), { recursive: true });
  await run('tar', ['-C', data, '-cf', join(directory, 'base.tar'), '.']);
  await rm(data, { recursive: true });
}

async function describeFiles(directory: string): Promise<BackupFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return Promise.all(
    files.map(async path => {
      const bytes = await readFile(path);
      return {
        path: relative(directory, path),
        bytes: bytes.length,
        originalBytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      };
    }),
  );
}

/** What `archive_command = 'cp %p DIRECTORY/%f'` has collected. */
export function simpleArchive(directory: string, range: () => Promise<WalRange>): WalArchive {
  return {
    systemIdentifier: 'test',
    segmentBytes: 16 * 1024 * 1024,
    ranges: async () => [await range()],
    list: async () => (await readdir(directory)).sort().map(name => ({ name, bytes: 0 })),
    open: async name => createReadStream(join(directory, name)),
    removeBefore: async () => [],
  };
}
