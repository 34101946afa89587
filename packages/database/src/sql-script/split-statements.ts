import { createPlacer, type Place, place } from './place.ts';
import { sqlFileError } from './sql-file-error.ts';
import { type LexerMode, type Token, tokens, UnterminatedText } from './tokens.ts';

/** A part of an SQL file, by offsets into its text. */
export interface SqlScript {
  /** The file's name, for messages. */
  readonly file: string;
  readonly text: string;
  readonly start?: number;
  readonly end?: number;
}

/** One statement of a script, without its semicolon and without the comments before it. */
export interface Statement {
  /** From 0, within its script. */
  readonly index: number;
  readonly text: string;
  /** From 1, within the file: where the statement begins. */
  readonly line: number;
  readonly column: number;
  /** Its first words in lower case, quoted names and symbols left out. */
  readonly words: readonly string[];
  /** How its plain literals are to be read. */
  readonly standardStrings: boolean;
}

const WORDS_KEPT = 12;
const SET_STRINGS =
  /^set\s+(?:session\s+|local\s+)?standard_conforming_strings\s*(?:=|to)\s*'?(on|off|true|false|yes|no|1|0)'?$/i;

/**
 * Splits a script where PostgreSQL would: not inside literals, dollar quotes, comments, parentheses or the body of a
 * `begin atomic … end` routine. Plain literals are read as with standard_conforming_strings = on, which the runner sets, until
 * the script itself turns it off.
 * @throws `sql_file_invalid` for text without an end, and for psql commands.
 */
export function splitStatements(script: SqlScript): Statement[] {
  const mode: LexerMode = { standardStrings: true };
  const placeOf = createPlacer(script.text);
  const statements: Statement[] = [];
  let open = newOpenStatement();
  try {
    for (const token of tokens(script.text, mode, script.start, script.end)) {
      refusePsqlCommand(script, token);
      if (endsStatement(script.text, token, open)) {
        close(script.text, open, statements, mode, placeOf);
        open = newOpenStatement();
      } else {
        extend(script.text, token, open);
      }
    }
  } catch (error) {
    throw error instanceof UnterminatedText ? unterminated(script, error) : error;
  }
  close(script.text, open, statements, mode, placeOf);
  return statements;
}

interface OpenStatement {
  first: Token | undefined;
  last: Token | undefined;
  parentheses: number;
  /** How many `end`s a `begin atomic` body still needs. */
  bodies: number;
  previousWord: string;
  readonly words: string[];
}

function newOpenStatement(): OpenStatement {
  return { first: undefined, last: undefined, parentheses: 0, bodies: 0, previousWord: '', words: [] };
}

function endsStatement(text: string, token: Token, open: OpenStatement): boolean {
  return token.kind === 'symbol' && text[token.start] === ';' && open.parentheses === 0 && open.bodies === 0;
}

function extend(text: string, token: Token, open: OpenStatement): void {
  open.first ??= token;
  open.last = token;
  if (token.kind === 'word') {
    const word = text.slice(token.start, token.end).toLowerCase();
    if (open.words.length < WORDS_KEPT) open.words.push(word);
    trackBody(word, open);
    open.previousWord = word;
    return;
  }
  open.previousWord = '';
  if (token.kind !== 'symbol') return;
  const symbol = text[token.start];
  if (symbol === '(') open.parentheses++;
  if (symbol === ')') open.parentheses = Math.max(0, open.parentheses - 1);
}

function trackBody(word: string, open: OpenStatement): void {
  if (open.bodies > 0) {
    if (word === 'case') open.bodies++;
    if (word === 'end') open.bodies--;
  } else if (word === 'atomic' && open.previousWord === 'begin' && definesRoutine(open.words)) {
    open.bodies = 1;
  }
}

function definesRoutine(words: readonly string[]): boolean {
  const rest = words[1] === 'or' ? words.slice(3) : words.slice(1);
  return words[0] === 'create' && (rest[0] === 'function' || rest[0] === 'procedure');
}

function close(
  source: string,
  open: OpenStatement,
  statements: Statement[],
  mode: LexerMode,
  placeOf: (offset: number) => Place,
): void {
  const { first, last } = open;
  if (first === undefined || last === undefined) return;
  const text = source.slice(first.start, last.end);
  const { standardStrings } = mode;
  statements.push({
    index: statements.length,
    text,
    words: open.words,
    standardStrings,
    ...placeOf(first.start),
  });
  const set = SET_STRINGS.exec(text)?.[1]?.toLowerCase();
  if (set !== undefined) mode.standardStrings = ['on', 'true', 'yes', '1'].includes(set);
}

function refusePsqlCommand(script: SqlScript, token: Token): void {
  if (token.kind !== 'symbol' || script.text[token.start] !== '\\') return;
  const { line } = place(script.text, token.start);
  throw sqlFileError(script.file, line, 'a psql command (\\…); only SQL can be used here');
}

function unterminated(script: SqlScript, error: UnterminatedText): Error {
  const { line } = place(script.text, error.offset);
  const hint = '; note that a line starting with "-- migrate:" ends a section even inside quotes';
  return sqlFileError(script.file, line, `${error.what} begins here and never ends${hint}`);
}
