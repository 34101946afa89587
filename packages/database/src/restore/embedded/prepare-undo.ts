import { HoldfastError } from '@holdfast/core';
import { type ClusterState, listTakeovers, prepareTakeover, type Takeover } from '@holdfast/postgres/cluster';
import { newRestoreId } from './prepare-restore.ts';

/**
 * Makes the database that the last restore replaced ready to take over again. The present one is not lost then: it is kept as
 * the replaced one. @throws HoldfastError `restore_refused` when there is none
 */
export async function prepareUndo(home: string, cluster: ClusterState): Promise<Takeover> {
  const [last] = await listTakeovers(home);
  if (last === undefined || last.replaced === null) {
    const message = `No replaced database is kept on ${home}, so there is nothing to undo`;
    throw new HoldfastError('restore_refused', message);
  }
  const id = newRestoreId();
  return prepareTakeover(home, {
    id,
    dataDir: cluster.dataDir,
    prepared: last.replaced,
    scratch: null,
    replaced: `${cluster.dataDir}.replaced-${id}`,
    what: formerDatabase(last.what),
    restoredTo: last.switchedAt ?? last.restoredTo,
  });
}

const BEFORE = 'the database from before ';
const RESTORED = 'the database restored from ';

/** What to call the database that the taking over of another has replaced: back and forth it is one of two. */
export function formerDatabase(what: string): string {
  return what.startsWith(BEFORE)
    ? `${RESTORED}${what.slice(BEFORE.length)}`
    : `${BEFORE}${what.startsWith(RESTORED) ? what.slice(RESTORED.length) : what}`;
}
