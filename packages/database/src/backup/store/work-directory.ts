import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '@holdfast/postgres';
import { isWriterGone, ownMark } from './writer-mark.ts';

const OWNER_FILE = 'owner.json';
/** What `mkdtemp` puts behind a name. */
const RANDOM = /^[A-Za-z0-9]{6}$/;

/** Notes in a directory that this process made it, so that others can tell when nobody uses it any more. */
export async function markOwned(directory: string, now: Date): Promise<void> {
  await writeFile(join(directory, OWNER_FILE), JSON.stringify(ownMark(now)), { mode: 0o600 });
}

/**
 * The directories `<parent>/<prefix>??????` of this user whose process is gone for certain. One of another machine, of another user, or
 * without a mark may be somebody's.
 */
export async function abandonedDirectories(parent: string, prefix: string): Promise<string[]> {
  const names = await readdir(parent).catch(() => []);
  const found: string[] = [];
  for (const name of names.filter(entry => entry.startsWith(prefix) && RANDOM.test(entry.slice(-6)))) {
    const path = join(parent, name);
    if (await isAbandoned(path).catch(() => false)) found.push(path);
  }
  return found;
}

async function isAbandoned(path: string): Promise<boolean> {
  const stats = await lstat(path);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.()) return false;
  return isWriterGone(await readFile(join(path, OWNER_FILE), 'utf8'));
}

/** What works in such directories. */
const PREFIXES = ['dump-', 'decode-', 'pgbackrest-'] as const;

/** Removes what killed processes left below a work directory; what cannot be removed now is tried again the next time. */
export async function removeAbandonedWork(parent: string): Promise<void> {
  const found = await Promise.all(PREFIXES.map(prefix => abandonedDirectories(parent, prefix)));
  await Promise.allSettled(found.flat().map(removeDirectory));
}

/** Runs work in a directory of its own below `parent`; what killed processes left there is removed first. */
export async function inWorkDirectory<T>(
  parent: string,
  prefix: (typeof PREFIXES)[number],
  work: (directory: string) => Promise<T>,
): Promise<T> {
  await makeDirectory(parent, 0o700);
  await removeAbandonedWork(parent);
  const directory = await mkdtemp(join(parent, prefix));
  try {
    await markOwned(directory, new Date());
    const inside = join(directory, 'files');
    await mkdir(inside, { mode: 0o700 });
    return await work(inside);
  } finally {
    await removeDirectory(directory);
  }
}

function removeDirectory(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 5 });
}
