import { type Queryable, sql } from '@holdfast/postgres';
import { jwks, type Keyring, type KeyStatus, type KeyUse } from './keyring.ts';

/**
 * Records the public side of a keyring's keys. A key that vanished from the keyring keeps its row and status, so that a
 * keyring which was replaced instead of rotated can be told from one that was not.
 */
export async function registerKeys(db: Queryable, keyring: Keyring): Promise<void> {
  const publicKeys = new Map(jwks(keyring).keys.map(key => [key.kid, key]));
  const rows = keyring.keys.map(({ kid, use, algorithm, status }) => ({
    kid,
    use,
    algorithm,
    status,
    public_jwk: publicKeys.get(kid) ?? null,
  }));
  await db.execute(
    sql`
      insert into signing_keys as known (kid, use, algorithm, public_jwk, status, retired_at)
      select kid, use, algorithm, public_jwk, status, case when status = 'retiring' then now() end
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as given (kid text, use text, algorithm text, public_jwk jsonb, status text)
      on conflict (kid) do update
        set status = excluded.status, retired_at = coalesce(known.retired_at, excluded.retired_at)
        where known.status <> excluded.status
    `.named('signing_keys_register'),
  );
}

/** A key as the servers of this database have registered it. */
export interface RegisteredKey {
  readonly kid: string;
  readonly use: KeyUse;
  readonly status: KeyStatus | 'revoked';
  readonly firstSeenAt: Date;
  readonly retiredAt: Date | null;
}

export function listRegisteredKeys(db: Queryable): Promise<RegisteredKey[]> {
  return db.many(sql<RegisteredKey>`
    select kid, use, status, first_seen_at as "firstSeenAt", retired_at as "retiredAt"
    from signing_keys order by use, first_seen_at, kid
  `);
}

/** Notes that a key was removed on purpose. @returns whether the key was registered. */
export async function markKeyRevoked(db: Queryable, kid: string): Promise<boolean> {
  const changed = await db.execute(sql`
    update signing_keys set status = 'revoked', retired_at = coalesce(retired_at, now()) where kid = ${kid}
  `);
  return changed === 1;
}

/** Whether a refresh key whose id begins so was removed on purpose, by `holdfast keys revoke`. */
export async function refreshKeyIsRevoked(db: Queryable, tag: string): Promise<boolean> {
  const row = await db.maybeOne(
    sql<{ kid: string }>`
      select kid from signing_keys where use = 'refresh' and status = 'revoked' and starts_with(kid, ${tag}) limit 1
    `.named('refresh_key_revoked'),
  );
  return row !== undefined;
}

/** Live sessions whose refresh token is older than the retirement of a refresh key: they depend on it. */
export async function countSessionsUnderKey(db: Queryable, kid: string): Promise<number> {
  const { sessions } = await db.one(sql<{ sessions: number }>`
    select count(*) as sessions
    from refresh_tokens as family
    join sessions on sessions.id = family.session_id
    where family.revoked_at is null and family.expires_at > now()
      and sessions.revoked_at is null and sessions.expires_at > now()
      and family.rotated_at <= coalesce((select retired_at from signing_keys where kid = ${kid}), now())
  `);
  return sessions;
}
