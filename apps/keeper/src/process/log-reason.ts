import { open } from 'node:fs/promises';
import { redactText } from '@holdfast/core';

const TAIL_BYTES = 32_768;
const MAX_LENGTH = 300;
const ERROR_LEVEL = 50;
const FATAL_LEVEL = 60;

/** The last bytes of a log, from `offset` on at the earliest; empty when it cannot be read. */
export async function readLogTail(path: string, offset = 0): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const start = Math.max(size - TAIL_BYTES, size < offset ? 0 : offset);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - start)), {
      position: start,
    });
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  }
}

/**
 * The line of a log tail that says why a process ended: the last fatal one, else the last error; redacted, on one line.
 * Understands JSON lines of pino, PostgreSQL's log and uncaught errors of Node.js.
 */
export function reasonFromLog(tail: string): string | undefined {
  const lines = tail
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(readLine);
  const worst =
    lines.findLast(({ severity }) => severity === 'fatal') ??
    lines.findLast(({ severity }) => severity === 'error');
  return worst === undefined ? undefined : oneLine(worst.text);
}

interface LogLine {
  readonly severity: 'fatal' | 'error' | 'other';
  readonly text: string;
}

function readLine(line: string): LogLine {
  return (line.startsWith('{') ? readJsonLine(line) : undefined) ?? readTextLine(line);
}

function readJsonLine(line: string): LogLine | undefined {
  try {
    const { level, msg, err } = JSON.parse(line) as {
      readonly level?: number | string;
      readonly msg?: string;
      readonly err?: { readonly message?: string };
    };
    const parts = [msg, err?.message].filter(part => part !== undefined && part !== '');
    return { severity: severityOf(level), text: [...new Set(parts)].join(': ') };
  } catch {
    return undefined;
  }
}

/** pino writes its levels as numbers, or as the labels it was told to write. */
function severityOf(level: number | string | undefined): LogLine['severity'] {
  if (level === 'fatal' || level === 'error') return level;
  if (typeof level !== 'number' || level < ERROR_LEVEL) return 'other';
  return level >= FATAL_LEVEL ? 'fatal' : 'error';
}

function readTextLine(line: string): LogLine {
  const postgres = /\b(PANIC|FATAL|ERROR):\s+(.*)$/.exec(line);
  if (postgres !== null) {
    return { severity: postgres[1] === 'ERROR' ? 'error' : 'fatal', text: postgres[2] ?? line };
  }
  const thrown = /^(?:Uncaught )?(?:error|[A-Z]\w*Error)(?: \[\w+\])?: (.*)$/.exec(line);
  return thrown === null ? { severity: 'other', text: line } : { severity: 'fatal', text: thrown[1] ?? line };
}

/** Redacted, without control characters, at most 300 characters. */
export function oneLine(text: string): string {
  const clean = redactText(text)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim();
  return clean.length <= MAX_LENGTH ? clean : `${clean.slice(0, MAX_LENGTH - 1)}…`;
}
