import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';

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

/** What a refresh token names. */
export interface FamilyGeneration {
  readonly familyId: string;
  readonly generation: number;
  readonly userId: string;
}

/** What each of these statements says of a family, next to when it expires. */
const FAMILY = sql<never>`
        family.generation, family.rotated_at as "rotatedAt", family.absolute_expires_at as "absoluteExpiresAt",
        sessions.client_id as "clientId", sessions.amr,
        array(
          select roles.name from user_roles
          join roles on roles.id = user_roles.role_id and roles.deleted_at is null and roles.disabled_at is null
          where user_roles.user_id = family.user_id order by roles.name
        ) as roles,
        now() as now`;

/** Family, session and account may go on. */
const LIVE = sql<never>`family.revoked_at is null and family.expires_at > now()
        and sessions.revoked_at is null and sessions.expires_at > now()
        and users.status = 'active' and users.deleted_at is null`;

function nextGeneration(refreshTtlMs: number): SqlQuery<never> {
  return sql<never>`generation = family.generation + 1,
        previous_rotations = (family.rotated_at || family.previous_rotations)[1:8],
        rotated_at = date_trunc('milliseconds', now()),
        expires_at = least(
          date_trunc('milliseconds', now()) + ${refreshTtlMs} * interval '1 millisecond', family.absolute_expires_at)`;
}

/**
 * Moves a family from one generation to the next if, and only if, that generation is current and family, session and
 * account are all live. One guarded UPDATE: of N callers exactly one succeeds, and a revocation that commits first wins.
 */
export function rotateFamily(
  db: Queryable,
  family: FamilyGeneration,
  refreshTtlMs: number,
): Promise<RotatedFamily | undefined> {
  return db.maybeOne(
    sql<RotatedFamily>`
      update refresh_tokens as family
      set ${nextGeneration(refreshTtlMs)}
      from sessions
      join users on users.id = sessions.user_id
      where family.session_id = ${family.familyId} and family.generation = ${family.generation}
        and family.user_id = ${family.userId} and sessions.id = family.session_id and ${LIVE}
      returning family.expires_at as "expiresAt", ${FAMILY}
    `.named('family_rotate'),
  );
}

/** With the family that it is. */
export interface RotatedFamilyOf extends RotatedFamily {
  readonly familyId: string;
  readonly userId: string;
}

/**
 * The same for several families in one statement and one commit. Families that another transaction holds are left out, as
 * if they were not current: nobody waits for somebody else's session, and no two such statements can deadlock.
 */
export function rotateFamilies(
  db: Queryable,
  families: readonly FamilyGeneration[],
  refreshTtlMs: number,
): Promise<RotatedFamilyOf[]> {
  return db.many(
    sql<RotatedFamilyOf>`
      with wanted as (
        select * from unnest(
          ${families.map(({ familyId }) => familyId)}::uuid[], ${families.map(({ generation }) => generation)}::int[],
          ${families.map(({ userId }) => userId)}::uuid[]
        ) as wanted (session_id, generation, user_id)
      ), held as materialized (
        select wanted.*
        from wanted
        join refresh_tokens as family on family.session_id = wanted.session_id and family.generation = wanted.generation
          and family.user_id = wanted.user_id
        for no key update of family skip locked
      )
      update refresh_tokens as family
      set ${nextGeneration(refreshTtlMs)}
      from held
      join sessions on sessions.id = held.session_id
      join users on users.id = sessions.user_id
      where family.session_id = held.session_id and family.generation = held.generation
        and family.user_id = held.user_id and ${LIVE}
      returning family.session_id as "familyId", family.user_id as "userId", family.expires_at as "expiresAt", ${FAMILY}
    `.named('families_rotate'),
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
      select family.user_id as "userId", family.previous_rotations as "previousRotations",
        least(family.expires_at, sessions.expires_at) as "expiresAt",
        (family.revoked_at is not null or sessions.revoked_at is not null) as revoked,
        (users.status = 'active' and users.deleted_at is null) as "accountActive", ${FAMILY}
      from refresh_tokens as family
      join sessions on sessions.id = family.session_id
      join users on users.id = sessions.user_id
      where family.session_id = ${familyId}
    `.named('family_find'),
  );
}
