import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../make-directory.ts';
import { findPackage } from './binaries.ts';
import type { ClusterState } from './cluster.ts';
import { exists, makeOpenDirectory } from './files.ts';
import { placeCluster, recordedDataDir } from './placement.ts';
import { provision } from './provision.ts';
import { newPasswords, readRecord, toState, writeRecord } from './state-file.ts';
import { canEnter, chooseSystemUser, isRoot } from './system-user.ts';

const SHARED_DIR = '/var/lib/holdfast';

/**
 * Where the embedded database of a state directory is or will be, for a restore: as recorded, or, when cluster.json is gone, as the
 * first start would choose. Then a new record is written, whose passwords the restored database gets.
 */
export async function placeRestore(options: {
  readonly home: string;
  readonly systemUser: string | undefined;
  readonly sharedDir: string | undefined;
}): Promise<ClusterState> {
  const { home, systemUser, sharedDir = SHARED_DIR } = options;
  await makeDirectory(home, isRoot() ? 0o711 : 0o700);
  const found = await readRecord(home);
  const { dataDir, user } = await placeCluster({ home, record: found, systemUser, sharedDir });
  const record = found ?? {
    version: 1 as const,
    dataDir: recordedDataDir(home, dataDir),
    port: 0,
    systemUser: user?.name ?? null,
    passwords: newPasswords(),
    // a start without a restored database makes an empty one, and with one puts its roles right
    provisioned: false,
  };
  if (found === undefined) await writeRecord(home, record);
  return { ...toState(home, record), systemUser: user?.name };
}

/** The major version of the embedded PostgreSQL, such as `18`. */
export async function embeddedMajorVersion(): Promise<string> {
  const { version } = await findPackage();
  return version.split('.')[0] ?? '';
}

/** Gives the roles of a restored database the passwords of cluster.json, and puts their rights right. */
export async function adoptRestored(home: string, superuserUrl: string): Promise<void> {
  const record = await readRecord(home);
  if (record === undefined) throw new Error(`${home} has no cluster.json`);
  await provision({ ...toState(home, record), superuserUrl }, record.passwords);
}

/** A directory that PostgreSQL's user can reach, for scratch data: in the state directory, else where root keeps such things. Made here. */
export async function scratchParent(options: {
  readonly home: string;
  readonly systemUser: string | undefined;
  readonly sharedDir: string | undefined;
}): Promise<string> {
  const { home, systemUser, sharedDir = SHARED_DIR } = options;
  const inHome = join(home, 'tmp');
  if (!isRoot()) {
    await makeDirectory(inHome, 0o700);
    return inHome;
  }
  const user = await chooseSystemUser(systemUser);
  const directory = (await exists(home)) && (await canEnter(user, home)) ? inHome : join(sharedDir, 'tmp');
  await makeOpenDirectory(directory);
  // others of this process keep files of their own there, and may have made it first
  if (!(await canEnter(user, directory))) await chmod(directory, 0o711);
  return directory;
}
