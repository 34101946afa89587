import { sql } from '@holdfast/postgres';
import { damage } from './data-injections.ts';
import type { FaultInjection } from './fault-injection.ts';

/** A table is emptied with everything that hangs on it; no backup is there to tell. */
export function tableEmptied(table: 'users' | 'password_credentials' | 'user_roles'): FaultInjection {
  const expected = { code: 'table_emptied', layer: 'data', subject: `table:${table}` };
  return damage(`the table ${table} truncated`, expected, sql`truncate ${sql.id(table)} cascade`);
}

/** Somebody ends every session in the database itself, past the API. */
export const sessionsEndedOutside: FaultInjection = damage(
  'every session ended by a statement',
  { code: 'sessions_ended_outside', layer: 'data', subject: 'table:sessions' },
  sql`
    with ended as (
      update sessions set revoked_at = now(), revocation_reason = 'revoked_by_administrator'
      where revoked_at is null returning id
    )
    update refresh_tokens set revoked_at = now() where session_id in (select id from ended)
  `,
);
