import type { Settings } from '@holdfast/core';
import { findLostRevocations, journalFile } from '@holdfast/doctor';
import { connect } from '@holdfast/postgres';

export interface RolledBackWarningOptions {
  /** Of the database, as a role that reads sessions. */
  readonly url: string;
  readonly home: string;
  readonly settings: Pick<Settings, 'revocationJournal'>;
}

/**
 * What to tell at a start when the revocation journal is ahead of the database: an older copy was put in its place
 * without restore-epoch. Undefined when it is not, or when that cannot be told.
 */
export async function rolledBackWarning(options: RolledBackWarningOptions): Promise<string | undefined> {
  const { url, home, settings } = options;
  const path = journalFile(home, settings);
  if (path === undefined) return undefined;
  const connection = await connect({ url, applicationName: 'holdfast-keeper' });
  try {
    // a journal that does not exist yet, or a schema from before it: nothing to compare
    const lost = await findLostRevocations(connection, path).catch(() => undefined);
    if (lost?.conclusive !== true) return undefined;
    const sessions = lost.live + lost.unknown;
    const which = sessions === 1 ? '1 session that was ended is' : `${sessions} sessions that were ended are`;
    const command = `holdfast restore-epoch --restored-to ${lost.lastTraceAt ?? 'TIME'}`;
    return `the database is older than ${path}: ${which} not ended in it. If a copy was put in its place: holdfast stop, ${command}, holdfast start`;
  } finally {
    await connection.close();
  }
}
