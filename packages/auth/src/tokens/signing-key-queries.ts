import { type Queryable, sql } from '@holdfast/postgres';
import { jwks, type Keyring } from './keyring.ts';

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
