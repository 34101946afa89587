import { createPlacer, type Place } from '../sql-script/place.ts';
import { tokens, UnterminatedText } from '../sql-script/tokens.ts';

/** A comment `-- holdfast:allow RULE: reason`. */
export interface Allowance extends Place {
  readonly rule: string;
  /** Empty when none is given. */
  readonly reason: string;
  /** The offset of the comment in the file. */
  readonly offset: number;
}

const ALLOW = /--[ \t]*holdfast:allow\b[ \t]*([^\s:]*)[ \t]*:?[ \t]*([^\n]*)/g;

/** The allowances of a file, in order. What looks like one inside a literal is none. */
export function findAllowances(text: string): Allowance[] {
  const placeOf = createPlacer(text);
  return commentRanges(text).flatMap(({ start, end }) =>
    [...text.slice(start, end).matchAll(ALLOW)].map(match => {
      const offset = start + match.index;
      return { rule: match[1] ?? '', reason: (match[2] ?? '').trim(), offset, ...placeOf(offset) };
    }),
  );
}

/** What lies between the tokens: white space and comments. */
function commentRanges(text: string): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  let before = 0;
  try {
    for (const token of tokens(text, { standardStrings: true })) {
      ranges.push({ start: before, end: token.start });
      before = token.end;
    }
  } catch (error) {
    // the file is reported as unreadable anyway
    if (!(error instanceof UnterminatedText)) throw error;
    return [];
  }
  return [...ranges, { start: before, end: text.length }];
}

/** Where a statement stands in its file, by offsets. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/**
 * The statement that an allowance is for: the one it stands in, the one before it on the same line, or else the next one.
 * @returns its index, or undefined when none follows
 */
export function statementOf(
  allowance: Allowance,
  extents: readonly Extent[],
  text: string,
): number | undefined {
  const before = extents.findLastIndex(({ end }) => end <= allowance.offset);
  const last = extents[before];
  if (last !== undefined && !text.slice(last.end, allowance.offset).includes('\n')) return before;
  const next = extents.findIndex(({ end }) => end > allowance.offset);
  return next === -1 ? undefined : next;
}

/** A function from places in a text to their offsets. */
export function createOffsets(text: string): (place: Place) => number {
  const lineStarts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lineStarts.push(end + 1);
  return ({ line, column }) => {
    const start = lineStarts[line - 1] ?? 0;
    const characters = [...text.slice(start, start + 2 * column)].slice(0, column - 1);
    return start + characters.join('').length;
  };
}
