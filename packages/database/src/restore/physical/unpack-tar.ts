import { chown, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { extract } from 'tar-stream';

export interface UnpackOptions {
  /** Exists. */
  readonly directory: string;
  /** Who the files are given to; undefined for the user of this process. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Unpacks a tar of a data directory without holding it in memory. Nothing is written outside of the directory, whatever the
 * archive says, and links are refused: PostgreSQL has them only for tablespaces, which lie elsewhere.
 * @throws HoldfastError `restore_failed`, and what the stream fails with
 */
export async function unpackTar(tar: Readable, options: UnpackOptions): Promise<void> {
  const reader = extract();
  let failure: Error | undefined;
  tar.on('error', error => {
    failure = error;
    reader.destroy(error);
  });
  tar.pipe(reader);
  const made = new Set<string>();
  try {
    for await (const entry of reader) {
      options.signal.throwIfAborted();
      const path = entryPath(options.directory, entry.header.name);
      if (entry.header.type === 'directory') {
        await makeDirectory(path, options, made);
        entry.resume();
      } else if (entry.header.type === 'file') {
        await makeDirectory(dirname(path), options, made);
        await writeOwnedFile(path, async () => entry as AsyncIterable<Uint8Array>, options);
      } else {
        throw unusable(
          `${entry.header.name} is a ${entry.header.type}, and only files and directories can be restored`,
        );
      }
    }
  } catch (error) {
    const cause = failure ?? error;
    throw isUnreadable(cause) ? unusable(errorMessage(cause)) : cause;
  } finally {
    tar.unpipe(reader);
    tar.destroy();
  }
}

/** Of the archive itself: neither an answer of the operating system nor an error that says where it is from. */
function isUnreadable(error: unknown): boolean {
  return (
    error instanceof Error && !isHoldfastError(error) && !('errno' in error) && error.name !== 'AbortError'
  );
}

/** Where an entry goes. @throws HoldfastError `restore_failed` when that would be outside of the directory */
export function entryPath(directory: string, name: string): string {
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (name.startsWith('/') || parts.includes('..') || /[\0\\]/.test(name)) {
    throw unusable(`the name ${JSON.stringify(name)} would lead out of the data directory`);
  }
  return join(directory, ...parts);
}

/** Makes a directory that only the owner can enter, with those above it. */
export async function makeDirectory(path: string, options: UnpackOptions, made: Set<string>): Promise<void> {
  if (path === options.directory || made.has(path)) return;
  await makeDirectory(dirname(path), options, made);
  await mkdir(path, { mode: 0o700, recursive: true });
  if (options.owner !== undefined) await chown(path, options.owner.uid, options.owner.gid);
  made.add(path);
}

/**
 * Writes one file, which must not exist, and gives it to the owner. The data is opened last: a stream that fails while nobody
 * listens to it would end the process.
 */
export async function writeOwnedFile(
  path: string,
  openData: () => Promise<AsyncIterable<Uint8Array>>,
  { owner, onBytes, signal }: UnpackOptions,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of await openData()) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
      onBytes(chunk.byteLength);
    }
    if (owner !== undefined) await file.chown(owner.uid, owner.gid);
  } finally {
    await file.close();
  }
}

function unusable(why: string): HoldfastError {
  return new HoldfastError('restore_failed', `The backup cannot be unpacked: ${why}`);
}
