import type { Severity } from '../entry.ts';

const WORDS: Readonly<Record<string, Severity>> = {
  trace: 1,
  debug: 1,
  info: 1,
  information: 1,
  notice: 1,
  log: 1,
  statement: 1,
  warn: 2,
  warning: 2,
  err: 3,
  error: 3,
  severe: 3,
  crit: 4,
  critical: 4,
  alert: 4,
  emerg: 4,
  fatal: 4,
  panic: 4,
};

/** The severity a level stands for: pino's numbers, or the words of everybody. */
export function severityOf(level: unknown): Severity {
  if (typeof level === 'number') return level >= 60 ? 4 : level >= 50 ? 3 : level >= 40 ? 2 : 1;
  return typeof level === 'string' ? (WORDS[level.toLowerCase()] ?? 0) : 0;
}
