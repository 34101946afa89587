import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, HoldfastError } from '@holdfast/core';
import type { BackupWriter, Destination } from '../backup-repository.ts';
import type { BackupFile, BackupManifest, Compression } from '../manifest.ts';
import { textData } from './collect.ts';
import { compress } from './compress.ts';
import { COMPRESSION_ENDING } from './compression.ts';
import { ENCRYPTION_ENDING, type Encryption } from './encryption.ts';
import { MANIFEST_FILE, manifestText, sealManifest } from './manifest-file.ts';
import { counted, hashed } from './measured.ts';
import { checkName } from './stored-name.ts';
import { VALIDATIONS } from './validation-file.ts';
import { ownMark } from './writer-mark.ts';

/** In a backup's directory while it is written. */
export const WRITING_FILE = 'writing.json';
/** In a backup's directory while it is removed. */
export const REMOVING_FILE = 'removing.json';

const RENEWAL_MS = 60_000;
/** Of writes that are under way when a backup is given up. */
const LAST_WRITES_MS = 3_000;

export interface WriterOptions {
  readonly id: string;
  readonly destination: Destination;
  readonly compression: Compression;
  readonly encryption: Encryption | undefined;
  readonly sealKey: Uint8Array | undefined;
  readonly clock: Clock;
  removeAll(): Promise<void>;
}

/** A writer that can also take over a manifest that was sealed elsewhere, for copies. */
export interface CopyingWriter extends BackupWriter {
  commitCopy(manifest: BackupManifest): Promise<void>;
}

/** Puts the mark of the writer in place, and resolves to the writer. */
export async function beginWriting(options: WriterOptions): Promise<CopyingWriter> {
  const { id, destination, clock } = options;
  const mark = () =>
    destination.write(
      `${id}/${WRITING_FILE}`,
      textData(`${JSON.stringify(ownMark(new Date(clock.now())))}\n`),
    );
  await mark();
  const renewal = renewing(mark);
  const files = new Map<string, BackupFile | undefined>();
  const publish = async (manifest: BackupManifest): Promise<void> => {
    await assertStored(options, manifest.files);
    await destination.write(`${id}/${MANIFEST_FILE}`, textData(manifestText(manifest)));
    await renewal.stop();
    await destination.remove(`${id}/${WRITING_FILE}`);
  };
  let compressed = false;
  let givenUp = false;
  const underWay = new Set<Promise<BackupFile>>();
  return {
    id,
    write: async (path, data, form = 'original') => {
      if (givenUp) throw new HoldfastError('backup_failed', `Backup ${id} was given up.`);
      const stored = storedPath(options, path, form);
      reserve(files, stored);
      const writing = writeOne(options, stored, data, form);
      underWay.add(writing);
      try {
        const file = await writing;
        files.set(stored, file);
        compressed ||= form === 'original';
        return file;
      } catch (error) {
        files.delete(stored);
        throw error;
      } finally {
        underWay.delete(writing);
      }
    },
    commit: async manifest => {
      const sealed = sealedOf(options, manifest, finished(id, files), compressed);
      await publish(sealed);
      return sealed;
    },
    commitCopy: publish,
    abandon: async () => {
      givenUp = true;
      await renewal.stop();
      // a file that appears after the removal would stay
      await Promise.race([Promise.allSettled(underWay), delay(LAST_WRITES_MS, undefined, { ref: false })]);
      await options.removeAll();
    },
  };
}

function sealedOf(
  { compression, encryption, sealKey }: WriterOptions,
  manifest: Parameters<BackupWriter['commit']>[0],
  files: BackupFile[],
  compressed: boolean,
): BackupManifest {
  return sealManifest(
    {
      ...manifest,
      compression: compressed ? compression : manifest.compression,
      encryption: encryption === undefined ? null : { scheme: 'age', recipients: encryption.recipients },
      files,
    },
    sealKey,
  );
}

/** Renews the mark until it is stopped. A failed renewal is no failure of the backup: the next write will tell. */
function renewing(mark: () => Promise<unknown>): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(mark).catch(() => undefined);
  }, RENEWAL_MS);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

function storedPath({ compression, encryption }: WriterOptions, path: string, form: string): string {
  const ending = form === 'original' ? COMPRESSION_ENDING[compression] : '';
  return `${checkName(path)}${ending}${encryption === undefined ? '' : ENCRYPTION_ENDING}`;
}

function reserve(files: Map<string, BackupFile | undefined>, path: string): void {
  const isOwn = [MANIFEST_FILE, WRITING_FILE, REMOVING_FILE].includes(path) || path.startsWith(VALIDATIONS);
  if (isOwn || files.has(path)) {
    throw new HoldfastError(
      'internal',
      `A backup cannot have a file ${path} ${isOwn ? 'of its own' : 'twice'}.`,
    );
  }
  files.set(path, undefined);
}

async function writeOne(
  { id, destination, compression, encryption }: WriterOptions,
  path: string,
  data: AsyncIterable<Uint8Array>,
  form: 'stored' | 'original',
): Promise<BackupFile> {
  const original = counted(data);
  const compressed = form === 'original' ? compress(original.data, compression) : original.data;
  const stored = hashed(encryption === undefined ? compressed : encryption.encrypt(compressed));
  const bytes = await destination.write(`${id}/${path}`, stored.data);
  return {
    path,
    bytes,
    originalBytes: form === 'original' ? original.bytes() : null,
    sha256: stored.sha256(),
  };
}

function finished(id: string, files: ReadonlyMap<string, BackupFile | undefined>): BackupFile[] {
  const written = [...files.values()].filter(file => file !== undefined);
  if (written.length < files.size) {
    throw new HoldfastError(
      'internal',
      `Backup ${id} was to be committed while files of it were being written.`,
    );
  }
  return written.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** A writer that was frozen for long may have been taken for dead, and its files removed. */
async function assertStored({ id, destination }: WriterOptions, files: readonly BackupFile[]): Promise<void> {
  const listed = await destination.list(`${id}/`);
  const sizes = new Map(listed.map(({ name, bytes }) => [name, bytes]));
  const lost = files.find(({ path, bytes }) => sizes.get(`${id}/${path}`) !== bytes);
  if (lost === undefined) return;
  throw new HoldfastError(
    'backup_failed',
    `Backup ${id} is not complete: ${lost.path} is no longer at ${destination.name} as it was written. Somebody removed it; make another backup.`,
  );
}
