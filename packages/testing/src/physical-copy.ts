import { execFile } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Copies the data directory of a PostgreSQL that is stopped, with owners and modes, as a cold backup does. What was at
 * `to` is replaced.
 */
export async function copyDataDirectory(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await run('cp', ['-a', from, to]);
}

/** Puts a copy in the place of the data directory of a PostgreSQL that is stopped; the copy itself stays. */
export async function restoreDataDirectory(copy: string, dataDir: string): Promise<void> {
  const replaced = `${dataDir}.replaced`;
  await rm(replaced, { recursive: true, force: true });
  await rename(dataDir, replaced);
  await copyDataDirectory(copy, dataDir);
  await rm(replaced, { recursive: true, force: true });
}
