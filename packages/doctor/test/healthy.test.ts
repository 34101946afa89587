import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { after, before, describe, it, test } from 'node:test';
import { journalPath, readJournal } from '@holdfast/auth';
import { keyringPath, parseKeyring, prepareNextKey, rotateKey, writeKeyring } from '@holdfast/auth/tokens';
import { newId, parseSettings, systemClock } from '@holdfast/core';
import { seedsDirectory } from '@holdfast/database';
import { applySeed } from '@holdfast/database/seed';
import { connect, sql } from '@holdfast/postgres';
import { databaseStopped, type Stack, startStack } from '@holdfast/testing';
import { examine, exitCode, renderDiagnosis, resolveTarget } from '../src/index.ts';
import { PROBE_EMAIL_DOMAIN, PROBE_EMAIL_PREFIX } from '../src/probes/probe-account-queries.ts';
import { assertSchema } from './assert-schema.ts';
import { diagnose, post, register, signIn, stackWithUsers } from './examination.ts';

async function assertHealthy(stack: Stack): Promise<void> {
  const diagnosis = await diagnose(stack);
  assert.deepEqual([diagnosis.rootCauses, diagnosis.undecided, diagnosis.unexplained], [[], [], []]);
  assert.equal(diagnosis.status, 'healthy', JSON.stringify(diagnosis.degraded));
  assert.equal(exitCode(diagnosis), 0);
  assertSchema(diagnosis);
  const lines = renderDiagnosis(diagnosis).trimEnd().split('\n');
  assert.equal(lines.length, 2);
  assert.equal(lines[0], 'Everything that was examined works.');
  assert.match(lines[1] ?? '', /^\d+ checks passed, in /);
}

/** The number of rows of every table, the ledger's included. */
function countRows(stack: Stack): Promise<Map<string, number>> {
  return stack.asSuperuser(async db => {
    const tables = await db.many(
      sql<{ schema: string; name: string }>`
        select schemaname as schema, tablename as name from pg_tables
        where schemaname in ('public', 'holdfast_ledger')
      `,
    );
    const counts = new Map<string, number>();
    for (const { schema, name } of tables) {
      const counted = sql<{ rows: number }>`select count(*)::int as rows from ${sql.id(schema, name)}`;
      counts.set(name, (await db.one(counted)).rows);
    }
    return counts;
  });
}

