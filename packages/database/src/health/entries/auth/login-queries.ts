import { type Queryable, sql } from '@holdfast/postgres';

export interface LoginCounts {
  readonly attempts: number;
  readonly failed: number;
  /** Addresses that were typed, of those that failed. */
  readonly accounts: number;
  /** Failures in the 24 hours before. */
  readonly failedBefore: number;
}

/** Attempts of the last minutes, and for comparison the failures of the day before them. */
export function countLogins(db: Queryable, schema: string, windowMinutes: number): Promise<LoginCounts> {
  return db.one(sql<LoginCounts>`
    with bounds as (
      select now() - pg_catalog.make_interval(mins => ${windowMinutes}::pg_catalog.int4) as since
    )
    select count(*) filter (where l.attempted_at >= b.since) as attempts,
      count(*) filter (where l.attempted_at >= b.since and l.outcome <> 'succeeded') as failed,
      count(distinct l.email) filter (where l.attempted_at >= b.since and l.outcome <> 'succeeded') as accounts,
      count(*) filter (where l.attempted_at < b.since and l.outcome <> 'succeeded') as "failedBefore"
    from bounds b
    left join ${sql.id(schema, 'login_attempts')} l on l.attempted_at >= b.since - interval '24 hours'
  `);
}

export interface FailingAddress {
  readonly address: string;
  readonly failed: number;
  readonly accounts: number;
  readonly succeeded: number;
}

/** Where the failures come from, the busiest first. */
export function listFailingAddresses(
  db: Queryable,
  schema: string,
  windowMinutes: number,
): Promise<FailingAddress[]> {
  return db.many(sql<FailingAddress>`
    select coalesce(pg_catalog.host(l.address), 'unknown') as address,
      count(*) filter (where l.outcome <> 'succeeded') as failed,
      count(distinct l.email) filter (where l.outcome <> 'succeeded') as accounts,
      count(*) filter (where l.outcome = 'succeeded') as succeeded
    from ${sql.id(schema, 'login_attempts')} l
    where l.attempted_at >= now() - pg_catalog.make_interval(mins => ${windowMinutes}::pg_catalog.int4)
    group by l.address
    having count(*) filter (where l.outcome <> 'succeeded') > 0
    order by 2 desc, 1
    limit 200
  `);
}
