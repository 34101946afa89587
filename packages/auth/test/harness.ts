import { newId, systemClock } from '@holdfast/core';
import { type Pool, sql } from '@holdfast/postgres';
import { type Actor, SYSTEM_ACTOR } from '../src/audit/index.ts';
import {
  type AccessTokens,
  createAccessTokens,
  createPasswordHasher,
  createRevoker,
  createSessionService,
  generateKeyring,
  type IssuedTokens,
  type JournalEntry,
  type Keyring,
  type PasswordHasher,
  type RecoveryMode,
  type RevokeSessions,
  type SessionService,
} from '../src/index.ts';

export const PASSWORD = 'guard dense orbit lunch';
export const STRANGER: Actor = { type: 'anonymous', id: null, requestId: 'test', address: '203.0.113.9' };

export interface Harness {
  readonly pool: Pool;
  readonly keyring: Keyring;
  readonly hasher: PasswordHasher;
  readonly accessTokens: AccessTokens;
  readonly sessions: SessionService;
  readonly revoke: RevokeSessions;
  /** What the revocation journal holds. */
  readonly journal: JournalEntry[];
}

export interface HarnessOptions {
  readonly keyring?: Keyring;
  readonly recovery?: RecoveryMode;
  readonly sessionLimit?: number;
}

/** The parts of a server around a test database. */
export function createHarness(pool: Pool, options: HarnessOptions = {}): Harness {
  const keyring = options.keyring ?? generateKeyring(systemClock);
  const journal: JournalEntry[] = [];
  const revoke = createRevoker({ append: async entries => void journal.push(...entries) });
  const accessTokens = createAccessTokens({
    keyring: () => keyring,
    issuer: 'http://holdfast.test',
    audience: 'holdfast',
    ttlMs: 900_000,
    clock: systemClock,
  });
  const sessions = createSessionService({
    pool,
    keyring: () => keyring,
    accessTokens,
    refreshTtlMs: 604_800_000,
    sessionTtlMs: 2_592_000_000,
    graceMs: 30_000,
    clock: systemClock,
    revoke,
    recovery: options.recovery ?? 'adopt',
    sessionLimit: options.sessionLimit ?? 100,
  });
  return { pool, keyring, hasher: createPasswordHasher(), accessTokens, sessions, revoke, journal };
}

/** A new active account without a password. */
export async function insertUser(pool: Pool, email = `${newId()}@example.com`): Promise<string> {
  const id = newId();
  await pool.execute(sql`insert into users (id, email) values (${id}, ${email})`);
  return id;
}

export function startSession({ sessions }: Harness, userId: string): Promise<IssuedTokens> {
  return sessions.start(
    {
      userId,
      email: 'x@example.com',
      clientId: 'web',
      amr: ['pwd'],
      address: '203.0.113.9',
      userAgent: 'test',
      roles: [],
    },
    { ...SYSTEM_ACTOR, type: 'user', id: userId },
  );
}

/** Makes the rotations of a family look older than they are. */
export async function ageRotations(pool: Pool, sessionId: string, seconds: number): Promise<void> {
  await pool.execute(sql`
    update refresh_tokens
    set rotated_at = rotated_at - ${seconds} * interval '1 second',
      previous_rotations = array(
        select rotation - ${seconds} * interval '1 second'
        from unnest(previous_rotations) with ordinality as past (rotation, position) order by position
      )
    where session_id = ${sessionId}
  `);
}

export async function auditActions(pool: Pool, subjectId: string): Promise<string[]> {
  const rows = await pool.many(sql<{ action: string }>`
    select action from audit_log where subject_id = ${subjectId} order by position
  `);
  return rows.map(row => row.action);
}
