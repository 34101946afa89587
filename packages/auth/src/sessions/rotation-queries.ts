import { type Queryable, sql } from '@holdfast/postgres';

/** The family after a rotation, with what a new access token says. */
export interface RotatedFamily {
  readonly generation: number;
  /** When this generation became current; the issue time of its token. */
  readonly rotatedAt: Date;
  readonly expiresAt: Date;
  readonly absoluteExpiresAt: Date;
  readonly clientId: string;
  readonly amr: readonly string[];
  readonly roles: readonly string[];
  readonly now: Date;
}

/**
 * Moves a family from one generation to the next if, and only if, that generation is current and family, session and
 * account are all live. One guarded UPDATE: of N callers exactly one succeeds, and a revocation that commits first wins.
 */
export function rotateFamily(
  db: Queryable,
  family: { readonly familyId: string; readonly generation: number; readonly userId: string },
  refreshTtlMs: number,
): Promise<RotatedFamily | undefined> {
  return db.maybeOne(
    sql<RotatedFamily>`
      update refresh_tokens as family
      set generation = family.generation + 1,
        previous_rotations = (family.rotated_at || family.previous_rotations)[1:8],
        rotated_at = date_trunc('milliseconds', now()),
        expires_at = least(
          date_trunc('milliseconds', now()) + ${refreshTtlMs} * interval '1 millisecond', family.absolute_expires_at)
      from sessions
      join users on users.id = sessions.user_id
      where family.session_id = ${family.familyId} and family.generation = ${family.generation}
        and family.user_id = ${family.userId} and family.revoked_at is null and family.expires_at > now()
        and sessions.id = family.session_id and sessions.revoked_at is null and sessions.expires_at > now()
        and users.status = 'active' and users.deleted_at is null
      returning family.generation, family.rotated_at as "rotatedAt", family.expires_at as "expiresAt",
        family.absolute_expires_at as "absoluteExpiresAt", sessions.client_id as "clientId", sessions.amr,
        array(
          select roles.name from user_roles
          join roles on roles.id = user_roles.role_id and roles.deleted_at is null and roles.disabled_at is null
          where user_roles.user_id = family.user_id order by roles.name
        ) as roles,
        now() as now
    `.named('family_rotate'),
  );
}

/** Everything that decides about a token whose generation was not rotated. */
export interface FamilyState extends RotatedFamily {
  readonly userId: string;
  readonly previousRotations: readonly Date[];
  readonly revoked: boolean;
  readonly accountActive: boolean;
}

export function findFamily(db: Queryable, familyId: string): Promise<FamilyState | undefined> {
  return db.maybeOne(
    sql<FamilyState>`
      select family.generation, family.rotated_at as "rotatedAt",
        least(family.expires_at, sessions.expires_at) as "expiresAt",
        family.absolute_expires_at as "absoluteExpiresAt", sessions.client_id as "clientId", sessions.amr,
        family.user_id as "userId", family.previous_rotations as "previousRotations",
        (family.revoked_at is not null or sessions.revoked_at is not null) as revoked,
        (users.status = 'active' and users.deleted_at is null) as "accountActive",
        array(
          select roles.name from user_roles
          join roles on roles.id = user_roles.role_id and roles.deleted_at is null and roles.disabled_at is null
          where user_roles.user_id = family.user_id order by roles.name
        ) as roles,
        now() as now
      from refresh_tokens as family
      join sessions on sessions.id = family.session_id
      join users on users.id = sessions.user_id
      where family.session_id = ${familyId}
    `.named('family_find'),
  );
}
