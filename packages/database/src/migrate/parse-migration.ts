import { place } from '../sql-script/place.ts';
import { type SqlScript, type Statement, splitStatements } from '../sql-script/split-statements.ts';
import { sqlFileError } from '../sql-script/sql-file-error.ts';
import { refusesTransaction, statementKind } from '../sql-script/statement-kind.ts';
import type { MigrationScript } from './migration.ts';

interface Marker {
  readonly direction: 'up' | 'down';
  /** The offset of the marker's line, and of the line after it. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly options: readonly string[];
}

const MARKER = /^--[ \t]*migrate:(up|down)(?:[ \t]+([^\n]*))?[ \t]*$/gm;
const ALMOST_MARKER = /^[ \t]*--[ \t]*migrate[ \t:]*(up|down)\b/im;

/**
 * Parses a file with both sections in dbmate's format: comments, then `-- migrate:up`, then optionally `-- migrate:down`,
 * each with options after it. Stricter than dbmate, which
 * passes over options it does not know and repeated markers.
 * @throws `sql_file_invalid`
 */
export function parseSections(
  file: string,
  text: string,
  check: ScriptCheck = checkScript,
): { up: MigrationScript; down: MigrationScript | undefined } {
  const markers = findMarkers(file, text);
  const up = markers.find(({ direction }) => direction === 'up');
  const down = markers.find(({ direction }) => direction === 'down');
  if (up === undefined) throw missingUp(file, text);
  if (down !== undefined && down.start < up.start) {
    throw sqlFileError(file, down.line, 'the up section must come before the down section');
  }
  refuseStatementsBefore(file, text, up);
  return {
    up: parseScript({ file, text, start: up.end, end: down?.start ?? text.length }, up.options, check),
    down: down && parseScript({ file, text, start: down.end }, down.options, check),
  };
}

/** Parses an `.up.sql` or `.down.sql` file. A marker for its own direction may stand at its top, to carry options. */
export function parseSingle(
  file: string,
  text: string,
  direction: 'up' | 'down',
  check: ScriptCheck = checkScript,
): MigrationScript {
  const markers = findMarkers(file, text);
  const other = markers.find(marker => marker.direction !== direction);
  if (other !== undefined) {
    const fix = 'put it into its own file, or name the file without .up and .down';
    throw sqlFileError(file, other.line, `a ${other.direction} section in a file for ${direction}; ${fix}`);
  }
  const [own] = markers;
  if (own === undefined) return parseScript({ file, text }, [], check);
  refuseStatementsBefore(file, text, own);
  return parseScript({ file, text, start: own.end }, own.options, check);
}

function findMarkers(file: string, text: string): Marker[] {
  const markers = [...text.matchAll(MARKER)].map(match => ({
    direction: match[1] === 'up' ? ('up' as const) : ('down' as const),
    start: match.index,
    end: match.index + match[0].length,
    line: place(text, match.index).line,
    options: (match[2] ?? '').split(/\s+/).filter(option => option !== ''),
  }));
  for (const direction of ['up', 'down'] as const) {
    const [first, second] = markers.filter(marker => marker.direction === direction);
    if (first === undefined || second === undefined) continue;
    throw sqlFileError(
      file,
      second.line,
      `a second "-- migrate:${direction}"; the first is on line ${first.line}`,
    );
  }
  return markers;
}

function missingUp(file: string, text: string): Error {
  const almost = ALMOST_MARKER.exec(text);
  const hint =
    almost === null ? '' : `; line ${place(text, almost.index).line} looks like one but is not written so`;
  return sqlFileError(file, undefined, `no up section: it starts with a line "-- migrate:up"${hint}`);
}

function refuseStatementsBefore(file: string, text: string, marker: Marker): void {
  const before = text.slice(0, marker.start).split('\n');
  const line = before.findIndex(content => content.trim() !== '' && !content.trimStart().startsWith('--'));
  if (line === -1) return;
  const problem = `only comments may stand before "-- migrate:${marker.direction}"; this would never be run`;
  throw sqlFileError(file, line + 1, problem);
}

function parseScript(script: SqlScript, options: readonly string[], check: ScriptCheck): MigrationScript {
  const mode = parseOptions(script, options);
  const parsed = { mode, file: script.file, statements: splitStatements(script) };
  check(parsed);
  return parsed;
}

/** Refuses a script that has a statement which cannot be run the way the script is. */
export type ScriptCheck = (script: MigrationScript) => void;

const checkScript: ScriptCheck = ({ mode, file, statements }) => {
  if (mode === 'transactional') checkTransactional(file, statements);
  else checkStepwise(file, statements);
};

function parseOptions({ file, text, start }: SqlScript, options: readonly string[]): MigrationScript['mode'] {
  let mode: MigrationScript['mode'] = 'transactional';
  for (const option of options) {
    if (option === 'transaction:false') mode = 'stepwise';
    else if (option === 'transaction:true') mode = 'transactional';
    else if (!isRemark(option)) {
      const known = 'known are transaction:true and transaction:false';
      throw sqlFileError(file, place(text, start ?? 0).line, `the option "${option}" is unknown; ${known}`);
    }
  }
  return mode;
}

/** dbmate passes over words behind a marker that are no `name:value`; what was meant as an option must not be passed over. */
function isRemark(word: string): boolean {
  return !word.includes(':') && !/transaction/i.test(word);
}

function checkTransactional(file: string, statements: readonly Statement[]): void {
  for (const statement of statements) {
    refuseAlways(file, statement);
    const problem = transactionProblem(statement);
    if (problem !== undefined) throw sqlFileError(file, statement.line, `${summary(statement)}: ${problem}`);
  }
}

function transactionProblem(statement: Statement): string | undefined {
  if (['begin', 'commit', 'rollback'].includes(statementKind(statement))) {
    return 'a migration is one transaction already; remove it, or mark the section transaction:false';
  }
  if (refusesTransaction(statement)) {
    return 'cannot run inside a transaction; put it into a section marked transaction:false';
  }
  return undefined;
}

function checkStepwise(file: string, statements: readonly Statement[]): void {
  let begin: Statement | undefined;
  for (const statement of statements) {
    refuseAlways(file, statement);
    const kind = statementKind(statement);
    if (kind === 'begin') begin ??= statement;
    if (kind === 'commit' || kind === 'rollback') begin = undefined;
  }
  if (begin !== undefined) {
    throw sqlFileError(file, begin.line, 'the transaction begun here is never committed');
  }
}

function refuseAlways(file: string, statement: Statement): void {
  const kind = statementKind(statement);
  if (kind === 'copy_from_client') {
    throw sqlFileError(file, statement.line, 'COPY … FROM STDIN needs psql; write the rows as INSERT');
  }
  if (kind === 'discard') {
    throw sqlFileError(file, statement.line, 'DISCARD would release the lock that keeps other runners out');
  }
  if (kind === 'commit' && statement.words[0] === 'prepare') {
    throw sqlFileError(file, statement.line, 'PREPARE TRANSACTION would leave the ledger locked');
  }
  if ((kind === 'commit' || kind === 'rollback') && /\band\s+chain$/i.test(statement.text)) {
    throw sqlFileError(file, statement.line, 'AND CHAIN is not supported; write "commit; begin;"');
  }
}

/** The first words of a statement, for messages. */
export function summary({ text }: Pick<Statement, 'text'>): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}
