import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createFieldReader, encryptField, fieldContext } from '@holdfast/auth';
import { generateKeyring, type Keyring } from '@holdfast/auth/tokens';
import { newId, systemClock } from '@holdfast/core';
import { type Connection, sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { authEntries } from '../../src/health/entries/auth/index.ts';
import type { HealthEntry, HealthReading } from '../../src/health/entry.ts';
import { type EntryCase, testEntries } from './cases.ts';
import { type ContextOptions, entryOf, healthContext, open, read } from './health-context.ts';
import { createStage } from './stage.ts';

/** Thirty accounts that are used, one of them an administrator, with sessions and logins of today. */
const PEOPLE = `
  insert into users (id, email, email_verified_at, last_login_at, created_at)
  select gen_random_uuid(), 'person' || i || '@example.org', now(), now(), now() - interval '1 year' from generate_series(1, 30) i;
  insert into password_credentials (user_id, hash) select id, '$argon2id$x' from users;
  insert into user_roles (user_id, role_id)
  select (select id from users where email = 'person1@example.org'), id from roles where name = 'admin';
  insert into sessions (id, user_id, client_id, amr, expires_at)
  select gen_random_uuid(), id, 'web', '{pwd}', now() + interval '1 day' from users;
  insert into refresh_tokens (session_id, user_id, expires_at, absolute_expires_at)
  select id, user_id, expires_at, expires_at from sessions;
  insert into login_attempts (id, user_id, email, outcome, address)
  select gen_random_uuid(), id, email, 'succeeded', '192.0.2.7' from users;
  insert into login_attempts (id, email, outcome, address) values (gen_random_uuid(), 'typo@example.org', 'unknown_user', '192.0.2.7');
`;

interface OwnStage {
  readonly db: Connection;
  look(entry: HealthEntry, options?: ContextOptions): Promise<HealthReading>;
}

async function stage(t: TestContext): Promise<OwnStage> {
  const database = await testDatabase(t);
  const db = await open(t, database.superuserUrl);
  await db.script(PEOPLE);
  return {
    db,
    look: async (entry, options) => read(await healthContext(db, database.superuserUrl, options), entry),
  };
}

function after(script: string): EntryCase['fire'] {
  return async (t, entry) => {
    const { db, look } = await stage(t);
    await db.script(script);
    return look(entry);
  };
}

const quiet: EntryCase['quiet'] = async (t, entry) => (await stage(t)).look(entry);

async function insertProvider(db: Connection, keyring: Keyring, slug: string): Promise<void> {
  const id = newId();
  const place = fieldContext('oauth_providers', 'client_secret_encrypted', id);
  const { ciphertext, keyId } = encryptField(keyring, 'secret', place);
  await db.query(sql`
    insert into oauth_providers (id, slug, kind, display_name, client_secret_encrypted, encryption_key_id)
    values (${id}, ${slug}, 'oidc', ${slug}, ${ciphertext}, ${keyId})
  `);
}

testEntries(authEntries, {
  66: {
    fire: after(`
      update users set last_login_at = now() - interval '200 days' where email = 'person1@example.org';
      update users set email_verified_at = null where email like 'person2%' or email like 'person1%';
    `),
    expect: {
      level: 'warn',
      summary:
        /^30 active, 0 disabled, 0 deleted; of the active ones 22 never verified, 1 unused for 90 days; 1 dormant administrator$/,
      evidence: { what: 'dormant administrator', role: 'admin' },
      remedy:
        /^update "public"\.users set status = 'disabled' where id = '[0-9a-f-]{36}';.*\nselect date_trunc/,
      metrics: {
        accounts: 30,
        active_accounts: 30,
        unverified_accounts: 22,
        inactive_accounts: 1,
        password_accounts: 30,
        dormant_administrators: 1,
      },
    },
    quiet,
  },
  67: {
    fire: after(`
      insert into sessions (id, user_id, client_id, amr, expires_at)
      select gen_random_uuid(), (select id from users limit 1), 'web', '{pwd}', now() - interval '20 days' from generate_series(1, 10050);
      insert into refresh_tokens (session_id, user_id, expires_at, absolute_expires_at)
      select id, user_id, expires_at, expires_at from sessions where expires_at < now();
      update refresh_tokens set revoked_at = now() - interval '30 days'
      where session_id in (select session_id from refresh_tokens where expires_at < now() limit 50);
    `),
    expect: {
      level: 'warn',
      summary: /^30 active, 10000 expired, 50 revoked; 10050 are past their 7 days$/,
      evidence: { table: 'refresh_tokens', active: 30, expired: 10_000, revoked: 50, purgeable: 10_050 },
      remedy: /^holdfast cleanup 168h --dry-run\nholdfast cleanup 168h$/,
      metrics: { active_refresh_tokens: 30, expired_refresh_tokens: 10_000, purgeable_tokens: 10_050 },
    },
    quiet,
  },
  68: {
    fire: after(`
      insert into login_attempts (id, email, outcome, address)
      select gen_random_uuid(), 'person' || i % 40 || '@example.org', 'wrong_password', '203.0.113.9' from generate_series(1, 1200) i;
    `),
    expect: {
      level: 'critical',
      summary: /^1201 of 1231 failed \(98%\) in the last 60 min, on 41 accounts; usual are 0$/,
      evidence: { address: '203.0.113.9', failed: 1_200, accounts: 40, succeeded: 0 },
      remedy: /^select outcome, count\(\*\)[\s\S]*these accounts may be taken over$/,
      metrics: { login_attempts: 1_231, failed_logins: 1_201, failed_logins_percent: 98 },
    },
    quiet,
  },
  69: {
    fire: async (t, entry) => {
      const { db, look } = await stage(t);
      const [keyring, lost] = [generateKeyring(systemClock), generateKeyring(systemClock)];
      await insertProvider(db, keyring, 'here');
      await insertProvider(db, lost, 'gone');
      // moved from one row to another
      await insertProvider(db, keyring, 'moved');
      await db.query(sql`
        update oauth_providers set client_secret_encrypted =
          (select client_secret_encrypted from oauth_providers where slug = 'here') where slug = 'moved'
      `);
      return look(entry, { encryptionKeys: createFieldReader(keyring) });
    },
    expect: {
      level: 'critical',
      summary: /^2 of 3 fields do not decrypt$/,
      evidence: { table: 'oauth_providers', column: 'client_secret_encrypted' },
      remedy: /^holdfast keys check/,
      metrics: { encrypted_fields: 3, undecryptable_fields: 2, unread_rows: 0 },
    },
    quiet: async (t, entry) => {
      const { db, look } = await stage(t);
      const keyring = generateKeyring(systemClock);
      await insertProvider(db, keyring, 'one');
      await insertProvider(db, keyring, 'two');
      return look(entry, { encryptionKeys: createFieldReader(keyring) });
    },
  },
});

test('a database of others is left alone, even when it has tables of these names', async t => {
  const { look } = await createStage(
    t,
    'create table users (id int, email text); create table login_attempts (at date)',
  );
  for (const number of [66, 67, 68]) {
    const reading = await look(entryOf(authEntries, number));
    assert.ok(reading.level === 'skipped' && /not a database of Holdfast/.test(reading.why));
  }
  const fields = await look(entryOf(authEntries, 69), {
    encryptionKeys: createFieldReader(generateKeyring(systemClock)),
  });
  assert.ok(fields.level === 'skipped' && /no table has encrypted fields/.test(fields.why));
  const keyless = await look(entryOf(authEntries, 69));
  assert.ok(keyless.level === 'skipped' && /keyring is not known/.test(keyless.why));
});

test('68 notices a few failures from one address, and many more than usual', async t => {
  const { db, look } = await stage(t);
  const entry = entryOf(authEntries, 68);
  await db.script(`
    insert into login_attempts (id, email, outcome, address)
    select gen_random_uuid(), 'person@example.org', 'succeeded', '192.0.2.8' from generate_series(1, 1000);
    insert into login_attempts (id, email, outcome, address)
    select gen_random_uuid(), 'person1@example.org', 'wrong_password', '203.0.113.9' from generate_series(1, 99);
  `);
  assert.equal((await look(entry)).level, 'ok');
  await db.script(`
    insert into login_attempts (id, email, outcome, address, attempted_at)
    select gen_random_uuid(), 'x', 'wrong_password', '192.0.2.8', now() - interval '5 hours' from generate_series(1, 48)
  `);
  const unusual = await look(entry);
  assert.ok(unusual.level === 'warn' && /usual are 2$/.test(unusual.summary), JSON.stringify(unusual));
});

test('66 and 67 read large tables in part, and say about how many there are', async t => {
  const { db, look } = await stage(t);
  await db.script(`
    insert into users (id, email, last_login_at, email_verified_at)
    select gen_random_uuid(), 'many' || i || '@example.org', now(), now() from generate_series(1, 20000) i;
    analyze users;
  `);
  const reading = await look(entryOf(authEntries, 66), { budgetMs: 40 });
  assert.ok(reading.level === 'ok', JSON.stringify(reading));
  const estimate = Number(/^about (\d+) active/.exec(reading.summary)?.[1]);
  assert.ok(estimate > 12_000 && estimate < 28_000, reading.summary);
});
