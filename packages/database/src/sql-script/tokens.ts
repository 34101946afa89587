/**
 * What PostgreSQL's lexer sees between white space and comments, as far as it matters for finding the ends of statements
 * (PostgreSQL manual, section 4.1 "Lexical Structure").
 */
export interface Token {
  readonly kind: 'word' | 'quoted_identifier' | 'string' | 'symbol';
  readonly start: number;
  readonly end: number;
}

/** How plain `'…'` literals are read; a script can change it while it is being read. */
export interface LexerMode {
  /** false: a backslash escapes within plain literals, as with standard_conforming_strings = off. */
  standardStrings: boolean;
}

/** Thrown at text that never ends; the offset is where it begins. */
export class UnterminatedText extends Error {
  readonly what: string;
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(`${what} without an end`);
    this.what = what;
    this.offset = offset;
  }
}

const WHITE_SPACE = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER_OR_PARAMETER = /\$?\d[\w.]*/y;
const STRING_START = /(?:[eEbBxXnN]|[uU]&)?'/y;
const IDENTIFIER_START = /(?:[uU]&)?"/y;
// two literals with a line end between them are one literal, read in the mode of the first
const CONTINUATION = /(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]+|--[^\n\r]*[\n\r])*'/y;

/**
 * The tokens of a part of a text, lazily: `mode` is read anew for each, so the caller may change it between two.
 * @throws {UnterminatedText}
 */
export function* tokens(text: string, mode: LexerMode, start = 0, end = text.length): Generator<Token> {
  const part = end === text.length ? text : text.slice(0, end);
  let position = skipBlank(part, start);
  while (position < part.length) {
    const token = readToken(part, position, mode);
    yield token;
    position = skipBlank(part, token.end);
  }
}

function readToken(text: string, start: number, mode: LexerMode): Token {
  const string = matchEnd(STRING_START, text, start);
  if (string !== undefined) return { kind: 'string', start, end: endOfString(text, start, string, mode) };
  const identifier = matchEnd(IDENTIFIER_START, text, start);
  if (identifier !== undefined) {
    const end = endOfQuoted(text, identifier, '"', false);
    if (end === undefined) throw new UnterminatedText('a quoted identifier', start);
    return { kind: 'quoted_identifier', start, end };
  }
  const dollar = matchEnd(DOLLAR_TAG, text, start);
  if (dollar !== undefined) return { kind: 'string', start, end: endOfDollarString(text, start, dollar) };
  const word = matchEnd(WORD, text, start);
  if (word !== undefined) return { kind: 'word', start, end: word };
  return { kind: 'symbol', start, end: matchEnd(NUMBER_OR_PARAMETER, text, start) ?? start + 1 };
}

function endOfString(text: string, start: number, bodyStart: number, mode: LexerMode): number {
  const prefix = text.slice(start, bodyStart - 1).toLowerCase();
  const backslash = prefix === 'e' || (prefix === '' && !mode.standardStrings);
  let body: number | undefined = bodyStart;
  let end = bodyStart;
  while (body !== undefined) {
    const close = endOfQuoted(text, body, "'", backslash);
    if (close === undefined) throw new UnterminatedText('a string literal', start);
    end = close;
    body = matchEnd(CONTINUATION, text, end);
  }
  return end;
}

function endOfQuoted(text: string, from: number, quote: string, backslash: boolean): number | undefined {
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (backslash && character === '\\') {
      index++;
    } else if (character === quote) {
      if (text[index + 1] !== quote) return index + 1;
      index++;
    }
  }
  return undefined;
}

function endOfDollarString(text: string, start: number, bodyStart: number): number {
  const tag = text.slice(start, bodyStart);
  const close = text.indexOf(tag, bodyStart);
  if (close === -1) throw new UnterminatedText(`a string quoted with ${tag}`, start);
  return close + tag.length;
}

function skipBlank(text: string, from: number): number {
  let position = from;
  for (;;) {
    const next =
      matchEnd(WHITE_SPACE, text, position) ??
      matchEnd(LINE_COMMENT, text, position) ??
      (text.startsWith('/*', position) ? endOfBlockComment(text, position) : undefined);
    if (next === undefined) return position;
    position = next;
  }
}

function endOfBlockComment(text: string, start: number): number {
  let depth = 1;
  for (let index = start + 2; index < text.length; index++) {
    if (text.startsWith('/*', index)) {
      depth++;
      index++;
    } else if (text.startsWith('*/', index)) {
      depth--;
      index++;
      if (depth === 0) return index + 1;
    }
  }
  throw new UnterminatedText('a block comment', start);
}

function matchEnd(pattern: RegExp, text: string, position: number): number | undefined {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
