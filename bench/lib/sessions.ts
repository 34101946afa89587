import { encodeRefreshToken, type Keyring, loadKeyring } from '@holdfast/auth/tokens';
import { newId } from '@holdfast/core';
import { type Connection, connect, sql } from '@holdfast/postgres';
import type { BenchSystem } from './holdfast.ts';

export interface BenchSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly refreshToken: string;
}

const DAY_MS = 86_400_000;

/** Sessions of the bench account, made in the database directly: a login costs a password hash, this does not. */
export async function insertSessions(system: BenchSystem, count: number): Promise<BenchSession[]> {
  const keyring = await loadKeyring({ home: system.home });
  return onDatabase(system, async connection => {
    const issuedAt = Math.floor(Date.now());
    const ids = Array.from({ length: count }, () => newId());
    const expiry = new Date(issuedAt + 30 * DAY_MS);
    await connection.execute(sql`
      with given as (select unnest(${ids}::uuid[]) as id),
      opened as (
        insert into sessions (id, user_id, client_id, amr, expires_at)
        select id, ${system.userId}::uuid, 'bench', '{pwd}', ${expiry}::timestamptz from given
      )
      insert into refresh_tokens (session_id, user_id, expires_at, absolute_expires_at)
      select id, ${system.userId}::uuid, ${expiry}::timestamptz, ${expiry}::timestamptz from given
    `);
    return ids.map(sessionId => toSession(keyring, system.userId, sessionId, issuedAt, expiry.getTime()));
  });
}

function toSession(
  keyring: Keyring,
  userId: string,
  sessionId: string,
  issuedAt: number,
  absoluteExpiry: number,
): BenchSession {
  const claims = { familyId: sessionId, generation: 0, userId, issuedAt, absoluteExpiry };
  return { sessionId, userId, refreshToken: encodeRefreshToken(keyring, claims) };
}

/** A connection of the superuser to the database of the system. */
export async function onDatabase<T>(
  system: Pick<BenchSystem, 'databaseUrl'>,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect({ url: system.databaseUrl('holdfast') });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
