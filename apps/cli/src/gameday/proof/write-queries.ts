import { type Queryable, sql } from '@holdfast/postgres';

/** A row that should be there, by its id, and what is wrong with it. */
export interface Missing {
  readonly id: string;
  readonly why: string;
}

/** Accounts that are not there with their address. */
export function findMissingAccounts(
  db: Queryable,
  accounts: readonly { readonly id: string; readonly email: string }[],
): Promise<readonly Missing[]> {
  return db.many(sql<Missing>`
    select wanted.id, 'the account is not there' as why
    from jsonb_to_recordset(${JSON.stringify(accounts)}::jsonb) as wanted (id uuid, email text)
    left join public.users found on found.id = wanted.id and found.email = wanted.email and found.deleted_at is null
    where found.id is null
  `);
}

/** Profiles at an earlier revision than the one acknowledged. */
export function findOldProfiles(
  db: Queryable,
  profiles: readonly { readonly id: string; readonly revision: number }[],
): Promise<readonly Missing[]> {
  return db.many(sql<Missing>`
    select wanted.id, format('the profile is at %L, not revision %s', found.bio, wanted.revision) as why
    from jsonb_to_recordset(${JSON.stringify(profiles)}::jsonb) as wanted (id uuid, revision integer)
    left join public.user_profiles found on found.user_id = wanted.id
    where coalesce(substring(found.bio from '^revision (\\d+)$')::integer, -1) < wanted.revision
  `);
}

/** Sessions that are gone, live again, behind, or ended without anybody having asked for it. */
export function findWrongSessions(
  db: Queryable,
  sessions: readonly { readonly id: string; readonly generation: number; readonly ended: boolean }[],
): Promise<readonly Missing[]> {
  return db.many(sql<Missing>`
    select wanted.id, case
      when session.id is null then 'the session is not there'
      when wanted.ended then 'the session was ended and is live'
      when session.revoked_at is not null then format('the session was ended (%s)', session.revocation_reason)
      else format('the session is at generation %s, not %s', family.generation, wanted.generation)
    end as why
    from jsonb_to_recordset(${JSON.stringify(sessions)}::jsonb) as wanted (id uuid, generation integer, ended boolean)
    left join public.sessions session on session.id = wanted.id
    left join public.refresh_tokens family on family.session_id = wanted.id
    where session.id is null
      or wanted.ended <> (session.revoked_at is not null)
      or (not wanted.ended and coalesce(family.generation, -1) < wanted.generation)
  `);
}
