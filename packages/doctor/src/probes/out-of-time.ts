import { isHoldfastError } from '@holdfast/core';
import { sqlState } from '@holdfast/postgres';

const LOCK_NOT_AVAILABLE = '55P03';

/** The time was over before something was seen, which says nothing about the system. */
export class OutOfTime extends Error {}

/** Whether a look ended because its time was over: that of the examination, of its probe, or of its statement. */
export function isOutOfTime(error: unknown): boolean {
  if (isLockedOut(error)) return false;
  return error instanceof OutOfTime || isHoldfastError(error, 'database_timeout');
}

/** Whether a look ended because somebody holds a lock, which more time would not change. */
export function isLockedOut(error: unknown): boolean {
  return sqlState(error) === LOCK_NOT_AVAILABLE;
}
