import type { Entry } from '../entry.ts';
import type { LineParser } from './line-parser.ts';
import { severityOf } from './severity.ts';
import { readTimeText } from './time-text.ts';

const LEVEL =
  /^[^"']{0,80}?\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|ALERT|EMERG|FATAL|PANIC|trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|alert|emerg|fatal)\b/;

/** Any line that begins with a time stamp: error logs of nginx and Apache, syslog, and what programs write for people. */
export function createTextParser(now: number): LineParser {
  const parse = (buffer: Buffer, start: number, end: number, entry: Entry): boolean => {
    const line = buffer.toString('utf8', start, end);
    const stamp = readTimeText(line, now);
    if (stamp === undefined) return false;
    entry.time = stamp.time;
    entry.message = line.slice(stamp.length).trim();
    entry.severity = severityOf(LEVEL.exec(entry.message)?.[1]);
    return true;
  };
  return { format: 'text', parse };
}
