import type { Statement } from '../sql-script/split-statements.ts';
import { type Token, tokens } from '../sql-script/tokens.ts';

/** The parts of a CREATE INDEX statement, as they are written. */
export interface IndexStatement {
  readonly unique: boolean;
  readonly ifNotExists: boolean;
  /** Undefined when PostgreSQL is to choose one. */
  readonly name: string | undefined;
  readonly table: string;
  /** From USING or the columns to the end. */
  readonly rest: string;
}

/** Reads CREATE [UNIQUE] INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] table …; undefined for anything else. */
export function parseCreateIndex(statement: Statement): IndexStatement | undefined {
  if (!/^create (unique )?index\b/.test(statement.words.join(' '))) return undefined;
  const cursor = createCursor(statement);
  if (!cursor.skip('create')) return undefined;
  const unique = cursor.skip('unique');
  if (!cursor.skip('index')) return undefined;
  cursor.skip('concurrently');
  const ifNotExists = cursor.skip('if') && cursor.skip('not') && cursor.skip('exists');
  const name = cursor.skip('on') ? undefined : cursor.path();
  if (name !== undefined && !cursor.skip('on')) return undefined;
  cursor.skip('only');
  const table = cursor.path();
  const rest = cursor.rest();
  return table === undefined || rest === '' ? undefined : { unique, ifNotExists, name, table, rest };
}

/** Reads DROP INDEX CONCURRENTLY [IF EXISTS] name: the name as it is written. */
export function parseDropIndexConcurrently(statement: Statement): string | undefined {
  const cursor = createCursor(statement);
  if (!cursor.skip('drop') || !cursor.skip('index') || !cursor.skip('concurrently')) return undefined;
  if (cursor.skip('if')) cursor.skip('exists');
  return cursor.path();
}

interface Cursor {
  /** Passes over a keyword if it comes next. */
  skip(word: string): boolean;
  /** A possibly qualified name. */
  path(): string | undefined;
  rest(): string;
}

function createCursor({ text, standardStrings }: Statement): Cursor {
  const list: Token[] = [...tokens(text, { standardStrings })];
  const at = (token: Token | undefined): string => (token ? text.slice(token.start, token.end) : '');
  let next = 0;
  const skip = (word: string): boolean => {
    const token = list[next];
    const found = token?.kind === 'word' && at(token).toLowerCase() === word;
    if (found) next++;
    return found;
  };
  const path = (): string | undefined => {
    const first = list[next];
    let last = first;
    while (isName(list[next])) {
      last = list[next];
      next++;
      if (at(list[next]) !== '.') break;
      next++;
    }
    return first === undefined || last === undefined || !isName(first)
      ? undefined
      : text.slice(first.start, last.end);
  };
  const rest = (): string => {
    const token = list[next];
    return token === undefined ? '' : text.slice(token.start);
  };
  return { skip, path, rest };
}

function isName(token: Token | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'quoted_identifier';
}
