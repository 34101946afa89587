import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@holdfast/core';
import { isErrno } from './files.ts';
import { stopPostmaster, watchPostmaster } from './postmaster.ts';
import { findPostmaster } from './postmaster-file.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-info.ts';

const OWNER = 'owner.json';

/**
 * Makes a directory for scratch data, noting which process it belongs to. Others may pass through it, since PostgreSQL can be
 * another user; what is inside is closed by itself.
 */
export async function claimScratchDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o711);
  const self = await identifyProcess(process.pid);
  await writeFile(join(directory, OWNER), JSON.stringify(self ?? { pid: process.pid }), { mode: 0o600 });
}

/** Whether the process that made a scratch directory lives. False for a directory that is none. */
async function scratchOwnerLives(directory: string): Promise<boolean> {
  const text = await readFile(join(directory, OWNER), 'utf8').catch(error => {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
  });
  if (text === undefined) return false;
  try {
    return await isAlive(JSON.parse(text) as ProcessIdentity);
  } catch {
    return false;
  }
}

/** Stops what runs on a scratch directory's data and removes it. Safe to repeat, also where nothing is. */
export async function removeScratchDirectory(directory: string): Promise<void> {
  const dataDir = join(directory, 'data');
  const running = await findPostmaster(dataDir);
  if (running !== undefined) {
    await stopPostmaster(await watchPostmaster(running.pid, dataDir), 'immediate', systemClock);
  }
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Removes the scratch directories below `parent` whose names begin with `prefix` and whose process is gone: what killed runs
 * have left, with the servers that still run on them. Resolves to their paths.
 */
export async function removeAbandonedScratch(
  parent: string,
  prefix: string,
  keep: readonly string[] = [],
): Promise<string[]> {
  const names = (await readdir(parent).catch(() => [])).filter(name => name.startsWith(prefix));
  const removed: string[] = [];
  for (const path of names.map(name => join(parent, name))) {
    if (keep.includes(path) || (await scratchOwnerLives(path))) continue;
    await removeScratchDirectory(path);
    removed.push(path);
  }
  return removed;
}
