import { type Queryable, sql } from '@holdfast/postgres';
import { type ScanPart, tableSample } from '../row-scans.ts';

export interface TokenCounts {
  readonly active: number;
  readonly expired: number;
  readonly revoked: number;
  /** Expired or revoked for longer than they are kept. */
  readonly purgeable: number;
}

/** Refresh token families, each of which is the one of a session. */
export function countRefreshTokens(
  db: Queryable,
  schema: string,
  part: ScanPart,
  retentionDays: number,
): Promise<TokenCounts> {
  return db.one(sql<TokenCounts>`
    with family as (
      select t.revoked_at, least(t.expires_at, t.absolute_expires_at) as ends_at
      from ${sql.id(schema, 'refresh_tokens')} t ${tableSample(part)}
    )
    select count(*) filter (where revoked_at is null and ends_at > now()) as active,
      count(*) filter (where revoked_at is null and ends_at <= now()) as expired,
      count(*) filter (where revoked_at is not null) as revoked,
      count(*) filter (where least(coalesce(revoked_at, 'infinity'), ends_at)
        < now() - pg_catalog.make_interval(days => ${retentionDays}::pg_catalog.int4)) as purgeable
    from family
  `);
}

/** Tokens of mails: used ones count as revoked. */
export function countOneTimeTokens(
  db: Queryable,
  schema: string,
  part: ScanPart,
  retentionDays: number,
): Promise<TokenCounts> {
  return db.one(sql<TokenCounts>`
    select count(*) filter (where used_at is null and expires_at > now()) as active,
      count(*) filter (where used_at is null and expires_at <= now()) as expired,
      count(*) filter (where used_at is not null) as revoked,
      count(*) filter (where least(coalesce(used_at, 'infinity'), expires_at)
        < now() - pg_catalog.make_interval(days => ${retentionDays}::pg_catalog.int4)) as purgeable
    from ${sql.id(schema, 'one_time_tokens')} t ${tableSample(part)}
  `);
}
