import { HoldfastError } from '@holdfast/core';

export interface RestoreTimes {
  readonly restoredTo: Date;
  readonly restoredAt: Date;
}

const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)? ?(?:Z|[+-]\d\d(?::?\d\d)?)$/i;

/**
 * A point in time with its offset from UTC, as ISO 8601 or as PostgreSQL prints it.
 * @throws HoldfastError `usage`; a time without an offset would mean another one elsewhere.
 */
export function parseTime(option: string, text: string): Date {
  const normal = text
    .trim()
    .replace(' ', 'T')
    .replace(/ (?=[Z+-])/i, '')
    .replace(/([+-]\d\d)$/, '$1:00');
  const time = new Date(normal);
  if (TIME.test(text.trim()) && !Number.isNaN(time.getTime())) return time;
  throw new HoldfastError(
    'usage',
    `--${option} must be a time with its offset, such as 2026-03-01T04:00:00Z or "2026-03-01 05:00:00+01", not "${text}".`,
  );
}

/**
 * Both times, checked against the database's clock. The restore ended now when nothing else is said.
 * @throws HoldfastError `usage` for a time in the future or the two the wrong way round.
 */
export function checkRestoreTimes(restoredTo: Date, restoredAt: Date | undefined, now: Date): RestoreTimes {
  const at = restoredAt ?? now;
  for (const [option, time] of [
    ['restored-to', restoredTo],
    ['restored-at', at],
  ] as const) {
    if (time > now) {
      throw new HoldfastError(
        'usage',
        `--${option} ${time.toISOString()} is in the future; the database's clock says ${now.toISOString()}.`,
      );
    }
  }
  if (restoredTo > at) {
    throw new HoldfastError(
      'usage',
      `--restored-to ${restoredTo.toISOString()} is later than --restored-at ${at.toISOString()}. restored-to is the point in time that the backup brought back; restored-at is when that was done.`,
    );
  }
  return { restoredTo, restoredAt: at };
}
