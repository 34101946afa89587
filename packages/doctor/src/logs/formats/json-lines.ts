import type { Entry } from '../entry.ts';
import { type JsonFields, readField } from './json-fields.ts';
import type { LineParser } from './line-parser.ts';
import { severityOf } from './severity.ts';
import { readTimeText } from './time-text.ts';

const BRACE = 123;
const MS_FROM = 1e11;
const US_FROM = 1e14;
const NS_FROM = 1e17;
const MAX_MESSAGE = 2_000;

/** JSON lines: pino, Holdfast's own logs, PostgreSQL's jsonlog, and whatever has its fields under the given names. */
export function createJsonParser(fields: JsonFields, now: number): LineParser {
  const parse = (buffer: Buffer, start: number, end: number, entry: Entry): boolean => {
    if (buffer[start] !== BRACE) return false;
    const value = parseObject(buffer.toString('utf8', start, end));
    if (value === undefined) return false;
    entry.time = readTime(readField(value, fields.time), now);
    if (Number.isNaN(entry.time)) return false;
    entry.severity = severityOf(readField(value, fields.level));
    readRequest(value, fields, entry);
    readMessage(value, fields, entry);
    return true;
  };
  return { format: 'json', parse };
}

type Json = Readonly<Record<string, unknown>>;

function parseObject(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function readTime(value: unknown, now: number): number {
  if (typeof value === 'string') {
    const number = Number(value);
    return Number.isNaN(number)
      ? (readTimeText(value, now)?.time ?? Date.parse(value))
      : readTime(number, now);
  }
  if (typeof value !== 'number' || value <= 0) return Number.NaN;
  if (value >= NS_FROM) return value / 1e6;
  if (value >= US_FROM) return value / 1e3;
  return value >= MS_FROM ? value : value * 1e3;
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

function readRequest(value: Json, fields: JsonFields, entry: Entry): void {
  const status = Number(readField(value, fields.status));
  if (!(status >= 100 && status <= 599)) return;
  entry.status = status;
  entry.method = asText(readField(value, fields.method));
  const route = asText(readField(value, fields.route));
  entry.routed = route !== '';
  entry.path = entry.routed ? route : pathOf(asText(readField(value, fields.path)));
  entry.client = asText(readField(value, fields.client)).split(',')[0] ?? '';
  entry.user = asText(readField(value, fields.user));
  entry.durationMs = durationOf(value, fields);
  if (status >= 400) entry.agent = asText(readField(value, fields.agent));
  // `request: "GET /path HTTP/1.1"`, as nginx writes JSON
  const line = entry.method === '' ? /^([A-Z]+) (\S+)/.exec(asText(value.request)) : null;
  if (line === null) return;
  entry.method = line[1] ?? '';
  entry.path = pathOf(line[2] ?? '');
}

function pathOf(url: string): string {
  const path = url.replace(/^https?:\/\/[^/]*/, '');
  const query = path.search(/[?#]/);
  return query === -1 ? path : path.slice(0, query);
}

function durationOf(value: Json, fields: JsonFields): number {
  const milliseconds = readField(value, fields.durationMs);
  const text = typeof milliseconds === 'string' ? /^([\d.]+)\s*(ms|s|us|µs)?$/.exec(milliseconds) : null;
  if (text !== null) return Number(text[1]) * ({ s: 1_000, us: 0.001, µs: 0.001 }[text[2] ?? 'ms'] ?? 1);
  if (typeof milliseconds === 'number') return milliseconds;
  const raw = readField(value, fields.durationSeconds);
  const seconds = raw === undefined ? Number.NaN : Number(raw);
  return Number.isNaN(seconds) ? -1 : seconds * 1_000;
}

function readMessage(value: Json, fields: JsonFields, entry: Entry): void {
  entry.code = asText(readField(value, fields.code));
  entry.version = asText(value.version);
  const error = readField(value, fields.error);
  const parts = [asText(readField(value, fields.message)), asText(error)].filter(part => part !== '');
  // a record of Holdfast's keeper
  if (parts.length === 0 && typeof value.part === 'string' && typeof value.kind === 'string')
    parts.push(`${value.part} ${value.kind}: ${asText(value.reason)}`);
  entry.message = [...new Set(parts)].join(': ').slice(0, MAX_MESSAGE);
}
