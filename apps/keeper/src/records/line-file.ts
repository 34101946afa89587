import { appendFile, readFile, rename, stat } from 'node:fs/promises';

/** An append-only file of lines that never grows beyond twice its bound, and never fails its writer. */
export interface LineFile {
  /** Adds one line. Returns at once; lines reach the file in order. */
  append(line: string): void;
  /** The lines still kept, oldest first, together with those of the file before the last rotation. */
  read(): Promise<string[]>;
  /** Resolves when everything appended so far is in the file, or given up. */
  flush(): Promise<void>;
}

export interface LineFileOptions {
  readonly path: string;
  /** When the file has reached this size it becomes `<path>.1` and a new one is begun. */
  readonly maxBytes: number;
  /** Called when writing fails (full or read-only disk), at most once until it works again. */
  readonly onTrouble?: (error: unknown) => void;
}

const MAX_PENDING = 1_000;

export function createLineFile({ path, maxBytes, onTrouble }: LineFileOptions): LineFile {
  const pending: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  let busy = false;
  // A crash or a full disk may have left half a line: the first write and every write after trouble begins on a new one.
  let torn = true;
  let troubled = false;

  const writeAll = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending.splice(0);
      try {
        const size = await rotateIfFull(path, maxBytes);
        await appendFile(path, `${torn && size > 0 ? '\n' : ''}${batch.join('\n')}\n`, { mode: 0o600 });
        torn = false;
        troubled = false;
      } catch (error) {
        torn = true;
        if (!troubled) onTrouble?.(error);
        troubled = true;
      }
    }
    busy = false;
  };

  return {
    append: line => {
      if (pending.length >= MAX_PENDING) return;
      pending.push(line);
      if (busy) return;
      busy = true;
      writing = writeAll();
    },
    read: async () => [...(await readLines(`${path}.1`)), ...(await readLines(path))],
    flush: () => writing,
  };
}

async function rotateIfFull(path: string, maxBytes: number): Promise<number> {
  const size = await stat(path).then(
    stats => stats.size,
    () => 0,
  );
  if (size < maxBytes) return size;
  await rename(path, `${path}.1`);
  return 0;
}

async function readLines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter(line => line !== '');
}

/** The JSON objects among lines; torn or foreign lines are left out. */
export function parseLines<T>(lines: readonly string[]): T[] {
  return lines.flatMap(line => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === 'object' && value !== null ? [value as T] : [];
    } catch {
      return [];
    }
  });
}
