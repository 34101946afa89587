import { chmod, lchown, open, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectory } from '../make-directory.ts';

/** Replaces a file: after a crash at any moment it has the old content or the new one. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Makes renames within a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Gives a directory and all that is in it to an owner, without following links. */
export async function changeOwner(path: string, uid: number, gid: number): Promise<void> {
  const entries = await readdir(path, { recursive: true });
  await Promise.all([path, ...entries.map(entry => join(path, entry))].map(entry => lchown(entry, uid, gid)));
}

/** Makes a directory; it and the ones above it that were missing can be entered by everybody, whatever the umask is. */
export async function makeOpenDirectory(path: string): Promise<void> {
  const first = await makeDirectory(path);
  if (first === undefined) return;
  for (let directory = path; directory.startsWith(first); directory = dirname(directory)) {
    await chmod(directory, 0o755);
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
