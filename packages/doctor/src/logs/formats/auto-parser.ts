import { clearEntry, type Entry, emptyEntry } from '../entry.ts';
import type { LogSource } from '../read/log-source.ts';
import { readLines } from '../read/read-lines.ts';
import { createCombinedParser } from './combined.ts';
import type { JsonFields } from './json-fields.ts';
import { createJsonParser } from './json-lines.ts';
import { FORMATS, type FormatName, type LineParser } from './line-parser.ts';
import { createTextParser } from './plain-text.ts';
import { createPostgresParser } from './postgresql.ts';

export interface ParserOptions {
  readonly fields: JsonFields;
  /** Milliseconds since the epoch; the year of time stamps without one. */
  readonly now: number;
  /** Reads every line as this, and nothing as anything else. */
  readonly format?: FormatName | undefined;
}

/** A parser of one source: the format its first lines have, then the others for the lines that differ. */
export interface SourceParser {
  /** Undefined when no line of the beginning could be read. */
  readonly format: FormatName | undefined;
  /** Clears and fills the entry; false when no format fits. */
  parse(buffer: Buffer, start: number, end: number, entry: Entry): boolean;
}

const SAMPLE_LINES = 200;
const SAMPLE_BYTES = 1 << 18;
const ENOUGH = 'the sample is complete';

/** Looks at the beginning of a source and makes its parser. */
export async function createSourceParser(source: LogSource, options: ParserOptions): Promise<SourceParser> {
  const parsers = FORMATS.filter(name => options.format === undefined || name === options.format).map(name =>
    createParser(name, options),
  );
  const hits = await countHits(source, parsers);
  // ties go to the stricter format, which comes first
  const ordered = parsers.toSorted((a, b) => (hits.get(b) ?? 0) - (hits.get(a) ?? 0));
  const [primary, ...others] = ordered;
  const parse = (buffer: Buffer, start: number, end: number, entry: Entry): boolean => {
    clearEntry(entry);
    if (primary?.parse(buffer, start, end, entry) === true) return true;
    return others.some(parser => {
      clearEntry(entry);
      return parser.parse(buffer, start, end, entry);
    });
  };
  const known = primary !== undefined && (hits.get(primary) ?? 0) > 0;
  return { format: known ? primary.format : undefined, parse };
}

function createParser(name: FormatName, { fields, now }: ParserOptions): LineParser {
  switch (name) {
    case 'combined':
      return createCombinedParser();
    case 'json':
      return createJsonParser(fields, now);
    case 'postgresql':
      return createPostgresParser(now);
    case 'text':
      return createTextParser(now);
  }
}

async function countHits(
  source: LogSource,
  parsers: readonly LineParser[],
): Promise<ReadonlyMap<LineParser, number>> {
  const hits = new Map<LineParser, number>();
  const entry = emptyEntry();
  let lines = 0;
  const onLine = (buffer: Buffer, start: number, end: number): void => {
    lines += 1;
    if (lines > SAMPLE_LINES) return;
    for (const parser of parsers) {
      clearEntry(entry);
      if (parser.parse(buffer, start, end, entry)) hits.set(parser, (hits.get(parser) ?? 0) + 1);
    }
  };
  const sample = source.seekable ? source.open(0, SAMPLE_BYTES) : source.open();
  await readLines(sample, onLine, () => {
    if (lines >= SAMPLE_LINES) throw new Error(ENOUGH);
  }).catch((error: Error) => {
    // of a damaged source, what came before the damage tells the format
    if (error.message !== ENOUGH && lines === 0) throw error;
  });
  return hits;
}
