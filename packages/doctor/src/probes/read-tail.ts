import { open } from 'node:fs/promises';

const TAIL_BYTES = 262_144;

/** The whole lines among the last 256 KiB of a file. Throws what the system throws when it cannot be read. */
export async function readTail(path: string): Promise<string[]> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const start = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), { position: start });
  const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
  return (start > 0 ? lines.slice(1) : lines).filter(line => line.trim() !== '');
}

const MOST_BYTES = 1 << 26;
const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 0x0a;

/** Lines of a file that hold a text. */
export interface FoundLines {
  readonly lines: readonly string[];
  /** Whether the file was searched from its beginning: no more than its last 64 MiB are. */
  readonly whole: boolean;
}

/** The lines of a log that hold a text, oldest first. Throws what the system throws when it cannot be read. */
export async function findLines(path: string, text: string): Promise<FoundLines> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const start = Math.max(0, size - MOST_BYTES);
  const lines: string[] = [];
  let rest = Buffer.alloc(0);
  for await (const chunk of file.createReadStream({ start, highWaterMark: CHUNK_BYTES, autoClose: false })) {
    const read = Buffer.concat([rest, chunk as Buffer]);
    const end = read.lastIndexOf(LINE_FEED) + 1;
    rest = read.subarray(end);
    const complete = read.subarray(0, end);
    if (!complete.includes(text)) continue;
    lines.push(
      ...complete
        .toString('utf8')
        .split('\n')
        .filter(line => line.includes(text)),
    );
  }
  return { lines, whole: start === 0 };
}
