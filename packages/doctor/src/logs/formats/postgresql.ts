import type { Entry } from '../entry.ts';
import type { LineParser } from './line-parser.ts';
import { severityOf } from './severity.ts';
import { readTimeText } from './time-text.ts';

const DIGIT_TWO = 50;
const DIGIT_ONE = 49;
// behind the time stamp, at most the usual prefixes: process, user, database, application, session
const MESSAGE =
  /^([^"']{0,200}?)\b(LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG\d?|STATEMENT|DETAIL|HINT|CONTEXT|QUERY):\s+(.*)$/;

/** PostgreSQL's log on stderr, with any `log_line_prefix` that begins with `%m` or `%t`. */
export function createPostgresParser(now: number): LineParser {
  const parse = (buffer: Buffer, start: number, end: number, entry: Entry): boolean => {
    if (buffer[start] !== DIGIT_TWO && buffer[start] !== DIGIT_ONE) return false;
    const line = buffer.toString('utf8', start, end);
    const stamp = readTimeText(line, now);
    const match = stamp === undefined ? null : MESSAGE.exec(line.slice(stamp.length));
    if (stamp === undefined || match === null || !/\[\d+(-\d+)?\]|@|\bUTC\b/.test(line)) return false;
    entry.time = stamp.time;
    const word = match[2] ?? '';
    entry.severity = severityOf(word.replace(/\d$/, ''));
    // what belongs to the line before is no message of its own
    if (!/^(STATEMENT|DETAIL|HINT|CONTEXT|QUERY)$/.test(word)) entry.message = match[3] ?? '';
    return true;
  };
  return { format: 'postgresql', parse };
}
