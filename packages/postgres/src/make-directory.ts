import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory and those above it that are missing; resolves to the first one made, undefined when it was there. As
 * `mkdir` of Node.js with `recursive`, which never returns where a file system has no room for directories, such as /proc.
 */
export async function makeDirectory(path: string, mode?: number): Promise<string | undefined> {
  const missing = await make(path, mode);
  if (missing === undefined) return path;
  if (await isDirectory(path)) return undefined;
  const above = dirname(path);
  if (missing.code !== 'ENOENT' || above === path) throw missing;
  const first = await makeDirectory(above, mode);
  const failure = await make(path, mode);
  // somebody else may have made it in between
  if (failure !== undefined && !(await isDirectory(path))) throw failure;
  return first ?? path;
}

async function make(path: string, mode?: number): Promise<NodeJS.ErrnoException | undefined> {
  return mkdir(path, { mode }).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}
