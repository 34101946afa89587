import { type Queryable, sql, type Transaction } from '@holdfast/postgres';
import type { Profile, ProfileChange } from './account.ts';

const PROFILE = sql`
  display_name as "displayName", given_name as "givenName", family_name as "familyName", phone, locale,
  time_zone as "timeZone", avatar_url as "avatarUrl", bio, modified_at as "modifiedAt"
`;

export function findProfile(db: Queryable, userId: string): Promise<Profile | undefined> {
  return db.maybeOne(
    sql<Profile>`select ${PROFILE} from user_profiles where user_id = ${userId}`.named('profile_find'),
  );
}

const COLUMNS: Readonly<Record<keyof ProfileChange, string>> = {
  displayName: 'display_name',
  givenName: 'given_name',
  familyName: 'family_name',
  phone: 'phone',
  locale: 'locale',
  timeZone: 'time_zone',
  avatarUrl: 'avatar_url',
  bio: 'bio',
};

/** Changes the fields that are present; creates the row when there is none. */
export function upsertProfile(
  tx: Transaction,
  userId: string,
  change: ProfileChange,
  by: string | null,
): Promise<Profile> {
  const fields = Object.keys(COLUMNS).filter(
    (field): field is keyof ProfileChange => change[field as keyof ProfileChange] !== undefined,
  );
  const columns = fields.map(field => sql.id(COLUMNS[field]));
  const values = fields.map(field => sql`${change[field] ?? null}`);
  const assignments = columns.map(column => sql`${column} = excluded.${column}`);
  return tx.one(sql<Profile>`
    insert into user_profiles (${sql.join([sql.id('user_id'), sql.id('created_by'), sql.id('modified_by'), ...columns])})
    values (${sql.join([sql`${userId}::uuid`, sql`${by}::uuid`, sql`${by}::uuid`, ...values])})
    on conflict (user_id) do update
      set ${sql.join([sql`modified_by = excluded.modified_by`, ...assignments])}
    returning ${PROFILE}
  `);
}
