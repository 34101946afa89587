import { redactText } from '@holdfast/core';
import type { LogSighting } from '../sightings.ts';

type LastRun = Omit<LogSighting, 'path'>;
type Refused = LogSighting['settings'][number];

const NOTHING: LastRun = { lastStart: 'unclear', settings: [] };
const MAX_LENGTH = 300;

/** What the log of the API server says about its last run: pino's JSON lines, and the plain errors of the command. */
export function readServerLog(lines: readonly string[]): LastRun {
  return lines.reduce(readLine, NOTHING);
}

function readLine(run: LastRun, line: string): LastRun {
  const entry = line.startsWith('{') ? parse(line) : undefined;
  if (entry !== undefined) return readEntry(run, entry);
  const error = /^error: (.*)$/.exec(line)?.[1];
  if (error !== undefined) return { ...refusal(error), settings: namedIn(error) };
  const listed = /^ {2}([A-Z][A-Z0-9_]+|--env-file) (.*)$/.exec(line);
  if (run.code === 'configuration_invalid' && listed !== null) {
    const settings = [...run.settings, refusedSetting(listed[1] ?? '', listed[2] ?? '')];
    return { ...run, settings, lastWords: clean(`${run.lastWords} ${line.trim()}`) };
  }
  const thrown = /^(?:Uncaught )?[A-Z]\w*Error(?: \[\w+\])?: .*$/.exec(line)?.[0];
  return thrown === undefined ? run : { ...run, lastWords: clean(thrown) };
}

interface Entry {
  readonly level?: string | number;
  readonly msg?: string;
  readonly err?: { readonly message?: string };
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly details?: { readonly problems?: readonly Refused[] };
  };
}

function readEntry(run: LastRun, { level, msg, err, error }: Entry): LastRun {
  if (error?.code !== undefined) {
    const refused = refusal(error.message ?? error.code);
    return { ...refused, code: error.code, settings: error.details?.problems ?? [] };
  }
  if (msg === 'listening') return { lastStart: 'serving', settings: [] };
  // the start may be further back than was read
  if (msg === 'request' && run.lastStart === 'unclear') return { lastStart: 'serving', settings: [] };
  if (msg === 'stopped') return { lastStart: run.lastStart, settings: [] };
  const fatal = level === 'fatal' || (typeof level === 'number' && level >= 60);
  return fatal ? { ...run, lastWords: clean([msg, err?.message].filter(Boolean).join(': ')) } : run;
}

const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/settings? (is|are) missing or wrong|is not set; the server needs/, 'configuration_invalid'],
  [/^The keyring\b/, 'keyring_invalid'],
  [/^Port \d+ of .* is in use/, 'port_in_use'],
];

function refusal(message: string): LastRun {
  const code = REFUSALS.find(([pattern]) => pattern.test(message))?.[1];
  const head = { lastStart: 'refused' as const, lastWords: clean(message), settings: [] };
  return code === undefined ? head : { ...head, code };
}

function namedIn(message: string): Refused[] {
  const variable = /^([A-Z][A-Z0-9_]+) is not set/.exec(message)?.[1];
  return variable === undefined ? [] : [{ variable, kind: 'missing' }];
}

function refusedSetting(variable: string, message: string): Refused {
  return { variable, kind: message.startsWith('is required by') ? 'missing' : 'invalid' };
}

function parse(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

const EMAIL = /[^\s@"'<>]+@[^\s@"'<>]+\.[a-z]+/gi;

/** One line without secrets, e-mail addresses or control characters. */
export function clean(text: string): string {
  const redacted = redactText(text)
    .replaceAll(EMAIL, '[e-mail address]')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim();
  return redacted.length <= MAX_LENGTH ? redacted : `${redacted.slice(0, MAX_LENGTH - 1)}…`;
}
