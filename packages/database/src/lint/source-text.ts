import { tokens } from '../sql-script/tokens.ts';

const MODE = { standardStrings: true };

/**
 * The part of a statement from an offset to the next comma outside of parentheses, or to the end: one column definition or
 * constraint. Offsets are the parser's, in bytes of UTF-8.
 */
export function fragment(statement: string, byteOffset: number | undefined): string {
  const text = textFrom(statement, byteOffset);
  let depth = 0;
  for (const token of tokens(text, MODE)) {
    const symbol = token.kind === 'symbol' ? text[token.start] : '';
    if (symbol === '(') depth++;
    if (symbol === ')') depth--;
    if (depth < 0 || (depth === 0 && symbol === ',')) return text.slice(0, token.start).trim();
  }
  return text.trim();
}

/** The text of the first parentheses after an offset, with them. */
export function parenthesized(statement: string, byteOffset: number | undefined): string {
  const text = textFrom(statement, byteOffset);
  let depth = 0;
  let start = 0;
  for (const token of tokens(text, MODE)) {
    const symbol = token.kind === 'symbol' ? text[token.start] : '';
    if (symbol === '(' && depth++ === 0) start = token.start;
    if (symbol === ')' && --depth === 0) return text.slice(start, token.end);
  }
  return '';
}

/** The text between two offsets. */
export function between(statement: string, from: number | undefined, to: number | undefined): string {
  return Buffer.from(statement)
    .subarray(from ?? 0, to)
    .toString()
    .trim();
}

/** How many characters stand before an offset. */
export function charactersBefore(statement: string, byteOffset: number): number {
  return [...Buffer.from(statement).subarray(0, byteOffset).toString()].length;
}

function textFrom(statement: string, byteOffset: number | undefined): string {
  return Buffer.from(statement)
    .subarray(byteOffset ?? 0)
    .toString();
}
