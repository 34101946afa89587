import { randomBytes } from 'node:crypto';
import { type Clock, HoldfastError, maskUrl, systemClock } from '@holdfast/core';
import { type Connection, connect, openReplication, type ReplicationSession } from '@holdfast/postgres';
import type { BackupRequest, TakenBackup } from '../../backup-engine.ts';
import type { BackupWriter } from '../../backup-repository.ts';
import type { BackupEngineName } from '../../manifest.ts';
import { readServer, type ServerRow } from './point-queries.ts';

/** What is open on the server while a whole cluster is backed up; all of it ends with the connections. */
export interface ClusterSession {
  readonly engine: BackupEngineName;
  readonly request: BackupRequest;
  readonly writer: BackupWriter;
  readonly clock: Clock;
  readonly sql: Connection;
  readonly server: ServerRow;
  /** For the WAL meanwhile. */
  readonly wal: ReplicationSession;
  /** For slots. */
  readonly name: string;
  /** Closes this with the others. */
  readonly remember: <T extends { close(): Promise<void> }>(opened: T) => T;
}

/** Works with a session that is closed afterwards, and at once when the request is given up. */
export async function withClusterSession(
  engine: BackupEngineName,
  request: BackupRequest,
  writer: BackupWriter,
  work: (session: ClusterSession) => Promise<TakenBackup>,
): Promise<TakenBackup> {
  const closers: (() => Promise<void>)[] = [];
  const remember = <T extends { close(): Promise<void> }>(opened: T): T => {
    closers.push(() => opened.close());
    return opened;
  };
  const closeAll = async (): Promise<void> => {
    await Promise.all(closers.map(close => close()));
  };
  const onAbort = (): void => void closeAll();
  request.signal.addEventListener('abort', onAbort, { once: true });
  try {
    request.signal.throwIfAborted();
    const { url } = request;
    const sql = remember(await connect({ url, applicationName: 'holdfast-backup' }));
    const server = await readServer(sql);
    if (server.inRecovery)
      throw notPossible(
        engine,
        'this server is a standby, which has no point of its own; back up its primary',
      );
    const wal = remember(await openReplication({ url, applicationName: 'holdfast-backup-wal' }));
    const name = `holdfast_backup_${randomBytes(6).toString('hex')}`;
    return await work({ engine, request, writer, clock: systemClock, sql, server, wal, name, remember });
  } catch (error) {
    throw request.signal.aborted ? request.signal.reason : error;
  } finally {
    request.signal.removeEventListener('abort', onAbort);
    await closeAll();
  }
}

/** What the manifest says of every backup of a cluster. */
export function describeCluster(
  { engine, request, writer, server }: ClusterSession,
  systemIdentifier: string,
  createdAt: string,
  durationMs: number,
): Omit<TakenBackup, 'point' | 'databases' | 'contentMissing'> {
  return {
    manifest: 'holdfast-backup',
    version: 1,
    id: writer.id,
    engine,
    ...(request.label === undefined ? {} : { label: request.label }),
    createdAt,
    durationMs: Math.round(durationMs),
    tool: { name: 'holdfast', version: request.toolVersion },
    server: { versionNumber: server.versionNumber, systemIdentifier, url: maskUrl(request.url) },
    compression: request.compression,
    encryption: null,
  };
}

export function notPossible(engine: BackupEngineName, why: string): HoldfastError {
  const name = engine === 'pgbackrest' ? 'backup with pgBackRest' : `${engine} backup`;
  return new HoldfastError('backup_not_possible', `No ${name} can be made: ${why}.`);
}
