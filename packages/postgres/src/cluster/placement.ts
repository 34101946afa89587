import { createHash } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { changeOwner, exists, makeOpenDirectory } from './files.ts';
import { type ClusterRecord, dataDirOf } from './state-file.ts';
import { canEnter, chooseSystemUser, isRoot, ownerOf, type SystemUser } from './system-user.ts';

/** Where the data directory is or will be, and who runs PostgreSQL on it. */
export interface Placement {
  readonly dataDir: string;
  /** Undefined: the user of this process. */
  readonly user: SystemUser | undefined;
}

interface PlacementRequest {
  readonly home: string;
  readonly record: ClusterRecord | undefined;
  readonly systemUser: string | undefined;
  readonly sharedDir: string;
}

/**
 * Decides on user and place. An ordinary user has everything in the state directory. For root it is there when the system
 * user can enter the state directory, else in `<sharedDir>/<hash of the state directory>`. What exists stays where it
 * is, and with its owner unless another user is asked for by name.
 */
export async function placeCluster(request: PlacementRequest): Promise<Placement> {
  const { home, record, systemUser } = request;
  const existing = record === undefined ? undefined : dataDirOf(home, record);
  if (!isRoot()) return placeForSelf(existing ?? join(home, 'postgres'));
  const recorded = existing ?? (await findExisting(request));
  if (recorded === undefined) return placeForUser(request, await chooseSystemUser(systemUser));
  return placeExisting(recorded, systemUser);
}

async function placeForSelf(dataDir: string): Promise<Placement> {
  if (await exists(dataDir)) {
    const { name, uid } = await ownerOf(dataDir);
    if (uid !== process.getuid?.() && process.getuid !== undefined) {
      const message = `The database directory ${dataDir} belongs to the user ${name}. Start Holdfast as that user or as root, or use another state directory`;
      throw new HoldfastError('cluster_failed', message);
    }
  }
  return { dataDir, user: undefined };
}

/** Data directories of a state directory whose cluster.json is gone. */
async function findExisting({ home, sharedDir }: PlacementRequest): Promise<string | undefined> {
  for (const dataDir of [join(home, 'postgres'), sharedDataDir(home, sharedDir)]) {
    if (await exists(join(dataDir, 'PG_VERSION'))) return dataDir;
  }
  return undefined;
}

async function placeExisting(dataDir: string, requested: string | undefined): Promise<Placement> {
  const owner = (await exists(dataDir)) ? await ownerOf(dataDir) : undefined;
  const keepsOwner = requested === undefined || owner?.name === requested;
  const user =
    owner !== undefined && owner.uid !== 0 && keepsOwner ? owner : await chooseSystemUser(requested);
  if (owner === undefined) return { dataDir, user };
  if (owner.uid !== user.uid) await changeOwner(dataDir, user.uid, user.gid);
  if (await canEnter(user, dataDir)) return { dataDir, user };
  const message = `The system user ${user.name} cannot reach the database directory ${dataDir}: a directory above it is closed to others. Open it (chmod o+x), or name another user with HOLDFAST_POSTGRES_USER`;
  throw new HoldfastError('cluster_failed', message);
}

async function placeForUser({ home, sharedDir }: PlacementRequest, user: SystemUser): Promise<Placement> {
  if (await canEnter(user, home)) return { dataDir: join(home, 'postgres'), user };
  const dataDir = sharedDataDir(home, sharedDir);
  const parent = dirname(dataDir);
  await makeOpenDirectory(parent);
  if (await canEnter(user, parent)) return { dataDir, user };
  const message = `The system user ${user.name} can reach neither ${home} nor ${sharedDir}. Name a directory it can enter with HOLDFAST_POSTGRES_DIR`;
  throw new HoldfastError('cluster_failed', message);
}

function sharedDataDir(home: string, sharedDir: string): string {
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 16);
  return join(sharedDir, hash, 'postgres');
}

/** How cluster.json names a data directory: relative when it is inside the state directory. */
export function recordedDataDir(home: string, dataDir: string): string {
  const path = relative(home, dataDir);
  return path.startsWith('..') ? dataDir : path;
}