describe('a healthy system', () => {
  let stack: Stack;

  before(async () => {
    stack = await stackWithUsers();
  });
  after(() => stack.close());

  it('is reported as healthy, in two lines', async () => {
    await assertHealthy(stack);
  });

  it('is left as it was: no row more or less in any table', async () => {
    const rowsBefore = await countRows(stack);
    assert.ok((rowsBefore.get('audit_log') ?? 0) > 0);
    await assertHealthy(stack);
    assert.deepEqual(await countRows(stack), rowsBefore);
  });

  it('has at most two connections of the doctor at any time', async () => {
    const seen = await stack.asAdministrator(async db => {
      const counts: number[] = [];
      let over = false;
      const examined = diagnose(stack).finally(() => {
        over = true;
      });
      while (!over) {
        const { connections } = await db.one(
          sql<{ connections: number }>`
            select count(*)::int as connections from pg_stat_activity where application_name in ('holdfast-doctor', 'holdfast-health')
          `,
        );
        counts.push(connections);
      }
      await examined;
      return counts;
    });
    assert.equal(Math.max(...seen), 2);
  });

  it('may have failed logins, unknown addresses and unknown paths', async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await signIn(stack, 'ada@example.com', 'wrong password of this person');
      await signIn(stack, 'nobody@example.com');
      await fetch(`${stack.server.url}/wp-login.php`).then(response => response.body?.cancel());
    }
    await assertHealthy(stack);
  });

  it('may have expired and ended sessions', async () => {
    await register(stack, 'grace@example.com');
    const ended = await signIn(stack, 'grace@example.com');
    await post(stack, '/api/v1/auth/logout', {}, ended?.accessToken);
    await signIn(stack, 'grace@example.com');
    await stack.asSuperuser(async db => {
      await db.query(sql`
        update sessions set expires_at = now() - interval '1 hour', created_at = now() - interval '2 hours'
        where revoked_at is null and user_id = (select id from users where email = 'grace@example.com')
      `);
      await db.query(sql`
        delete from refresh_tokens where session_id in (select id from sessions where expires_at < now())
      `);
    });
    await assertHealthy(stack);
  });

  it('may have ended many sessions, some of which were purged since', async () => {
    await register(stack, 'often@example.com');
    for (let round = 0; round < 10; round += 1) {
      const session = await signIn(stack, 'often@example.com');
      await post(stack, '/api/v1/auth/logout', {}, session?.accessToken);
    }
    const { entries } = await readJournal(journalPath(stack.home));
    assert.ok(entries.length > 10);
    const at = new Date(Date.now() - 8 * 24 * 60 * 60_000).toISOString();
    const purged = { at, sessionId: '01920000-0000-7000-8000-000000000000', reason: 'logout' };
    await appendFile(journalPath(stack.home), `${JSON.stringify(purged)}\n`);
    await assertHealthy(stack);
    const check = (await diagnose(stack)).checks.find(({ id }) => id === 'data.revocations');
    assert.match(
      `${check?.outcome} ${check?.detail}`,
      /^pass \d\d+ ended sessions of the journal accounted for$/,
    );
  });

  it('may hold the development seed: accounts and sessions in every state', async () => {
    const connection = await connect({ url: stack.cluster.ownerUrl });
    try {
      await applySeed({ connection, dir: seedsDirectory(), name: 'development', environment: 'test' });
    } finally {
      await connection.close();
    }
    await assertHealthy(stack);
  });

  it('may have recovered from an outage', async () => {
    await databaseStopped.inject(stack);
    await databaseStopped.heal(stack);
    await assertHealthy(stack);
  });

  it('may have rotated its keys, before and after the restart', async () => {
    const path = keyringPath(stack.home);
    const keyring = parseKeyring(await readFile(path, 'utf8'));
    await writeKeyring(path, rotateKey(prepareNextKey(keyring, 'sign', systemClock), 'sign', systemClock));
    await assertHealthy(stack);
    await stack.server.stop();
    await stack.server.start();
    await assertHealthy(stack);
  });

  it('may be examined by two doctors at once', async () => {
    const rowsBefore = await countRows(stack);
    await Promise.all([assertHealthy(stack), assertHealthy(stack)]);
    assert.deepEqual(await countRows(stack), rowsBefore);
  });

  it('may have the probe account of a doctor that was killed, which the next one removes', async () => {
    const rowsBefore = await countRows(stack);
    const leftover = { id: newId(), email: `${PROBE_EMAIL_PREFIX}${newId()}${PROBE_EMAIL_DOMAIN}` };
    await stack.asSuperuser(db =>
      db.query(sql`insert into users (id, email) values (${leftover.id}, ${leftover.email})`),
    );
    await assertHealthy(stack);
    assert.deepEqual(await countRows(stack), rowsBefore);
  });

  it('is healthy as well when the database is only known by the URL of the API', async () => {
    const { databaseUrl } = (await stack.settings()).settings;
    const settings = parseSettings([{ origin: 'test', values: { DATABASE_URL: databaseUrl } }]);
    const target = await resolveTarget({ home: '/nowhere', settings, apiUrl: stack.server.url });
    const diagnosis = await examine(target);
    assert.deepEqual([diagnosis.status, exitCode(diagnosis)], ['healthy', 0]);
  });

  it('is not said to lack a variable that only the environment of the doctor lacks', async () => {
    const target = await resolveTarget({
      home: '/nowhere',
      settings: parseSettings([]),
      apiUrl: stack.server.url,
    });
    assert.equal((await examine(target)).status, 'healthy');
  });
});

test('a system that nobody has an account of yet is healthy, and so is one whose accounts were all deleted', async t => {
  const stack = await startStack();
  t.after(() => stack.close());
  await assertHealthy(stack);
  await register(stack, 'ada@example.com');
  await stack.asSuperuser(async db => {
    await db.query(sql`
      insert into audit_log (id, actor_type, action, subject_type, subject_id)
      select gen_random_uuid(), 'system', 'user.deleted', 'user', id::text from users
    `);
    await db.query(sql`delete from users`);
  });
  await assertHealthy(stack);
});
