import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@holdfast/core';
import {
  type ClusterState,
  embeddedMajorVersion,
  restoreConfiguration,
  startScratchCluster,
  switchOver,
  syncDataDirectory,
  type Takeover,
} from '@holdfast/postgres/cluster';

/** What a restored database is told before anybody can use it: which time was lost. Rejects when that cannot be recorded. */
export type RecordEpoch = (restored: {
  /** As the owner of the tables. */
  readonly ownerUrl: string;
  readonly restoredTo: Date;
  readonly restoredAt: Date;
  readonly note: string;
}) => Promise<void>;

export interface SwitchOptions {
  readonly home: string;
  readonly takeover: Takeover;
  readonly cluster: ClusterState;
  readonly sharedDir: string | undefined;
  readonly recordEpoch: RecordEpoch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string) => void;
}

/**
 * Lets a prepared database take over: tells it which time was lost, and puts its directory in the place of the old one's. The
 * caller has the lock of the state directory and has stopped the old one. When it fails, the old one can be started again.
 */
export async function switchRestore(options: SwitchOptions): Promise<Takeover> {
  const { home, takeover, cluster, sharedDir, clock, signal, onProgress } = options;
  const at = new Date(clock.now());
  const place = { dataDir: takeover.prepared, systemUser: cluster.systemUser, sharedDir };
  onProgress('recording the restore in the new database');
  await mkdir(join(home, 'logs'), { recursive: true, mode: 0o700 });
  const scratch = await startScratchCluster({
    ...place,
    settings: { fsync: 'off' },
    password: new URL(cluster.superuserUrl).password,
    logFile: join(home, 'logs', 'restore.log'),
    signal,
    onProgress: () => undefined,
  });
  try {
    const ownerUrl = new URL(cluster.ownerUrl);
    ownerUrl.port = String(scratch.port);
    const restoredTo = new Date(Math.min(Date.parse(takeover.restoredTo), at.getTime()));
    await options.recordEpoch({ ownerUrl: ownerUrl.href, restoredTo, restoredAt: at, note: takeover.what });
  } finally {
    await scratch.stop();
  }
  await restoreConfiguration(takeover.prepared);
  await syncDataDirectory({ ...place, majorVersion: await embeddedMajorVersion() });
  onProgress('switching');
  return switchOver(home, takeover, at);
}
