import assert from 'node:assert/strict';
import { argon2Sync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { seedsDirectory } from '@holdfast/database';
import { type ApplySeedOptions, applySeed, type SeedRun } from '@holdfast/database/seed';
import { type Connection, sql } from '@holdfast/postgres';
import { emptyDatabase, testDatabase } from '@holdfast/testing';
import { column, failure, openConnection } from './fixtures.ts';

async function seeded(t: TestContext) {
  const owner = await openConnection(t, (await testDatabase(t)).ownerUrl);
  const seed = (name: string, options: Partial<ApplySeedOptions> = {}): Promise<SeedRun> =>
    applySeed({ connection: owner, dir: seedsDirectory(), name, environment: 'development', ...options });
  return { owner, seed };
}

/** Every row of every table, as text. */
async function allRows(db: Connection): Promise<unknown[]> {
  const names = await column(
    db,
    sql`select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
  );
  const rows: unknown[] = [];
  for (const name of names) {
    const table = sql.id(String(name));
    rows.push(
      ...(await column(
        db,
        sql`select format('%s: %s', ${String(name)}::text, row) from ${table} as row order by 1`,
      )),
    );
  }
  return rows;
}

async function seedDirectory(t: TestContext, name: string, text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-seeds-'));
  t.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, `${name}.sql`), text);
  return dir;
}

/** Whether a password fits an Argon2id hash in the PHC string format. */
function verifies(hash: string, password: string): boolean {
  const [, , , parameters = '', salt = '', tag = ''] = hash.split('$');
  const [memory = 0, passes = 0, parallelism = 0] = parameters.split(',').map(pair => Number(pair.slice(2)));
  const nonce = Buffer.from(salt, 'base64');
  const expected = Buffer.from(tag, 'base64');
  const options = { message: password, nonce, memory, passes, parallelism, tagLength: expected.length };
  return argon2Sync('argon2id', options).equals(expected);
}

describe('the development seed', () => {
  it('changes nothing the second time, and says so', async t => {
    const { owner, seed } = await seeded(t);
    const first = await seed('development');
    assert.equal(first.unchanged, 0);
    assert.deepEqual(first.tables[0], { table: 'users', inserted: 14, unchanged: 0 });
    const rows = await allRows(owner);
    const second = await seed('development');
    assert.deepEqual(
      second.tables,
      first.tables.map(({ table, inserted }) => ({ table, inserted: 0, unchanged: inserted })),
    );
    assert.deepEqual([second.inserted, second.unchanged], [0, first.inserted]);
    assert.deepEqual(await allRows(owner), rows);
  });

  it('has accounts in every state', async t => {
    const { owner, seed } = await seeded(t);
    await seed('development');
    const { counts } = await owner.one(sql<{ counts: object }>`
      select jsonb_build_object(
        'active and verified', count(*) filter (where status = 'active' and email_verified_at is not null and deleted_at is null),
        'not verified', count(*) filter (where email_verified_at is null),
        'disabled', count(*) filter (where status = 'disabled'),
        'deleted', count(*) filter (where deleted_at is not null),
        'never logged in', count(*) filter (where last_login_at is null),
        'logged in today', count(*) filter (where last_login_at > now() - interval '1 day' + interval '1 minute'),
        'not for a year', count(*) filter (where last_login_at < now() - interval '1 year'),
        'no password', count(*) filter (where not exists (select from password_credentials where user_id = users.id)),
        'google', count(*) filter (where exists (
          select from oauth_accounts join oauth_providers on oauth_providers.id = provider_id
          where user_id = users.id and slug = 'google')),
        'github', count(*) filter (where exists (
          select from oauth_accounts join oauth_providers on oauth_providers.id = provider_id
          where user_id = users.id and slug = 'github'))
      ) as counts from users
    `);
    assert.deepEqual(counts, {
      'active and verified': 10,
      'not verified': 2,
      disabled: 1,
      deleted: 1,
      'never logged in': 2,
      'logged in today': 3,
      'not for a year': 1,
      'no password': 2,
      google: 2,
      github: 2,
    });
  });

  it('has sessions that are valid, expired, idle too long, and revoked for every reason', async t => {
    const { owner, seed } = await seeded(t);
    await seed('development');
    const states = await owner.many(sql`
      select case
          when sessions.revoked_at is not null then revocation_reason
          when sessions.expires_at < now() then 'expired'
          when refresh_tokens.expires_at < now() then 'idle'
          else 'valid'
        end as state, count(*) as sessions
      from sessions join refresh_tokens on session_id = sessions.id
      group by 1 order by 1
    `);
    assert.deepEqual(Object.fromEntries(states.map(({ state, sessions }) => [state, sessions])), {
      account_deleted: 1,
      account_disabled: 1,
      expired: 1,
      idle: 2,
      logout: 1,
      password_changed: 1,
      refresh_token_reused: 1,
      revoked_by_administrator: 1,
      revoked_by_user: 1,
      valid: 5,
    });
    const impossible = sql`
      select session_id from refresh_tokens join sessions on sessions.id = session_id
      where rotated_at < sessions.created_at or rotated_at > coalesce(sessions.revoked_at, now())
        or refresh_tokens.absolute_expires_at <> sessions.expires_at
        or refresh_tokens.expires_at > sessions.expires_at or refresh_tokens.user_id <> sessions.user_id
    `;
    assert.deepEqual(await column(owner, impossible), []);
  });

  it('lets test@example.com log in with TestPassword123!', async t => {
    const { owner, seed } = await seeded(t);
    await seed('development');
    const account = await owner.one(sql<{ hash: string; status: string; verified: boolean; roles: string[] }>`
      select hash, status, email_verified_at is not null as verified, array(
        select name from roles join user_roles on role_id = roles.id where user_id = users.id
      ) as roles
      from users join password_credentials on user_id = users.id
      where email = 'test@example.com'
    `);
    assert.match(account.hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal(verifies(account.hash, 'TestPassword123!'), true);
    assert.equal(verifies(account.hash, 'TestPassword123'), false);
    assert.deepEqual([account.status, account.verified, account.roles], ['active', true, ['user']]);
    const hashes = await column(owner, sql`select hash from password_credentials`);
    assert.equal(new Set(hashes).size, hashes.length);
  });

  it('leaves an account alone that somebody registered under one of its addresses', async t => {
    const { owner, seed } = await seeded(t);
    await owner.query(
      sql`insert into users (id, email) values ('01900000-0000-7000-8000-000000000001', 'Test@example.com')`,
    );
    const run = await seed('development');
    assert.deepEqual(run.tables[0], { table: 'users', inserted: 13, unchanged: 1 });
    const own = sql`
      select count(*) from sessions join users on users.id = user_id where lower(email) = 'test@example.com'
    `;
    assert.deepEqual(await column(owner, own), [0]);
    assert.equal((await seed('development')).inserted, 0);
  });

  it('puts back what was deleted, and keeps what was changed', async t => {
    const { owner, seed } = await seeded(t);
    await seed('development');
    await owner.script(`
      delete from users where email = 'bob@example.com';
      update users set status = 'disabled' where email = 'alice@example.com';
    `);
    const run = await seed('development');
    assert.deepEqual(run.tables[0], { table: 'users', inserted: 1, unchanged: 13 });
    assert.deepEqual(await column(owner, sql`select status from users where email = 'alice@example.com'`), [
      'disabled',
    ]);
  });

  it('is refused in production', async t => {
    const { owner, seed } = await seeded(t);
    const error = await failure(seed('development', { environment: 'production' }), 'seed_refused');
    assert.match(error.message, /"development" is for development and test, and this is production/);
    assert.deepEqual(await column(owner, sql`select count(*) from users`), [0]);
  });

  it('is refused in a database that has been in production, whatever NODE_ENV says today', async t => {
    const { owner, seed } = await seeded(t);
    assert.equal((await seed('built-in', { environment: 'production' })).inserted, 0);
    const error = await failure(seed('development'), 'seed_refused');
    assert.match(
      error.message,
      /has been used with NODE_ENV=production.*delete from holdfast_ledger\.seeds/s,
    );
    assert.deepEqual(await column(owner, sql`select count(*) from users`), [0]);
    assert.equal((await seed('built-in')).inserted, 0);
    await owner.query(sql`delete from holdfast_ledger.seeds where environment = 'production'`);
    assert.notEqual((await seed('development')).inserted, 0);
  });
});

describe('applySeed', () => {
  it('is refused before the database is migrated', async t => {
    const connection = await openConnection(t, (await emptyDatabase(t)).ownerUrl);
    const options = { connection, dir: seedsDirectory(), name: 'built-in', environment: 'test' } as const;
    assert.match((await failure(applySeed(options), 'seed_refused')).message, /not migrated yet/);
  });

  it('puts back built-in rows that are missing', async t => {
    const { owner, seed } = await seeded(t);
    await owner.query(sql`delete from permissions where name = 'users:read'`);
    const { tables } = await seed('built-in');
    assert.deepEqual(tables, [
      { table: 'permissions', inserted: 1, unchanged: 8 },
      { table: 'roles', inserted: 0, unchanged: 4 },
      { table: 'role_permissions', inserted: 2, unchanged: 13 },
    ]);
  });

  it('inserts all or nothing, and names the statement that failed', async t => {
    const { owner, seed } = await seeded(t);
    const dir = await seedDirectory(
      t,
      'broken',
      `-- environments: all
insert into roles (id, name) values ('01900000-0000-7000-8000-000000000001', 'one') on conflict do nothing;
insert into roles (id, name)
  select gen_random_uuid(), wrong on conflict do nothing;
`,
    );
    const error = await failure(seed('broken', { dir }), 'seed_failed');
    assert.match(
      error.message,
      /^broken\.sql failed at statement 2, line 4, column 29: column "wrong" does not exist .*Migrate the database/,
    );
    assert.deepEqual(await column(owner, sql`select name from roles where name = 'one'`), []);
  });

  it('a dry run counts what would be inserted, and changes nothing', async t => {
    const { owner, seed } = await seeded(t);
    const before = await allRows(owner);
    const dry = await seed('development', { dryRun: true });
    assert.deepEqual(await allRows(owner), before);
    assert.deepEqual(await column(owner, sql`select name from holdfast_ledger.seeds`), ['built-in']);
    const { tables, inserted } = await seed('development');
    assert.deepEqual([dry.dryRun, dry.tables, dry.inserted], [true, tables, inserted]);
  });

  it('seeds any database that has nothing of Holdfast, once its owner asks for it', async t => {
    const owner = await openConnection(t, (await emptyDatabase(t)).ownerUrl);
    await owner.script('create table products (id int primary key, name text)');
    const dir = await seedDirectory(
      t,
      'demo',
      `-- environments: all\ninsert into products values (1, 'a'), (2, 'b') on conflict do nothing;`,
    );
    const options = { connection: owner, dir, name: 'demo', environment: 'production' } as const;
    await failure(applySeed(options), 'seed_refused');
    const dry = await applySeed({ ...options, createLedger: true, dryRun: true });
    assert.deepEqual([dry.inserted, await column(owner, sql`select id from products`)], [2, []]);
    assert.deepEqual(await column(owner, sql`select to_regclass('holdfast_ledger.seeds')`), [null]);
    for (const inserted of [2, 0]) {
      assert.equal((await applySeed({ ...options, createLedger: true })).inserted, inserted);
    }
    const recorded = sql`select name || ' ' || environment || ' ' || inserted from holdfast_ledger.seeds`;
    assert.deepEqual(await column(owner, recorded), ['demo production 2']);
    const testOnly = await seedDirectory(t, 'test-only', '-- environments: test\n');
    const refused = { ...options, dir: testOnly, name: 'test-only', environment: 'test' } as const;
    assert.match(
      (await failure(applySeed(refused), 'seed_refused')).message,
      /has been used with NODE_ENV=production/,
    );
  });

  it('names the seeds there are', async t => {
    const { seed } = await seeded(t);
    const error = await failure(seed('staging'), 'usage');
    assert.match(error.message, /no seed "staging" in .*; there are: built-in, development$/);
  });

  it('can be run by two at once', async t => {
    const { ownerUrl } = await testDatabase(t);
    const connections = await Promise.all([openConnection(t, ownerUrl), openConnection(t, ownerUrl)]);
    const runs = await Promise.all(
      connections.map(connection =>
        applySeed({ connection, dir: seedsDirectory(), name: 'development', environment: 'test' }),
      ),
    );
    const [one, other] = runs.toSorted((a, b) => a.inserted - b.inserted);
    assert.equal(one?.inserted, 0);
    assert.equal(one.unchanged, other?.inserted);
    const log = sql`select inserted from holdfast_ledger.seeds where name = 'development'`;
    assert.deepEqual(await column(connections[0] as Connection, log), [other?.inserted]);
  });
});
