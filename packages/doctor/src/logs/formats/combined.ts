import type { Entry } from '../entry.ts';
import { Interner } from '../read/interner.ts';
import type { LineParser } from './line-parser.ts';

const SPACE = 32;
const QUOTE = 34;
const PERCENT_ESCAPE = 92;
const OPEN = 91;
const QUESTION = 63;
const ZERO = 48;
const NINE = 57;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MINUTE_TEXT = '17/May/2015:10:05'.length;
const TIME_TEXT = '17/May/2015:10:05:03 +0000'.length;

/**
 * Access logs of Apache and nginx, `common` and `combined`, as bytes. A last field that is a number is the time of the
 * request: seconds with a decimal point (`$request_time`), microseconds without (`%D`).
 */
export function createCombinedParser(): LineParser {
  const interner = new Interner();
  const clock = new AccessClock();
  const parse = (buffer: Buffer, start: number, end: number, entry: Entry): boolean => {
    const clientEnd = buffer.indexOf(SPACE, start);
    if (clientEnd <= start || clientEnd >= end) return false;
    const open = buffer.indexOf(OPEN, clientEnd);
    if (open === -1 || open + TIME_TEXT + 4 > end) return false;
    entry.time = clock.read(buffer, open + 1);
    if (Number.isNaN(entry.time)) return false;
    const quote = open + TIME_TEXT + 3;
    if (buffer[quote] !== QUOTE) return false;
    const close = closingQuote(buffer, quote + 1, end);
    if (close === -1 || !readStatus(buffer, close + 2, end, entry)) return false;
    entry.client = interner.text(buffer, start, clientEnd);
    readUser(buffer, clientEnd, open, entry);
    readRequest(buffer, quote + 1, close, entry, interner);
    readRest(buffer, close + 5, end, entry, interner);
    return true;
  };
  return { format: 'combined', parse };
}

function closingQuote(buffer: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    const byte = buffer[at];
    if (byte === PERCENT_ESCAPE) at += 1;
    else if (byte === QUOTE) return at;
  }
  return -1;
}

function digit(buffer: Buffer, at: number): number {
  const value = (buffer[at] ?? 0) - ZERO;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function readStatus(buffer: Buffer, at: number, end: number, entry: Entry): boolean {
  const status = digit(buffer, at) * 100 + digit(buffer, at + 1) * 10 + digit(buffer, at + 2);
  if (!(status >= 100 && status <= 599) || at + 3 > end) return false;
  entry.status = status;
  return true;
}

/** The third field: `-` for nobody. */
function readUser(buffer: Buffer, clientEnd: number, open: number, entry: Entry): void {
  if (open - clientEnd <= 5) return;
  const user =
    buffer
      .toString('latin1', clientEnd + 1, open - 1)
      .split(' ')
      .at(-1) ?? '-';
  if (user !== '-' && user !== '""') entry.user = user;
}

/** `GET /path?query HTTP/1.1`; anything else, such as a TLS greeting, has neither method nor path. */
function readRequest(buffer: Buffer, start: number, end: number, entry: Entry, interner: Interner): void {
  const methodEnd = indexBefore(buffer, SPACE, start, end);
  if (methodEnd === end || methodEnd - start > 10) return;
  entry.method = interner.text(buffer, start, methodEnd);
  const pathStart = methodEnd + 1;
  let pathEnd = indexBefore(buffer, SPACE, pathStart, end);
  pathEnd = indexBefore(buffer, QUESTION, pathStart, pathEnd);
  entry.path = interner.text(buffer, pathStart, pathEnd);
}

function indexBefore(buffer: Buffer, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at += 1) if (buffer[at] === byte) return at;
  return end;
}

/** Everything after the status: length, referrer, agent, and what was appended. */
function readRest(buffer: Buffer, start: number, end: number, entry: Entry, interner: Interner): void {
  const last = buffer[end - 1] ?? 0;
  if (last >= ZERO && last <= NINE) readDuration(buffer, start, end, entry);
  if (entry.status < 400) return;
  let close = end;
  while (close > start && buffer[close - 1] !== QUOTE) close -= 1;
  let open = close - 1;
  while (open > start && buffer[open - 1] !== QUOTE) open -= 1;
  if (open > start && open < close) entry.agent = interner.text(buffer, open, close - 1);
}

/** Only behind the agent: without one, the last number is the length. */
function readDuration(buffer: Buffer, start: number, end: number, entry: Entry): void {
  let open = end;
  while (open > start && buffer[open - 1] !== SPACE && buffer[open - 1] !== QUOTE) open -= 1;
  let before = open - 1;
  while (before > start && buffer[before] === SPACE) before -= 1;
  if (buffer[before] !== QUOTE) return;
  const text = buffer.toString('latin1', open, end).replace(/^.*=/, '');
  const value = Number(text);
  if (text.includes('.')) entry.durationMs = value * 1_000;
  else if (Number.isInteger(value)) entry.durationMs = value / 1_000;
}

/** Reads `17/May/2015:10:05:03 +0000`; the minute is computed once for all of its lines. */
class AccessClock {
  readonly #minute = Buffer.alloc(MINUTE_TEXT);
  #minuteTime = Number.NaN;
  readonly #zone = Buffer.alloc(5);
  #zoneMs = Number.NaN;

  /** NaN when it is no such time. */
  read(buffer: Buffer, start: number): number {
    if (!same(buffer, start, this.#minute)) {
      buffer.copy(this.#minute, 0, start, start + MINUTE_TEXT);
      this.#minuteTime = minuteOf(this.#minute.toString('latin1'));
    }
    const zone = start + MINUTE_TEXT + 4;
    if (!same(buffer, zone, this.#zone)) {
      buffer.copy(this.#zone, 0, zone, zone + 5);
      this.#zoneMs = zoneOf(this.#zone.toString('latin1'));
    }
    const second = digit(buffer, start + MINUTE_TEXT + 1) * 10 + digit(buffer, start + MINUTE_TEXT + 2);
    return this.#minuteTime + second * 1_000 - this.#zoneMs;
  }
}

function same(buffer: Buffer, start: number, known: Buffer): boolean {
  // The end changes first.
  for (let at = known.length - 1; at >= 0; at -= 1) if (buffer[start + at] !== known[at]) return false;
  return true;
}

function minuteOf(text: string): number {
  const match = /^(\d\d)\/([A-Za-z]{3})\/(\d{4}):(\d\d):(\d\d)$/.exec(text);
  const month = MONTHS.indexOf((match?.[2] ?? '').toLowerCase());
  if (match === null || month === -1) return Number.NaN;
  return Date.UTC(Number(match[3]), month, Number(match[1]), Number(match[4]), Number(match[5]));
}

function zoneOf(text: string): number {
  const match = /^([+-])(\d\d)(\d\d)$/.exec(text);
  if (match === null) return Number.NaN;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}
