import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from './files.ts';
import { dataDirOf, readRecord } from './state-file.ts';
import { readTakeover } from './takeover.ts';

/**
 * The data directory of a state directory that held a database and is gone, or holds none any more; undefined when nothing is lost.
 * Changes nothing.
 */
export async function findLostDataDirectory(home: string): Promise<string | undefined> {
  const record = await readRecord(home);
  if (record?.provisioned !== true) return undefined;
  const dataDir = dataDirOf(home, record);
  // the next start puts another one in its place
  if ((await readTakeover(home))?.state === 'switching') return undefined;
  return access(join(dataDir, 'PG_VERSION')).then(
    () => undefined,
    error => (isErrno(error, 'ENOENT', 'ENOTDIR') ? dataDir : undefined),
  );
}
