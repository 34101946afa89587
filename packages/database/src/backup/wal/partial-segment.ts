import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { formatLsn } from '@holdfast/postgres';
import { destinationError } from '../store/destination-error.ts';

/** The segment being written, as a local file that grows. */
export interface PartialSegment {
  readonly name: string;
  readonly path: string;
  readonly start: bigint;
  /** The end of what has been written. */
  readonly written: bigint;
  /** The end of what survives a crash of the machine. */
  readonly durable: bigint;
  /** Writes what follows. Throws `wal_archive_failed` with `details.diverged` when the file has other bytes there already. */
  write(data: Buffer): Promise<void>;
  /** Makes durable what has been written. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

interface OpenFile {
  readonly name: string;
  readonly path: string;
  readonly start: bigint;
  readonly file: FileHandle;
  /** Bytes that were there when it was opened: they are compared, not replaced. */
  readonly found: number;
  written: number;
  durable: number;
}

/** Opens the file of a segment, or makes it. Writing begins at its beginning in both cases. */
export async function openPartialSegment(name: string, path: string, start: bigint): Promise<PartialSegment> {
  const state = await guarded(path, () => openFile(name, path, start));
  return {
    name,
    path,
    start,
    get written() {
      return start + BigInt(state.written);
    },
    get durable() {
      return start + BigInt(state.durable);
    },
    write: data => guarded(path, () => write(state, data)),
    sync: () => guarded(path, () => sync(state)),
    close: () => guarded(path, () => state.file.close()),
  };
}

async function openFile(name: string, path: string, start: bigint): Promise<OpenFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await openOrMake(path);
  const { size } = await file.stat();
  return { name, path, start, file, found: size, written: 0, durable: 0 };
}

async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const file = await open(path, 'wx+', 0o600);
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  return file;
}

async function write(state: OpenFile, data: Buffer): Promise<void> {
  const known = Math.min(data.length, Math.max(0, state.found - state.written));
  const same = known === 0 ? 0 : await compare(state, data.subarray(0, known));
  for (let done = same; done < data.length; ) {
    const { bytesWritten } = await state.file.write(data, done, data.length - done, state.written + done);
    done += bytesWritten;
  }
  state.written += data.length;
}

/** How many bytes are there already. Zeros where there should be WAL are what a crash of the machine leaves at the end of a file. */
async function compare(state: OpenFile, data: Buffer): Promise<number> {
  const found = Buffer.alloc(data.length);
  const { bytesRead } = await state.file.read(found, 0, data.length, state.written);
  if (bytesRead === data.length && found.equals(data)) return data.length;
  let same = 0;
  while (same < bytesRead && found[same] === data[same]) same += 1;
  if (found.subarray(same, bytesRead).every(byte => byte === 0)) return same;
  throw diverged(state, same);
}

function diverged({ name, start, written }: OpenFile, same: number): HoldfastError {
  const lsn = formatLsn(start + BigInt(written + same));
  const message = `The WAL that the database sends differs at ${lsn} from what is in the archive (${name}): the database was replaced by an older copy of itself and has gone another way since`;
  return new HoldfastError('wal_archive_failed', message, { details: { diverged: true, lsn } });
}

async function sync(state: OpenFile): Promise<void> {
  const { written } = state;
  if (written === state.durable) return;
  await state.file.datasync();
  state.durable = Math.max(state.durable, written);
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof HoldfastError ? error : destinationError(dirname(path), 'writing WAL', error);
  }
}
