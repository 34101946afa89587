import { cutoffBefore, type PurgePolicy, type SqlQuery, sql } from '@holdfast/postgres';
import { sessionEndedBefore } from '../sessions/index.ts';

/** How long tokens are good: what they name is not forgotten before. In milliseconds. */
export interface TokenLifetimes {
  readonly refreshTtlMs: number;
  readonly accessTtlMs: number;
}

const DAY_MS = 86_400_000;
const LOGIN_ATTEMPTS_MS = 90 * DAY_MS;
const DELETED_MS = 30 * DAY_MS;

/** Every table of Holdfast's with rows that outlive their use. A feature that adds such a table adds its entry here. */
export function purgePolicies(lifetimes: TokenLifetimes): PurgePolicy[] {
  const atLeast = sessionRetention(lifetimes);
  return [
    {
      ...expired('sessions', 'sessions that ended or expired, with their refresh tokens'),
      columns: ['id', 'expires_at', 'revoked_at'],
      atLeast,
      condition: sessionEndedBefore,
      owns: ['refresh_tokens'],
    },
    {
      ...expired('one_time_tokens', 'links of e-mails that were used or expired'),
      columns: ['expires_at', 'used_at'],
      condition: (row, cutoff) => sql`(${row}.expires_at < ${cutoff} or ${row}.used_at < ${cutoff})`,
    },
    {
      ...expired('oauth_accounts', 'expired tokens of OAuth providers; the accounts stay linked'),
      columns: ['token_expires_at', 'access_token_encrypted', 'refresh_token_encrypted', 'encryption_key_id'],
      condition: (row, cutoff) => sql`
        (${row}.token_expires_at < ${cutoff}
          and (${row}.access_token_encrypted is not null or ${row}.refresh_token_encrypted is not null))
      `,
      clear: sql`
        access_token_encrypted = null, refresh_token_encrypted = null, encryption_key_id = null,
        token_expires_at = null, modified_by = null
      `,
    },
    {
      ...expired('oauth_states', 'sign-ins by OAuth that were never finished'),
      columns: ['expires_at'],
      condition: (row, cutoff) => sql`${row}.expires_at < ${cutoff}`,
    },
    {
      ...expired('login_attempts', 'records of sign-ins, good and bad'),
      columns: ['attempted_at'],
      retentionMs: LOGIN_ATTEMPTS_MS,
      condition: (row, cutoff) => sql`${row}.attempted_at < ${cutoff}`,
    },
    {
      ...expired('audit_log', 'audit entries'),
      columns: ['occurred_at'],
      kind: 'record',
      retentionMs: 'never',
      condition: (row, cutoff) => sql`${row}.occurred_at < ${cutoff}`,
    },
    ...deletedPolicies(atLeast),
  ];
}

/** What sessions are kept for, however short a retention is asked for. */
export function sessionRetention({ refreshTtlMs, accessTtlMs }: TokenLifetimes): {
  readonly ms: number;
  readonly because: string;
} {
  return {
    ms: Math.max(refreshTtlMs, accessTtlMs),
    because: 'until then one of their tokens could be taken for one that a restore has lost',
  };
}

function deletedPolicies(atLeast: NonNullable<PurgePolicy['atLeast']>): PurgePolicy[] {
  return [
    {
      ...deleted('users', 'deleted accounts with everything that is theirs alone'),
      atLeast,
      owns: [
        'user_profiles',
        'password_credentials',
        'one_time_tokens',
        'oauth_accounts',
        'user_roles',
        'sessions',
        'refresh_tokens',
      ],
      condition: (row, cutoff) => sql`
        (${row}.deleted_at < ${cutoff} and not exists (
          select from public.sessions as session
          where session.user_id = ${row}.id and ${sessionEndedBefore(sql.id('session'), cutoffBefore(atLeast.ms))} is not true
        ))
      `,
    },
    { ...deleted('roles', 'deleted roles'), owns: ['role_permissions', 'user_roles'] },
    { ...deleted('permissions', 'deleted permissions'), owns: ['role_permissions'] },
    deleted('oauth_providers', 'deleted OAuth providers that no account is linked to'),
  ];
}

function expired(table: string, what: string) {
  return { name: table, what, schema: 'public', table, kind: 'expired', retentionMs: 'run' } as const;
}

function deleted(table: string, what: string): PurgePolicy {
  return {
    name: `deleted_${table}`,
    what,
    schema: 'public',
    table,
    columns: ['id', 'deleted_at'],
    kind: 'deleted',
    retentionMs: DELETED_MS,
    condition: (row: SqlQuery<never>, cutoff: SqlQuery<unknown>) => sql`${row}.deleted_at < ${cutoff}`,
  };
}
