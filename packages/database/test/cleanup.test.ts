import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { purgePolicies } from '@holdfast/auth/cleanup';
import { newId } from '@holdfast/core';
import { seedsDirectory } from '@holdfast/database';
import {
  type CleanupEvent,
  type CleanupOptions,
  type CleanupResult,
  type CleanupRun,
  runCleanup,
} from '@holdfast/database/cleanup';
import { applySeed } from '@holdfast/database/seed';
import { advisoryLockKey, type Connection, sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { column, failure, openConnection } from './fixtures.ts';

const DAY_MS = 86_400_000;
const LIFETIMES = { refreshTtlMs: 7 * DAY_MS, accessTtlMs: 900_000 };

interface Cleaner {
  readonly owner: Connection;
  readonly open: () => Promise<Connection>;
  clean(options?: Partial<CleanupOptions>): Promise<CleanupRun>;
}

async function cleaner(t: TestContext): Promise<Cleaner> {
  const { ownerUrl } = await testDatabase(t);
  const open = () => openConnection(t, ownerUrl);
  const owner = await open();
  const clean = (options: Partial<CleanupOptions> = {}): Promise<CleanupRun> =>
    runCleanup({
      connection: owner,
      builtIn: purgePolicies(LIFETIMES),
      retentionMs: 7 * DAY_MS,
      confirmed: [],
      pauseMs: 0,
      ...options,
    });
  return { owner, open, clean };
}

async function user(db: Connection, deletedDays: number | null = null): Promise<string> {
  const id = newId();
  await db.execute(sql`
    insert into users (id, email, deleted_at)
    values (${id}, ${`${id}@example.com`}, now() - ${deletedDays}::float8 * interval '1 day')
  `);
  await db.execute(sql`insert into user_profiles (user_id) values (${id})`);
  return id;
}

interface SessionAges {
  readonly expired?: number;
  readonly revoked?: number;
  readonly idle?: number;
}

/** Ages in days; a negative one is in the future. */
async function session(
  db: Connection,
  userId: string,
  { expired = -30, revoked, idle = -7 }: SessionAges = {},
) {
  const id = newId();
  await db.execute(sql`
    insert into sessions (id, user_id, client_id, amr, expires_at, revoked_at, revocation_reason)
    values (${id}, ${userId}, 'web', '{pwd}', now() - ${expired}::float8 * interval '1 day',
      now() - ${revoked ?? null}::float8 * interval '1 day', ${revoked === undefined ? null : 'logout'})
  `);
  await db.execute(sql`
    insert into refresh_tokens (session_id, user_id, expires_at, absolute_expires_at)
    values (${id}, ${userId}, now() - ${idle}::float8 * interval '1 day', now() + interval '30 days')
  `);
  return id;
}

const result = (run: CleanupRun, name: string): CleanupResult['outcome'] | undefined =>
  run.results.find(entry => entry.name === name)?.outcome;

const ids = (db: Connection, table: string): Promise<unknown[]> =>
  column(db, sql`select id from ${sql.id(table)} order by id`);

describe('cleanup of a database of Holdfast', () => {
  it('removes sessions that ended before the retention, and no other', async t => {
    const { owner, clean } = await cleaner(t);
    const one = await user(owner);
    for (const ages of [{ revoked: 8 }, { expired: 8 }, { idle: 8 }]) await session(owner, one, ages);
    const kept = [
      await session(owner, one),
      await session(owner, one, { revoked: 6 }),
      await session(owner, one, { expired: 6 }),
      await session(owner, one, { idle: 6 }),
    ];
    const foreseen = await clean({ dryRun: true });
    assert.deepEqual(result(foreseen, 'sessions'), { kind: 'done', rows: 3, kept: 0 });
    assert.equal((await ids(owner, 'sessions')).length, 7);
    const run = await clean();
    assert.deepEqual(result(run, 'sessions'), { kind: 'done', rows: 3, kept: 0 });
    assert.deepEqual(await ids(owner, 'sessions'), kept.sort());
    assert.deepEqual(await column(owner, sql`select count(*) from refresh_tokens`), [4]);
    assert.equal((await clean()).rows, 0);
  });

  it('keeps an ended session while one of its tokens is good, however short the retention', async t => {
    const { owner, clean } = await cleaner(t);
    const id = await session(owner, await user(owner), { revoked: 20 });
    const patient = { builtIn: purgePolicies({ ...LIFETIMES, refreshTtlMs: 30 * DAY_MS }), retentionMs: 0 };
    const run = await clean(patient);
    assert.equal(run.results.find(({ name }) => name === 'sessions')?.retentionMs, 30 * DAY_MS);
    assert.deepEqual(await ids(owner, 'sessions'), [id]);
    await clean({ retentionMs: 0 });
    assert.deepEqual(await ids(owner, 'sessions'), []);
  });

  it('forgets expired tokens of providers and keeps the accounts linked', async t => {
    const { owner, clean } = await cleaner(t);
    const [provider, one] = [newId(), await user(owner)];
    await owner.execute(
      sql`insert into oauth_providers (id, slug, kind, display_name) values (${provider}, 'p', 'oidc', 'P')`,
    );
    for (const days of [8, 6]) {
      await owner.execute(sql`
        insert into oauth_accounts (id, user_id, provider_id, subject, access_token_encrypted, refresh_token_encrypted,
          encryption_key_id, token_expires_at)
        values (${newId()}, ${one}, ${provider}, ${String(days)}, 'a', 'b', 'k', now() - ${days}::float8 * interval '1 day')
      `);
    }
    const foreseen = await clean({ dryRun: true });
    const run = await clean();
    assert.deepEqual(result(run, 'oauth_accounts'), { kind: 'done', rows: 1, kept: 0 });
    assert.deepEqual(result(foreseen, 'oauth_accounts'), result(run, 'oauth_accounts'));
    assert.equal(run.results.find(({ name }) => name === 'oauth_accounts')?.action, 'cleared');
    const rows = await owner.many(sql`
      select subject, access_token_encrypted is null and refresh_token_encrypted is null and encryption_key_id is null as empty
      from oauth_accounts order by subject
    `);
    assert.deepEqual(
      rows.map(row => ({ ...row })),
      [
        { subject: '6', empty: false },
        { subject: '8', empty: true },
      ],
    );
  });

  it('removes used and expired links, and old sign-ins after their own retention', async t => {
    const { owner, clean } = await cleaner(t);
    const one = await user(owner);
    for (const [expires, used] of [
      [-1, null],
      [-1, 8],
      [8, null],
      [6, null],
    ] as const) {
      await owner.execute(sql`
        insert into one_time_tokens (id, user_id, purpose, token_hash, expires_at, used_at)
        values (${newId()}, ${one}, 'verify_email', sha256(${newId()}::text::bytea),
          now() - ${expires}::float8 * interval '1 day', now() - ${used}::float8 * interval '1 day')
      `);
    }
    for (const days of [89, 91]) {
      await owner.execute(sql`
        insert into login_attempts (id, email, outcome, attempted_at)
        values (${newId()}, 'a@b', 'succeeded', now() - ${days}::float8 * interval '1 day')
      `);
    }
    const run = await clean();
    assert.deepEqual(result(run, 'one_time_tokens'), { kind: 'done', rows: 2, kept: 0 });
    assert.deepEqual(result(run, 'login_attempts'), { kind: 'done', rows: 1, kept: 0 });
    assert.deepEqual(result(run, 'oauth_states'), {
      kind: 'skipped',
      reason: 'this database has no such table',
    });
    const sooner = await clean({
      entries: [{ kind: 'override', policy: 'login_attempts', retentionMs: 80 * DAY_MS }],
    });
    assert.equal(sooner.rows, 1);
  });

  it('removes deleted accounts only when somebody says so, and only when their sessions are long over', async t => {
    const { owner, clean } = await cleaner(t);
    const gone = await user(owner, 31);
    await session(owner, gone, { revoked: 31 });
    const recent = await user(owner, 29);
    const live = await user(owner);
    const stillOn = await user(owner, 31);
    await session(owner, stillOn);
    await owner.execute(sql`
      insert into login_attempts (id, user_id, email, outcome) values (${newId()}, ${gone}, 'a@b', 'succeeded')
    `);
    const unsaid = await clean({ kinds: { deleted: 30 * DAY_MS } });
    assert.deepEqual(result(unsaid, 'deleted_users'), { kind: 'unconfirmed', rows: 1 });
    assert.equal((await ids(owner, 'users')).length, 4);
    assert.deepEqual(
      result(await clean({ confirmed: ['deleted', 'record'], dryRun: true }), 'deleted_users'),
      {
        kind: 'done',
        rows: 1,
        kept: 0,
      },
    );
    const run = await clean({ confirmed: ['deleted', 'record'] });
    assert.deepEqual(result(run, 'deleted_users'), { kind: 'done', rows: 1, kept: 0 });
    assert.deepEqual(await ids(owner, 'users'), [recent, live, stillOn].sort());
    assert.deepEqual(await column(owner, sql`select user_id from login_attempts`), [null]);
    assert.deepEqual(await column(owner, sql`select count(*) from user_profiles`), [3]);
  });

  it('keeps a deleted provider while an account is linked to it', async t => {
    const { owner, clean } = await cleaner(t);
    const [provider, one] = [newId(), await user(owner)];
    await owner.execute(sql`
      insert into oauth_providers (id, slug, kind, display_name, deleted_at)
      values (${provider}, 'p', 'oidc', 'P', now() - interval '1 year')
    `);
    const link = newId();
    await owner.execute(
      sql`insert into oauth_accounts (id, user_id, provider_id, subject) values (${link}, ${one}, ${provider}, 's')`,
    );
    const kept = { kind: 'done', rows: 0, kept: 1 };
    assert.deepEqual(
      result(await clean({ confirmed: ['deleted', 'record'], dryRun: true }), 'deleted_oauth_providers'),
      kept,
    );
    assert.deepEqual(
      result(await clean({ confirmed: ['deleted', 'record'] }), 'deleted_oauth_providers'),
      kept,
    );
    await owner.execute(sql`delete from oauth_accounts`);
    assert.deepEqual(result(await clean({ confirmed: ['deleted', 'record'] }), 'deleted_oauth_providers'), {
      ...kept,
      rows: 1,
      kept: 0,
    });
  });

  it('never touches the audit log without a retention and a word, and leaves a record of it', async t => {
    const { owner, clean } = await cleaner(t);
    for (const days of [400, 10]) {
      await owner.execute(sql`
        insert into audit_log (id, actor_type, action, subject_type, occurred_at)
        values (${newId()}, 'system', 'test.happened', 'test', now() - ${days}::float8 * interval '1 day')
      `);
    }
    const events: CleanupEvent[] = [];
    const record = async (_: unknown, event: CleanupEvent): Promise<void> => void events.push(event);
    const unset = await clean({ confirmed: ['deleted', 'record'], record });
    assert.deepEqual(result(unset, 'audit_log'), {
      kind: 'skipped',
      reason: 'kept until a retention is set',
    });
    const kinds = { record: 365 * DAY_MS };
    assert.deepEqual(result(await clean({ kinds, record }), 'audit_log'), { kind: 'unconfirmed', rows: 1 });
    assert.equal(events.length, 0);
    assert.deepEqual(result(await clean({ kinds, record, confirmed: ['deleted', 'record'] }), 'audit_log'), {
      kind: 'done',
      rows: 1,
      kept: 0,
    });
    assert.deepEqual(
      events.map(({ kind, rows, retentions }) => [kind, rows, retentions.audit_log]),
      [
        ['started', { audit_log: 1 }, 365 * DAY_MS],
        ['completed', { audit_log: 1 }, 365 * DAY_MS],
      ],
    );
    assert.deepEqual(await column(owner, sql`select count(*) from audit_log`), [1]);
  });

  it('a dry run counts exactly what a run then removes, on everything at once', async t => {
    const { owner, clean } = await cleaner(t);
    await applySeed({ connection: owner, dir: seedsDirectory(), name: 'development', environment: 'test' });
    const all: Partial<CleanupOptions> = {
      confirmed: ['deleted', 'record'],
      retentionMs: DAY_MS,
      kinds: { deleted: DAY_MS, record: 5 * DAY_MS },
    };
    const foreseen = await clean({ ...all, dryRun: true });
    const run = await clean(all);
    assert.deepEqual(run.results, foreseen.results);
    assert.ok(run.rows >= 15, `${run.rows} rows`);
    assert.deepEqual(await column(owner, sql`select count(*) from users where deleted_at is not null`), [0]);
    assert.equal((await clean(all)).rows, 0);
  });
});

describe('a run', () => {
  it('takes one batch a transaction and leaves alone what somebody holds', async t => {
    const { owner, open, clean } = await cleaner(t);
    const one = await user(owner);
    const sessions: string[] = [];
    for (let index = 0; index < 25; index += 1) sessions.push(await session(owner, one, { revoked: 8 }));
    const other = await open();
    const progress: number[] = [];
    const [held] = sessions;
    await other.transaction(async tx => {
      await tx.query(sql`select from sessions where id = ${held ?? ''} for update`);
      const run = await clean({ batchSize: 10, onProgress: ({ rows }) => progress.push(rows) });
      assert.deepEqual(result(run, 'sessions'), { kind: 'done', rows: 24, kept: 1 });
    });
    assert.deepEqual(progress, [10, 20, 24]);
    assert.deepEqual(await ids(owner, 'sessions'), [held]);
  });

  it('is the only one on its database', async t => {
    const { open, clean } = await cleaner(t);
    const other = await open();
    await other.query(sql`select pg_advisory_lock(${advisoryLockKey('holdfast:cleanup')}::bigint)`);
    await failure(clean(), 'lock_timeout');
    assert.equal((await clean({ dryRun: true })).rows, 0);
    await other.query(sql`select pg_advisory_unlock(${advisoryLockKey('holdfast:cleanup')}::bigint)`);
    await clean();
  });

  it('ends after the batch at hand when it is told to', async t => {
    const { owner, clean } = await cleaner(t);
    const one = await user(owner);
    for (let index = 0; index < 5; index += 1) await session(owner, one, { revoked: 8 });
    const stop = new AbortController();
    const run = await clean({ batchSize: 2, signal: stop.signal, onProgress: () => stop.abort() });
    assert.deepEqual(result(run, 'sessions'), { kind: 'stopped', rows: 2 });
    assert.deepEqual(result(run, 'one_time_tokens'), { kind: 'stopped', rows: 0 });
    assert.equal((await ids(owner, 'sessions')).length, 3);
  });

  it('a policy that fails hinders no other, and keeps what it has done', async t => {
    const { owner, clean } = await cleaner(t);
    const one = await user(owner);
    await session(owner, one, { revoked: 8 });
    await owner.execute(sql`
      insert into login_attempts (id, email, outcome, attempted_at) values (${newId()}, 'a@b', 'succeeded', '2020-01-01')
    `);
    await owner.script(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'not this one'; end $$;
      create trigger refuse before delete on sessions for each row execute function refuse();
    `);
    const run = await clean();
    assert.deepEqual(result(run, 'sessions'), { kind: 'failed', rows: 0, reason: 'not this one' });
    assert.deepEqual(result(run, 'login_attempts'), { kind: 'done', rows: 1, kept: 0 });
  });
});
