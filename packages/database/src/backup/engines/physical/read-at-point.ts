import type { TakenBackup } from '../../backup-engine.ts';
import { databaseUrl } from '../server-url.ts';
import { readAllSequences, readClusterContent, snapshotAll } from './cluster-content.ts';
import type { ClusterSession } from './cluster-session.ts';
import { findExactPoint } from './exact-point.ts';
import { listDatabases, readClock, writeMark } from './point-queries.ts';

/** What a cluster held at a point after its files were copied, and that point. */
export interface ContentAtPoint extends Pick<TakenBackup, 'databases' | 'contentMissing'> {
  readonly consistentLsn: string | null;
  readonly snapshotAt: string;
}

/**
 * Finds the exact point and reads what the databases hold there. `onEnd` is told how far the WAL of the backup must reach, as
 * soon as that is known.
 */
export async function readAtPoint(
  session: ClusterSession,
  onEnd: (lsn: string) => void,
): Promise<ContentAtPoint> {
  const { request, server, sql, clock, name } = session;
  const { url, jobs, signal, onProgress } = request;
  const databases = request.databases ?? (await listDatabases(sql));
  const sequences = await readAllSequences(url, databases);
  onProgress({ step: 'finding the point' });
  const { walLevel } = server;
  const point = await findExactPoint({ url, walLevel, slotName: `${name}_point`, clock, signal });
  try {
    const snapshotAt = await readClock(sql);
    const main = server.database;
    const snapshots = await snapshotAll(point, { url: databaseUrl(url, main), main, databases });
    // a transaction of its own, so not before the snapshots
    onEnd(await writeMark(sql));
    const contents = await readClusterContent({
      url,
      databases,
      point,
      snapshots,
      sequences,
      jobs,
      signal,
      onProgress: (doneBytes, totalBytes) => onProgress({ step: 'reading rows', doneBytes, totalBytes }),
    });
    return {
      databases: contents,
      contentMissing: typeof point === 'string' ? point : null,
      consistentLsn: typeof point === 'string' ? null : point.lsn,
      snapshotAt: snapshotAt.toISOString(),
    };
  } finally {
    if (typeof point !== 'string') await point.release();
  }
}
