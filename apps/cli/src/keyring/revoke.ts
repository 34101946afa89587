import { countRowsByKey } from '@holdfast/auth';
import { countSessionsUnderKey, JWKS_MAX_AGE_S, type KeyringKey } from '@holdfast/auth/tokens';
import { formatDuration, type Settings } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';

/** What stops working when a key is removed. */
export interface RevocationEffect {
  readonly kid: string;
  /** Live sessions whose users would have to sign in again; undefined when the database could not be asked. */
  readonly sessionsEnded?: number;
  /** Rows that could never be read again. */
  readonly rowsLost?: number;
  readonly explanation: string;
}

export async function describeRevocation(
  key: KeyringKey,
  settings: Settings,
  db: Queryable | undefined,
): Promise<RevocationEffect> {
  const { kid, use } = key;
  if (key.status === 'next') {
    return {
      kid,
      explanation: `${kid} is a next key: nothing was made with it yet, so nothing stops working.`,
    };
  }
  if (use === 'sign') return { kid, explanation: signExplanation(kid, settings) };
  if (use === 'refresh') {
    const sessionsEnded = db === undefined ? undefined : await countSessionsUnderKey(db, kid);
    const explanation = `Refresh tokens made with ${kid} are answered 401 session_revoked from now on; access tokens that are out stay good for at most ${formatDuration(settings.accessTokenTtl)}. ${sessionsText(sessionsEnded)}`;
    return { kid, ...(sessionsEnded === undefined ? {} : { sessionsEnded }), explanation };
  }
  const rowsLost = db === undefined ? undefined : ((await countRowsByKey(db)).get(kid) ?? 0);
  const explanation = `What is encrypted with ${kid} can never be read again, not from a backup either. ${rowsText(rowsLost)}`;
  return { kid, ...(rowsLost === undefined ? {} : { rowsLost }), explanation };
}

function signExplanation(kid: string, { accessTokenTtl }: Settings): string {
  return `Access tokens signed with ${kid} are answered 401 from now on; clients that hold a refresh token renew them by themselves. None is older than ${formatDuration(accessTokenTtl)} after the rotation. Verifiers elsewhere may accept them for another ${formatDuration(JWKS_MAX_AGE_S * 1_000)}.`;
}

function sessionsText(sessions: number | undefined): string {
  if (sessions === undefined) return 'The database could not be asked how many sessions that ends.';
  if (sessions === 0) return 'No live session depends on it.';
  return `Up to ${sessions} live ${sessions === 1 ? 'session ends' : 'sessions end'}: their users sign in again.`;
}

function rowsText(rows: number | undefined): string {
  if (rows === undefined) return 'The database could not be asked how many rows that are.';
  return rows === 0
    ? 'No row of this database needs it.'
    : `${rows} ${rows === 1 ? 'row needs' : 'rows need'} it.`;
}
