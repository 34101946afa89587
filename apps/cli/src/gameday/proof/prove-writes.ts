import type { Queryable } from '@holdfast/postgres';
import { expectedState, type LoggedWrite } from '../users/write-log.ts';
import { type ProofItem, proven } from './proof.ts';
import { findMissingAccounts, findOldProfiles, findWrongSessions } from './write-queries.ts';

export interface WritesToProve {
  /** Everything that must be there. */
  readonly writes: readonly LoggedWrite[];
  /** Sessions whose end nobody has acknowledged yet: both are right. */
  readonly uncertain: ReadonlySet<string>;
  /** Sessions that were ended later; the revocation journal has brought that back. */
  readonly endedLater: ReadonlySet<string>;
}

/** Every write that was acknowledged before the point is there, and what was ended is ended. */
export async function proveWrites(
  db: Queryable,
  { writes, uncertain, endedLater }: WritesToProve,
): Promise<ProofItem> {
  const state = expectedState(writes);
  const accounts = [...state.accounts].map(([id, account]) => ({ id, ...account }));
  const profiles = [...state.profiles].map(([id, profile]) => ({ id, ...profile }));
  const sessions = [...state.sessions]
    .filter(([id]) => !uncertain.has(id))
    .map(([id, { generation, ended }]) => ({ id, generation, ended: ended || endedLater.has(id) }));
  const missing = [
    ...(await findMissingAccounts(db, accounts)),
    ...(await findOldProfiles(db, profiles)),
    ...(await findWrongSessions(db, sessions)),
  ];
  const looked = `${writes.length} acknowledged writes: ${accounts.length} accounts, ${profiles.length} profiles, ${sessions.length} sessions`;
  return proven(
    'acknowledged writes are there',
    looked,
    missing.map(({ id, why }) => `${id}: ${why}`),
  );
}
