import { isSecretKey, REDACTED, redact, redactText } from '@holdfast/core';
import { sqlState } from '@holdfast/postgres';
import { type DestinationStream, destination, type Logger, pino } from 'pino';

export interface LoggerOptions {
  readonly level: string;
  /** Where lines go; standard output when absent. */
  readonly stream?: DestinationStream;
}

/** JSON lines with one object each. Secrets are replaced, in known members as in the texts of errors. */
export function createLogger({ level, stream }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { name: 'server', pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }), log: withoutSecrets },
      serializers: { err: describeError },
    },
    stream ?? destination({ dest: 1, sync: false }),
  );
}

/** Almost every line is flat and holds no secret; it is then passed on as it is. Errors have a serializer of their own. */
function withoutSecrets(line: Record<string, unknown>): Record<string, unknown> {
  for (const key in line) {
    const value = line[key];
    const nested = typeof value === 'object' && value !== null && !(value instanceof Error);
    if (nested || knownSecretKey(key)) return redactLine(line);
  }
  return line;
}

function redactLine(line: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(line).map(([key, value]) => {
      if (knownSecretKey(key)) return [key, REDACTED];
      return [key, value instanceof Error ? value : redact(value)];
    }),
  );
}

/** Lines have few different keys; the pattern is tried once for each. */
const verdicts = new Map<string, boolean>();

function knownSecretKey(key: string): boolean {
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = isSecretKey(key);
  if (verdicts.size < 1_000) verdicts.set(key, verdict);
  return verdict;
}

export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  /** The table, column, constraint or routine that PostgreSQL named. */
  readonly object?: Readonly<Record<string, string>>;
  readonly sqlState?: string;
  readonly cause?: DescribedError;
}

const MAX_CAUSES = 5;

/** What of an error is logged: no members but these, since others can hold values of the request. */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: redactText(String(error)) };
  const { code } = error as { readonly code?: unknown };
  const described = {
    type: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...databaseMembers(error),
  };
  if (error.cause === undefined || depth >= MAX_CAUSES) return described;
  return { ...described, cause: describeError(error.cause, depth + 1) };
}

const OBJECT_MEMBERS = ['schema', 'table', 'column', 'constraint', 'routine'] as const;

/** What PostgreSQL named, for errors of its own making; a cause further down is described where it is. */
function databaseMembers(error: Error): Pick<DescribedError, 'object' | 'sqlState'> {
  const members = error as Partial<Record<(typeof OBJECT_MEMBERS)[number] | 'code', unknown>>;
  const state = sqlState(error);
  if (state === undefined || members.code !== state) return {};
  const named = OBJECT_MEMBERS.map(name => [name, members[name]] as const);
  const object = Object.fromEntries(named.filter(([, value]) => typeof value === 'string')) as Record<
    string,
    string
  >;
  return { sqlState: state, object };
}
