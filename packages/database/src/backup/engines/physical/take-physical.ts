import { HoldfastError } from '@holdfast/core';
import { type BaseBackup, openReplication, type ReplicationSession } from '@holdfast/postgres';
import type { BackupRequest, TakenBackup } from '../../backup-engine.ts';
import type { BackupWriter } from '../../backup-repository.ts';
import { storeUnpacked } from './base-files.ts';
import { type ClusterSession, describeCluster, notPossible, withClusterSession } from './cluster-session.ts';
import { readAtPoint } from './read-at-point.ts';
import { storeWal } from './store-wal.ts';
import { unlessFailed } from './unless-failed.ts';

/**
 * A base backup over the replication protocol with its WAL, and the point of it at which content was read; see
 * docs/backups-engines.md. Nothing stays on the server: the slots are temporary, and a base backup ends with its connection.
 * @throws HoldfastError `backup_not_possible` for a standby, tablespaces, or a role that may not replicate
 */
export function takePhysical(request: BackupRequest, writer: BackupWriter): Promise<TakenBackup> {
  return withClusterSession('physical', request, writer, async session => {
    const { url } = request;
    const base = session.remember(await openReplication({ url, applicationName: 'holdfast-backup' }));
    return take(session, base);
  });
}

async function take(session: ClusterSession, base: ReplicationSession): Promise<TakenBackup> {
  const { request, wal, name, clock } = session;
  const begun = clock.monotonic();
  const { systemIdentifier } = await base.identifySystem();
  // from here on the server keeps the WAL
  await wal.createPhysicalSlot(name, { temporary: true, reserveWal: true });
  request.onProgress({ step: 'waiting for a checkpoint' });
  const backup = await base.baseBackup({
    label: request.label ?? `holdfast ${session.writer.id}`,
    checkpoint: 'fast',
    includeWal: false,
  });
  refuseTablespaces(backup);
  const end = Promise.withResolvers<string>();
  const collecting = storeWal(session, backup, end.promise, request.plain ? 'files' : 'tar');
  // seen below; until then it is no unhandled rejection
  collecting.catch(() => undefined);
  await unlessFailed(collecting, storeBase(session, backup));
  const { stopLsn } = await backup.finished();
  const [content] = await Promise.all([readAtPoint(session, end.resolve), collecting]);
  const { databases, contentMissing, consistentLsn, snapshotAt } = content;
  const { timeline, startLsn } = backup;
  return {
    ...describeCluster(session, systemIdentifier, snapshotAt, clock.monotonic() - begun),
    point: { kind: 'physical', timeline, startLsn, stopLsn, consistentLsn, snapshotAt },
    databases,
    contentMissing,
  };
}

function refuseTablespaces({ tablespaces }: BaseBackup): void {
  if (tablespaces.length === 0) return;
  const places = tablespaces.map(({ location }) => location).join(', ');
  throw notPossible(
    'physical',
    `this cluster has tablespaces (${places}), and a physical backup of ours has one data directory. Use --engine pgbackrest where pgBackRest is installed, or --engine logical for each database`,
  );
}

async function storeBase({ request, writer, server }: ClusterSession, backup: BaseBackup): Promise<void> {
  const total = backup.totalBytes;
  for await (const { name, kind, data } of backup.parts()) {
    if (kind === 'manifest') {
      await writer.write(request.plain ? 'data/backup_manifest' : 'backup_manifest', data, 'stored');
      continue;
    }
    if (name !== 'base.tar') throw new HoldfastError('internal', `The server sent an archive ${name}`);
    const watched = watch(data, done =>
      request.onProgress({
        step: 'copying',
        doneBytes: done,
        ...(total === null ? {} : { totalBytes: Math.max(total, done) }),
      }),
    );
    if (request.plain) await storeUnpacked(watched, writer);
    else await writer.write('base.tar', server.versionNumber < 150_000 ? terminated(watched) : watched);
  }
}

/** PostgreSQL 14 leaves it to the client to end the archive. */
async function* terminated(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* data;
  yield new Uint8Array(1_024);
}

async function* watch(
  data: AsyncIterable<Uint8Array>,
  onBytes: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of data) {
    yield chunk;
    done += chunk.byteLength;
    onBytes(done);
  }
}
