/** One record of a CSV input, or what is wrong with it. `line` is where it begins, counted from 1. */
export type CsvRecord =
  | { readonly kind: 'record'; readonly line: number; readonly fields: readonly string[] }
  | { readonly kind: 'malformed'; readonly line: number; readonly message: string };

/** Reads CSV as it arrives. Lines without any character are no records. */
export interface CsvReader {
  /** The records that are complete with this piece of text. */
  push(text: string): CsvRecord[];
  /** What is left at the end of the input. */
  end(): CsvRecord[];
}

type State =
  | 'field' // at the beginning of a field
  | 'plain' // within a field without quotes
  | 'quoted' // within quotes
  | 'closing' // after a quote within quotes: the end of the field, or half of a quote
  | 'broken'; // skipping the rest of a malformed line

interface Progress {
  state: State;
  fields: string[];
  field: string;
  /** The line that is being read, and the one on which the record began. */
  line: number;
  startLine: number;
  afterCarriageReturn: boolean;
  readonly out: CsvRecord[];
}

/**
 * A reader of RFC 4180: fields in quotes may contain separators, quotes (doubled) and line breaks of any kind. A record
 * with a misplaced quote is reported and the next one begins on the next line.
 */
export function createCsvReader(): CsvReader {
  const progress: Progress = {
    state: 'field',
    fields: [],
    field: '',
    line: 1,
    startLine: 1,
    afterCarriageReturn: false,
    out: [],
  };
  return {
    push: text => {
      for (let index = 0; index < text.length; index += 1) read(progress, text.charAt(index));
      return progress.out.splice(0);
    },
    end: () => {
      if (progress.state === 'quoted') complain(progress, 'a quote is opened and never closed');
      endRecord(progress);
      return progress.out.splice(0);
    },
  };
}

function read(progress: Progress, character: string): void {
  const isBreak = character === '\n' || character === '\r';
  const endsPair = character === '\n' && progress.afterCarriageReturn;
  progress.afterCarriageReturn = character === '\r';
  if (!isBreak) STEPS[progress.state](progress, character);
  else if (progress.state === 'quoted') readBreakInQuotes(progress, character, endsPair);
  else if (!endsPair) breakLine(progress);
}

function readBreakInQuotes(progress: Progress, character: string, endsPair: boolean): void {
  progress.field += character;
  if (!endsPair) progress.line += 1;
}

function breakLine(progress: Progress): void {
  endRecord(progress);
  progress.line += 1;
  progress.startLine = progress.line;
}

const STEPS: Readonly<Record<State, (progress: Progress, character: string) => void>> = {
  field: (progress, character) => {
    if (character === '"') progress.state = 'quoted';
    else if (character === ',') endField(progress);
    else append(progress, character, 'plain');
  },
  plain: (progress, character) => {
    if (character === ',') endField(progress);
    else if (character === '"')
      complain(progress, 'a quote stands inside a field that does not begin with one');
    else progress.field += character;
  },
  quoted: (progress, character) => {
    if (character === '"') progress.state = 'closing';
    else progress.field += character;
  },
  closing: (progress, character) => {
    if (character === '"') append(progress, character, 'quoted');
    else if (character === ',') endField(progress);
    else complain(progress, 'text follows a closing quote');
  },
  broken: () => undefined,
};

function append(progress: Progress, character: string, state: State): void {
  progress.field += character;
  progress.state = state;
}

function endField(progress: Progress): void {
  progress.fields.push(progress.field);
  progress.field = '';
  progress.state = 'field';
}

function endRecord(progress: Progress): void {
  const blank = progress.state === 'field' && progress.fields.length === 0;
  if (progress.state !== 'broken' && !blank) {
    endField(progress);
    progress.out.push({ kind: 'record', line: progress.startLine, fields: progress.fields });
  }
  progress.fields = [];
  progress.field = '';
  progress.state = 'field';
}

function complain(progress: Progress, what: string): void {
  progress.out.push({ kind: 'malformed', line: progress.startLine, message: `This is not CSV: ${what}.` });
  progress.state = 'broken';
}
