import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { errorMessage, HoldfastError, isUuid } from '@holdfast/core';
import { makeDirectory } from '@holdfast/postgres';

/** One session that ended before its time. */
export interface JournalEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly sessionId: string;
  readonly reason: string;
}

/**
 * Remembers revocations outside the database, so that a restore brings no ended session back.
 * `append` resolves when the entries are on the disk; entries may be there twice.
 */
export interface RevocationJournal {
  append(entries: readonly JournalEntry[]): Promise<void>;
  close(): Promise<void>;
}

/** Where the journal of a state directory is. */
export function journalPath(home: string): string {
  return join(home, 'revocations.ndjson');
}

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A journal in a file: one JSON object a line, appended and fsynced; appends that wait together share one fsync. */
export function openFileJournal(path: string): RevocationJournal {
  const waiting: Waiting[] = [];
  let file: FileHandle | undefined;
  let writing: Promise<void> | undefined;
  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0);
      try {
        file ??= await openForAppend(path);
        await file.appendFile(batch.map(item => item.text).join(''));
        await file.datasync();
        for (const item of batch) item.resolve();
      } catch (error) {
        for (const item of batch) item.reject(unwritable(path, error));
      }
    }
    writing = undefined;
  };
  return {
    append: entries => {
      if (entries.length === 0) return Promise.resolve();
      const text = entries.map(entry => `${JSON.stringify(entry)}\n`).join('');
      return new Promise((resolve, reject) => {
        waiting.push({ text, resolve, reject });
        writing ??= writeAll();
      });
    },
    close: async () => {
      await writing;
      await file?.close();
      file = undefined;
    },
  };
}

/** A line that a crash cut off is ended first, so that the next entry stands on a line of its own. */
async function openForAppend(path: string): Promise<FileHandle> {
  await makeDirectory(dirname(path));
  const file = await open(path, 'a+', 0o600);
  const { size } = await file.stat();
  if (size > 0) {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer.toString() !== '\n') await file.appendFile('\n');
  }
  return file;
}

/**
 * The entries of a journal file in the order of writing. A file that does not exist has none; lines that a crash cut
 * off are counted, not guessed at.
 */
export async function readJournal(
  path: string,
): Promise<{ readonly entries: JournalEntry[]; readonly damaged: number }> {
  const entries: JournalEntry[] = [];
  let damaged = 0;
  try {
    const lines = createInterface({
      input: createReadStream(path, 'utf8'),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    for await (const line of lines) {
      if (line === '') continue;
      const entry = parseJournalEntry(line);
      if (entry === undefined) damaged += 1;
      else entries.push(entry);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return { entries, damaged };
}

/** One line of a journal; undefined when it is not whole. */
export function parseJournalEntry(line: string): JournalEntry | undefined {
  try {
    const { at, sessionId, reason } = JSON.parse(line) as Partial<JournalEntry>;
    if (typeof at !== 'string' || Number.isNaN(Date.parse(at)) || typeof sessionId !== 'string')
      return undefined;
    return isUuid(sessionId) && typeof reason === 'string' ? { at, sessionId, reason } : undefined;
  } catch {
    return undefined;
  }
}

function unwritable(path: string, error: unknown): HoldfastError {
  const message = `The revocation journal ${path} cannot be written (${errorMessage(error)}), so nothing was revoked. Free space or repair its permissions.`;
  return new HoldfastError('journal_unavailable', message, { cause: error, retryAfter: 5 });
}
