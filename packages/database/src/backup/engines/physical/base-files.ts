import type { BackupWriter } from '../../backup-repository.ts';
import { type TarFile, tarFiles } from './tar-files.ts';

/** Most of a cluster's files are smaller; held in memory, as many are written at once as {@link AT_ONCE} says. */
const SMALL_BYTES = 1 << 18;
/** Waiting for the disk takes longer than writing, and files that wait together wait once. */
const AT_ONCE = 16;

/** Stores a tar as the files it holds, below `data/`. Directories are left out: a restore makes those that PostgreSQL wants. */
export async function storeUnpacked(data: AsyncIterable<Uint8Array>, writer: BackupWriter): Promise<void> {
  const underWay = new Set<Promise<unknown>>();
  for await (const file of tarFiles(data)) {
    if (underWay.size >= AT_ONCE) await Promise.race(underWay);
    const { writing, isRead } = await beginWriting(file, writer);
    const ending = writing.then(() => void underWay.delete(ending));
    // it is thrown where the set is waited for
    ending.catch(() => undefined);
    underWay.add(ending);
    await Promise.race([isRead, ending]);
  }
  await Promise.all(underWay);
}

interface Begun {
  readonly writing: Promise<unknown>;
  /** Resolves once the archive can go on to its next file. */
  readonly isRead: Promise<void>;
}

async function beginWriting({ name, bytes, data }: TarFile, writer: BackupWriter): Promise<Begun> {
  const path = `data/${name.replace(/^\.\//, '')}`;
  if (bytes <= SMALL_BYTES) {
    const copy = [await copyOf(data)];
    return { writing: writer.write(path, pieces(copy)), isRead: Promise.resolve() };
  }
  const read = Promise.withResolvers<void>();
  return { writing: writer.write(path, telling(data, read.resolve)), isRead: read.promise };
}

async function copyOf(data: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const copies: Uint8Array[] = [];
  for await (const piece of data) copies.push(Uint8Array.from(piece));
  return Buffer.concat(copies);
}

async function* pieces(copies: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* copies;
}

async function* telling(data: AsyncIterable<Uint8Array>, onEnd: () => void): AsyncGenerator<Uint8Array> {
  yield* data;
  onEnd();
}
