import { setTimeout } from 'node:timers/promises';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { ExitStatus } from '@holdfast/postgres/cluster';

/** For so long its end may be seen later than that of a connection to it. */
const SEEN_MS = 1_000;

/**
 * Runs work on the PostgreSQL that a backup was brought to life in, and on nothing else: when that is lost, the error speaks of
 * it, and not of the database in service. @throws HoldfastError `restore_failed`, which `damageOf` does not hold against the backup
 */
export async function withoutLosing<T>(
  { exited }: { readonly exited: Promise<ExitStatus> },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isHoldfastError(error, 'database_unavailable')) throw error;
    const end = await Promise.race([exited, setTimeout(SEEN_MS, undefined, { ref: false })]);
    const what = end === undefined ? 'broke off a connection' : `was ended${byWhat(end)}`;
    const message = `The PostgreSQL that was started beside, to hold the backup, ${what}. Nothing was changed, and it says nothing of the backup: see what ends processes here, such as a lack of memory, and try again`;
    throw new HoldfastError('restore_failed', message, { cause: error });
  }
}

function byWhat({ code, signal }: ExitStatus): string {
  if (signal !== null) return ` by ${signal}`;
  return code === null ? '' : ` (exit status ${code})`;
}
