import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { makeDirectory } from '@holdfast/postgres';
import type { Destination } from '../backup-repository.ts';
import { asDestinationError, notStored } from './destination-error.ts';
import { checkName } from './stored-name.ts';
import { watchSource } from './watch-source.ts';

/** What an unfinished write is called: hidden, and never listed. */
const UNFINISHED = /^\..+\.[0-9a-f]{12}\.tmp$/;
const READ_BYTES = 1 << 20;
const OPEN_TRIES = 5;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** A directory as a place for backups. It is made at the first write; files get mode 0600, directories 0700. */
export function directoryDestination(path: string): Destination {
  const root = resolve(path);
  const pathOf = (name: string): string => join(root, checkName(name));
  return {
    name: root,
    directory: root,
    write: (name, data) => write(root, name, pathOf(name), data),
    read: name => guarded(root, `reading ${name}`, () => openForReading(root, name, pathOf(name))),
    size: name => guarded(root, `looking at ${name}`, () => sizeOf(pathOf(name))),
    list: prefix => guarded(root, 'listing', () => listFiles(root, prefix)),
    remove: name => guarded(root, `removing ${name}`, () => removeFile(root, pathOf(name))),
    sweep: (prefix, before) =>
      guarded(root, 'removing unfinished files', () => sweepUnfinished(root, prefix, before)),
  };
}

async function guarded<T>(root: string, action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asDestinationError(root, action, error);
  }
}

async function write(
  root: string,
  name: string,
  path: string,
  data: AsyncIterable<Uint8Array>,
): Promise<number> {
  const source = watchSource(data);
  try {
    return await writeWhole(root, path, source.data);
  } catch (error) {
    throw source.explain(error, own => asDestinationError(root, `writing ${name}`, own));
  }
}

async function writeWhole(root: string, path: string, data: AsyncIterable<Uint8Array>): Promise<number> {
  const directory = dirname(path);
  const unfinished = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const bytes = await writeSynced(await openNew(unfinished), data);
    await rename(unfinished, path);
    await syncDirectory(directory);
    return bytes;
  } catch (error) {
    // The first error says what is wrong; what cannot be removed is swept later.
    await removeFile(root, unfinished).catch(() => undefined);
    throw error;
  }
}

async function writeSynced(handle: FileHandle, data: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of data) {
      await writeAll(handle, chunk);
      bytes += chunk.byteLength;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return bytes;
}

/** Whoever removes the last file of a directory removes it as well, perhaps just before this one is opened. */
async function openNew(path: string): Promise<FileHandle> {
  for (let tries = 1; ; tries += 1) {
    await makeDirectories(dirname(path));
    try {
      return await open(path, 'wx', FILE_MODE);
    } catch (error) {
      if (!isMissing(error) || tries === OPEN_TRIES) throw error;
    }
  }
}

/** A write to a disk that is nearly full may be short. */
async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < chunk.byteLength) {
    const { bytesWritten } = await handle.write(chunk, offset, chunk.byteLength - offset);
    offset += bytesWritten;
  }
}

/** Makes a directory and what is above it, each entry durable before something is put into it. */
async function makeDirectories(directory: string): Promise<void> {
  const first = await makeDirectory(directory, DIRECTORY_MODE);
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openForReading(root: string, name: string, path: string): Promise<Readable> {
  try {
    const handle = await open(path, 'r');
    return handle.createReadStream({ highWaterMark: READ_BYTES });
  } catch (error) {
    throw isMissing(error) ? notStored(root, name, error) : error;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function listFiles(
  root: string,
  prefix: string,
): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
  const files: { readonly name: string; readonly bytes: number }[] = [];
  for await (const { name, bytes } of walk(root, prefix, file => !UNFINISHED.test(file))) {
    files.push({ name, bytes });
  }
  return files.sort((one, other) => (one.name < other.name ? -1 : 1));
}

interface FoundFile {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Every file below a directory whose name begins with the prefix. What vanishes meanwhile is left out. */
async function* walk(
  root: string,
  prefix: string,
  wanted: (basename: string) => boolean,
  below = '',
): AsyncGenerator<FoundFile> {
  for (const entry of await entriesOf(join(root, below))) {
    const name = `${below}${entry.name}`;
    if (!name.startsWith(prefix) && !prefix.startsWith(`${name}/`)) continue;
    const found = await statIfThere(join(root, name));
    if (found?.isDirectory() === true) yield* walk(root, prefix, wanted, `${name}/`);
    if (found?.isFile() === true && name.startsWith(prefix) && wanted(entry.name)) {
      yield { name, bytes: found.size, modifiedMs: found.mtimeMs };
    }
  }
}

async function entriesOf(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function removeFile(root: string, path: string): Promise<void> {
  await rm(path, { force: true });
  for (let directory = dirname(path); directory.length > root.length; directory = dirname(directory)) {
    if (!(await removeIfEmpty(directory))) return;
  }
}

async function removeIfEmpty(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

async function sweepUnfinished(root: string, prefix: string, before: Date): Promise<number> {
  let removed = 0;
  for await (const { name, modifiedMs } of walk(root, prefix, file => UNFINISHED.test(file))) {
    if (modifiedMs >= before.getTime()) continue;
    await removeFile(root, join(root, name));
    removed += 1;
  }
  return removed;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
