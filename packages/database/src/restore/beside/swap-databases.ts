import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/core';
import { type Connection, sqlState } from '@holdfast/postgres';
import { endSessions, renameDatabase, setComment } from './beside-queries.ts';

const ATTEMPTS = 40;
const PAUSE_MS = 100;
const IN_USE = '55006';

export interface Swap {
  /** The name that applications use. */
  readonly database: string;
  /** What takes it. */
  readonly next: string;
  /** What the present one is called afterwards; null when there is none. */
  readonly replaced: string | null;
  /** Of the one that is replaced, from then on. */
  readonly comment: string;
  /** Of the one that takes its place. */
  readonly ownComment: string | null;
}

/**
 * Gives a database the name of another in one transaction, so that at any moment one of the two has it. The sessions on both are
 * ended, again when a client is quicker than the rename. @throws HoldfastError `restore_failed` when clients never let go
 */
export async function swapDatabases(
  admin: Connection,
  { database, next, replaced, comment, ownComment }: Swap,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await endSessions(admin, [database, next]);
    try {
      await admin.transaction(async tx => {
        if (replaced !== null) {
          await renameDatabase(tx, database, replaced);
          await setComment(tx, replaced, comment);
        }
        await renameDatabase(tx, next, database);
        await setComment(tx, database, ownComment ?? '');
      });
      return;
    } catch (error) {
      if (sqlState(error) !== IN_USE) throw error;
      if (attempt === ATTEMPTS) {
        const message = `The database ${database} is never free for a moment, although its sessions were ended ${ATTEMPTS} times: stop what connects to it. It is as before; what was restored was removed`;
        throw new HoldfastError('restore_failed', message, { cause: error });
      }
      await delay(PAUSE_MS);
    }
  }
}
