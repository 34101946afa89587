import { errorMessage } from '@holdfast/core';
import { type Entry, emptyEntry } from '../entry.ts';
import { createSourceParser, type ParserOptions, type SourceParser } from '../formats/auto-parser.ts';
import type { FormatName } from '../formats/line-parser.ts';
import type { LogSource } from './log-source.ts';
import { readLines } from './read-lines.ts';

/** Where a piece of a source begins, and which times are in it. */
interface Piece {
  readonly offset: number;
  /** The number of its first line, from 1. */
  readonly line: number;
  from: number;
  to: number;
}

/** How the reading of one source went. */
export interface SourceScan {
  readonly name: string;
  format: FormatName | undefined;
  lines: number;
  bytes: number;
  unreadable: number;
  /** Lines that belong to the one before, such as stack traces. */
  continuations: number;
  /** The first lines that could not be read. */
  readonly samples: { readonly line: number; readonly text: string }[];
  /** Milliseconds since the epoch; NaN without any line that could be read. */
  first: number;
  last: number;
  /** Why it could not be read to its end. */
  problem: string | undefined;
  readonly pieces: Piece[];
  parser: SourceParser | undefined;
}

/** Called for each line that could be read. */
export type OnEntry = (entry: Entry, line: number, buffer: Buffer, start: number, end: number) => void;

export interface ScanOptions extends ParserOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called between chunks with the bytes of this source so far. */
  readonly onBytes?: (bytes: number) => void;
}

const PIECE_BYTES = 4 << 20;
const MAX_SAMPLES = 3;
const SPACE = 32;
const TAB = 9;

/** Reads a source once from beginning to end. Trouble with reading ends up in `problem`; only an abort rejects. */
export async function scanSource(
  source: LogSource,
  options: ScanOptions,
  onEntry: OnEntry,
): Promise<SourceScan> {
  const scan = newScan(source.name);
  try {
    const parser = await createSourceParser(source, options);
    scan.format = parser.format;
    scan.parser = parser;
    const onLine = lineReader(scan, parser, onEntry);
    await readLines(source.open(), onLine, bytes => {
      scan.bytes = bytes;
      options.signal?.throwIfAborted();
      options.onBytes?.(bytes);
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    scan.problem = errorMessage(error);
  }
  return scan;
}

function newScan(name: string): SourceScan {
  return {
    name,
    format: undefined,
    lines: 0,
    bytes: 0,
    unreadable: 0,
    continuations: 0,
    samples: [],
    first: Number.NaN,
    last: Number.NaN,
    problem: undefined,
    pieces: [],
    parser: undefined,
  };
}

function lineReader(scan: SourceScan, parser: SourceParser, onEntry: OnEntry) {
  const entry = emptyEntry();
  let piece: Piece | undefined;
  return (buffer: Buffer, start: number, end: number, offset: number): void => {
    scan.lines += 1;
    if (start === end) return;
    if (piece === undefined || offset - piece.offset >= PIECE_BYTES) {
      piece = { offset, line: scan.lines, from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
      scan.pieces.push(piece);
    }
    if (!parser.parse(buffer, start, end, entry)) {
      noteUnreadable(scan, buffer, start, end);
      return;
    }
    const { time } = entry;
    if (!(time >= scan.first)) scan.first = time;
    if (!(time <= scan.last)) scan.last = time;
    if (time < piece.from) piece.from = time;
    if (time > piece.to) piece.to = time;
    onEntry(entry, scan.lines, buffer, start, end);
  };
}

function noteUnreadable(scan: SourceScan, buffer: Buffer, start: number, end: number): void {
  const first = buffer[start];
  if ((first === SPACE || first === TAB) && scan.lines > 1) {
    scan.continuations += 1;
    return;
  }
  scan.unreadable += 1;
  if (scan.samples.length >= MAX_SAMPLES) return;
  scan.samples.push({ line: scan.lines, text: buffer.toString('utf8', start, Math.min(end, start + 300)) });
}

/** A stretch of time, in milliseconds since the epoch, both ends included. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads once more what lies in these stretches of time; whole pieces without any of it are skipped. Where the first reading ended,
 * this one does too; only an abort rejects.
 */
export async function rescanSource(
  source: LogSource,
  scan: SourceScan,
  stretches: readonly Stretch[],
  signal: AbortSignal | undefined,
  onEntry: OnEntry,
): Promise<void> {
  const { parser } = scan;
  if (parser === undefined) return;
  const wanted = scan.pieces.map(piece =>
    stretches.some(({ from, to }) => piece.from <= to && piece.to >= from),
  );
  for (const { first, last } of runsOf(wanted, source.seekable)) {
    const begin = scan.pieces[first];
    if (begin === undefined) continue;
    const end = scan.pieces[last + 1]?.offset;
    const entry = emptyEntry();
    let line = begin.line - 1;
    const read = (buffer: Buffer, start: number, stop: number): void => {
      line += 1;
      if (start !== stop && parser.parse(buffer, start, stop, entry))
        onEntry(entry, line, buffer, start, stop);
    };
    const chunks = source.seekable ? source.open(begin.offset, end) : source.open();
    if (!source.seekable) line = 0;
    await readLines(chunks, read, () => signal?.throwIfAborted()).catch(() => signal?.throwIfAborted());
  }
}

/** Neighbouring pieces are read in one go; a source that cannot be entered in the middle is read whole. */
function runsOf(wanted: readonly boolean[], seekable: boolean): { first: number; last: number }[] {
  if (!seekable) return wanted.includes(true) ? [{ first: 0, last: wanted.length - 1 }] : [];
  const runs: { first: number; last: number }[] = [];
  wanted.forEach((isWanted, index) => {
    const run = runs.at(-1);
    if (!isWanted) return;
    if (run !== undefined && run.last === index - 1) run.last = index;
    else runs.push({ first: index, last: index });
  });
  return runs;
}
