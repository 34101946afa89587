import { emptyEntry } from '../entry.ts';
import { createSourceParser, type ParserOptions, type SourceParser } from '../formats/auto-parser.ts';
import type { LogSource } from './log-source.ts';
import { readLines } from './read-lines.ts';

const TAIL_BYTES = 1 << 18;
const DAY_MS = 86_400_000;

/**
 * The newest time of all sources, from the end of those that can be entered there; undefined without any. Times more than
 * a day after `now` come from wrong clocks and do not count. What cannot be read does not count either; an abort rejects.
 */
export async function findNewest(
  sources: readonly LogSource[],
  options: ParserOptions,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  let newest = Number.NEGATIVE_INFINITY;
  for (const source of sources) {
    newest = Math.max(newest, await newestOf(source, options, signal));
  }
  return Number.isFinite(newest) ? newest : undefined;
}

async function newestOf(
  source: LogSource,
  options: ParserOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const entry = emptyEntry();
  let newest = Number.NEGATIVE_INFINITY;
  let parser: SourceParser | undefined;
  const start = source.seekable ? Math.max(0, source.size - TAIL_BYTES) : 0;
  const onLine = (buffer: Buffer, from: number, to: number): void => {
    if (from === to || parser?.parse(buffer, from, to, entry) !== true) return;
    if (entry.time > newest && entry.time <= options.now + DAY_MS) newest = entry.time;
  };
  try {
    parser = await createSourceParser(source, options);
    await readLines(source.open(start), onLine, () => signal?.throwIfAborted());
  } catch {
    signal?.throwIfAborted();
  }
  return newest;
}
