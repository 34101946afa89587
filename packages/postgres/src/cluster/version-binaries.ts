import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { type Binaries, findBinaries, findPackage } from './binaries.ts';
import { asUser, type SystemUser } from './system-user.ts';

const run = promisify(execFile);

/** Where packages put each major version: Debian and Ubuntu, Red Hat, Homebrew on both kinds of Mac. */
const PLACES = ['/usr/lib/postgresql', '/usr', '/opt/homebrew/opt', '/usr/local/opt'];

export interface FindVersionOptions {
  /** As in PG_VERSION: `15`. */
  readonly majorVersion: string;
  readonly user: SystemUser | undefined;
  readonly sharedDir: string;
  /** A directory with the programs, looked into first. */
  readonly binDir?: string | undefined;
}

/**
 * The server programs of one major version: in the directory named, the embedded ones, or those of a package of the system.
 * Throws `cluster_failed` with the places that were looked into.
 */
export async function findVersionBinaries(options: FindVersionOptions): Promise<Binaries> {
  const { majorVersion, user, sharedDir, binDir } = options;
  const named = binDir === undefined ? undefined : await inDirectory(binDir, majorVersion, user);
  if (named !== undefined) return named;
  if (await isEmbedded(majorVersion)) return findBinaries(user, sharedDir);
  const directories = await postgresDirectories(majorVersion);
  for (const directory of directories) {
    const found = await inDirectory(directory, majorVersion, user);
    if (found !== undefined) return found;
  }
  const places = [...(binDir === undefined ? [] : [binDir]), ...PLACES].join(', ');
  const message = `This needs the server programs of PostgreSQL ${majorVersion}, and there are none (looked into ${places}). Install that version, or name the directory that holds its initdb and postgres with HOLDFAST_POSTGRES_BIN`;
  throw new HoldfastError('cluster_failed', message, { details: { majorVersion } });
}

/** The `bin` directories on this system, of one major version or of all, the newest first. */
export async function postgresDirectories(majorVersion?: string): Promise<string[]> {
  const lists = await Promise.all(PLACES.map(place => versionsIn(place)));
  return lists
    .flat()
    .filter(({ version }) => majorVersion === undefined || version === majorVersion)
    .toSorted((a, b) => Number(b.version) - Number(a.version))
    .map(({ bin }) => bin);
}

async function versionsIn(place: string): Promise<{ version: string; bin: string }[]> {
  const names = await readdir(place).catch(() => []);
  return names.flatMap(name => {
    const version = /^(?:pgsql-|postgresql@)?(\d\d)$/.exec(name)?.[1];
    return version === undefined ? [] : [{ version, bin: join(place, name, 'bin') }];
  });
}

async function isEmbedded(majorVersion: string): Promise<boolean> {
  try {
    const { version } = await findPackage();
    return version.split('.')[0] === majorVersion;
  } catch (error) {
    if (isHoldfastError(error, 'cluster_failed')) return false;
    throw error;
  }
}

async function inDirectory(
  bin: string,
  majorVersion: string,
  user: SystemUser | undefined,
): Promise<Binaries | undefined> {
  const [postgres, initdb] = [join(bin, 'postgres'), join(bin, 'initdb')];
  try {
    await access(initdb);
    const { stdout } = await run(postgres, ['--version'], { ...asUser(user), cwd: '/' });
    const found = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
    return found === majorVersion ? { postgres, initdb, majorVersion } : undefined;
  } catch {
    return undefined;
  }
}
