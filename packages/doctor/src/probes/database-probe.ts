import { stat } from 'node:fs/promises';
import { operations } from '@holdfast/contract';
import { type Queryable, sqlState } from '@holdfast/postgres';
import type { SightingId, Sightings } from '../sightings.ts';
import {
  listRecordedKeys,
  missingRoles,
  readGrantFacts,
  readServerFacts,
  readSessionFacts,
} from './database-queries.ts';
import { findLostRevocations } from './lost-revocations.ts';
import { couldNotLook, type Look, type Looks, milliseconds, type ProbeTools } from './probe.ts';
import { countEncryptedRows, findEmptiedTables, readEndedSessions } from './trace-queries.ts';

/** The roles of the seed `built-in`. */
export const BUILT_IN_ROLES = ['admin', 'operator', 'support', 'user'] as const;

/** The server's own facts, and how far its clock is ahead of ours. */
export async function lookAtServer(
  db: Queryable,
  { clock }: ProbeTools,
): Promise<{ readonly looks: Looks; readonly aheadMs: number }> {
  const [begin, before] = [clock.monotonic(), clock.now()];
  const { now, ...facts } = await readServerFacts(db);
  const roundTripMs = milliseconds(begin, clock.monotonic());
  const aheadMs = Math.round(now.getTime() - (before + roundTripMs / 2));
  return { looks: { 'database.server': { saw: { ...facts, roundTripMs } } }, aheadMs };
}

/** Rows without which an intact schema does not work. Statements run one after another on the one connection. */
export async function lookAtData(db: Queryable): Promise<Looks> {
  const permissions = requiredPermissions();
  return {
    'data.sessions': await lookAt('data.sessions', () => readSessionFacts(db)),
    'data.roles': await lookAt('data.roles', async () => {
      const missing = await missingRoles(db, BUILT_IN_ROLES);
      return { missing, present: BUILT_IN_ROLES.length - missing.length };
    }),
    'data.grants': await lookAt('data.grants', async () => ({
      ...(await readGrantFacts(db, permissions)),
      required: permissions.length,
    })),
    'data.keys': await lookAt('data.keys', async () => ({ keys: await listRecordedKeys(db) })),
    'data.encrypted': await lookAt('data.encrypted', async () => ({ keys: await countEncryptedRows(db) })),
    'data.ended_sessions': await lookAt('data.ended_sessions', () => readEndedSessions(db)),
    'data.emptied': await lookAt('data.emptied', async () => ({ tables: await findEmptiedTables(db) })),
  };
}

/** Whether the database is as new as the revocation journal. A journal that does not exist says nothing. */
export async function lookAtRevocations(db: Queryable, path: string): Promise<Looks> {
  const exists = await stat(path).catch(() => undefined);
  if (exists === undefined) return {};
  return { 'data.revocations': await lookAt('data.revocations', () => findLostRevocations(db, path)) };
}

/** Every permission that an operation asks for. */
export function requiredPermissions(): string[] {
  const named = Object.values(operations).flatMap(operation =>
    'permission' in operation && operation.permission !== undefined ? [operation.permission as string] : [],
  );
  return [...new Set(named)].sort();
}

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';

/** A statement that fails because its table is gone is blocked by that, and says nothing about rows. */
async function lookAt<K extends SightingId>(_id: K, read: () => Promise<Sightings[K]>): Promise<Look<K>> {
  try {
    return { saw: await read() };
  } catch (error) {
    const state = sqlState(error) ?? '';
    return couldNotLook(
      error,
      [UNDEFINED_TABLE, UNDEFINED_COLUMN].includes(state) ? 'schema.catalog' : undefined,
    );
  }
}
