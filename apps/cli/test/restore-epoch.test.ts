import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { journalPath, listEpochs } from '@holdfast/auth';
import { newId } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import { emptyDatabase, testDatabase } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

const database = await testDatabase();
after(() => database.close());
const { pool } = database;

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'hf-epoch-'));
});
after(() => rm(home, { recursive: true }));

const variables = () => ({
  DATABASE_URL: database.url,
  HOLDFAST_OWNER_DATABASE_URL: database.ownerUrl,
  HOLDFAST_HOME: home,
});
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

interface Recorded {
  readonly recorded: boolean;
  readonly revocations: number;
  readonly damaged: number;
}

test('records the epoch and applies the journal; a dry run does neither', async () => {
  const old = { at: ago(7_200), sessionId: newId(), reason: 'logout' };
  const lost = { at: ago(30), sessionId: newId(), reason: 'logout' };
  const cut = JSON.stringify({ at: ago(10), sessionId: newId(), reason: 'logout' }).slice(0, 30);
  await appendFile(journalPath(home), `${JSON.stringify(old)}\n${cut}\n${JSON.stringify(lost)}\n`);
  const args = ['restore-epoch', '--restored-to', ago(60), '--note', 'nightly dump'];

  const preview = await runHoldfastJson<Recorded>([...args, '--dry-run'], variables());
  assert.equal(preview.code, 0);
  assert.deepEqual(
    [preview.result.recorded, preview.result.revocations, preview.result.damaged],
    [false, 1, 1],
  );
  assert.deepEqual(await listEpochs(pool), []);

  const done = await runHoldfast(args, variables());
  assert.equal(done.code, 0);
  assert.match(done.stdout, /^Recorded: restored to /);
  assert.match(
    done.stdout,
    /\n1 revocation applied from .*revocations\.ndjson \(1 damaged line skipped\)\.\n$/,
  );
  const [epoch, ...others] = await listEpochs(pool);
  assert.deepEqual([epoch?.note, others.length], ['nightly dump', 0]);
  const revoked = await pool.many(sql<{ id: string }>`
    select session_id as id from holdfast_recovery.revoked_sessions
  `);
  assert.deepEqual(revoked, [{ id: lost.sessionId }]);

  const list = await runHoldfast(['restore-epoch', '--list'], variables());
  assert.match(list.stdout, /^restored at .* to .* {2}nightly dump\n$/);
});

test('counts and lists only what the database does not know as revoked', async () => {
  const journal = join(home, 'mostly-known.ndjson');
  const user = newId();
  const entry = (seconds: number) => ({ at: ago(seconds), sessionId: newId(), reason: 'logout' });
  const [ended, named, live, unheardOf] = [entry(50), entry(40), entry(30), entry(20)];
  await pool.execute(sql`insert into users (id, email) values (${user}, 'mostly@example.com')`);
  await pool.execute(sql`
    insert into sessions (id, user_id, client_id, amr, expires_at, revoked_at, revocation_reason)
    values (${ended.sessionId}, ${user}, 'test', '{}', now() + interval '1 day', now(), 'logout'),
      (${live.sessionId}, ${user}, 'test', '{}', now() + interval '1 day', null, null)
  `);
  const owner = await connect({ url: database.ownerUrl });
  await owner.execute(sql`
    insert into holdfast_recovery.revoked_sessions (session_id, revoked_at, reason)
    values (${named.sessionId}, now(), 'logout')
  `);
  await owner.close();
  const entries = [ended, named, live, unheardOf, live].map(item => `${JSON.stringify(item)}\n`);
  await appendFile(journal, entries.join(''));
  const args = ['restore-epoch', '--restored-to', ago(60), '--journal', journal];

  const preview = await runHoldfastJson<{ sessions: unknown; revocations: number }>(
    [...args, '--dry-run'],
    variables(),
  );
  assert.deepEqual([preview.result.sessions, preview.result.revocations], [[live, unheardOf], 2]);
  const { stdout } = await runHoldfast([...args, '--dry-run'], variables());
  assert.match(stdout, /\n2 revocations would be applied from /);
  assert.ok(stdout.endsWith(`\n  ${unheardOf.at}  ${unheardOf.sessionId}  logout\n`));

  const done = await runHoldfast(args, variables());
  assert.match(done.stdout, /\n2 revocations applied from /);
  const again = await runHoldfast([...args, '--dry-run'], variables());
  assert.match(again.stdout, /\n0 revocations would be applied from /);
});

for (const [what, args, message] of [
  ['no time', [], /--restored-to TIME/],
  ['a time without an offset', ['--restored-to', '2026-01-01T00:00:00'], /with its offset/],
  ['a time that is none', ['--restored-to', 'yesterday'], /with its offset/],
  ['a future point', ['--restored-to', ago(-3_600)], /is in the future/],
  ['a future restore', ['--restored-to', ago(60), '--restored-at', ago(-3_600)], /is in the future/],
  ['swapped times', ['--restored-to', ago(10), '--restored-at', ago(60)], /is later than --restored-at/],
] as const) {
  test(`refuses ${what} as wrong usage`, async () => {
    const before = (await listEpochs(pool)).length;
    const { code, stderr } = await runHoldfast(['restore-epoch', ...args], variables());
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.equal((await listEpochs(pool)).length, before);
  });
}

test('PostgreSQL prints times in another form; it is understood', async () => {
  const time = ago(60).replace('T', ' ').replace('Z', '+00');
  const { code, result } = await runHoldfastJson<{ restoredTo: string }>(
    ['restore-epoch', '--restored-to', time, '--dry-run'],
    variables(),
  );
  assert.equal(code, 0);
  assert.equal(new Date(result.restoredTo).getTime(), new Date(time).getTime());
});

test('a journal that was named and is not there is refused; a missing default one is warned about', async () => {
  const args = ['restore-epoch', '--restored-to', ago(60), '--dry-run'];
  const named = await runHoldfast([...args, '--journal', join(home, 'absent')], variables());
  assert.equal(named.code, 1);
  assert.match(named.stderr, /There is no revocation journal/);
  const missing = { ...variables(), HOLDFAST_REVOCATION_JOURNAL: 'elsewhere.ndjson' };
  const warned = await runHoldfast(args, missing);
  assert.equal(warned.code, 0);
  assert.match(warned.stderr, /there is no revocation journal .*elsewhere\.ndjson/);
  const redis = await runHoldfast([...args, '--journal', 'redis'], variables());
  assert.equal(redis.code, 2);
  assert.match(redis.stderr, /REDIS_URL is not set/);
});

test('a database from before this version is told to migrate first', async t => {
  const bare = await emptyDatabase(t);
  const { code, stderr } = await runHoldfast(['restore-epoch', '--restored-to', ago(60)], {
    DATABASE_URL: bare.url,
    HOLDFAST_OWNER_DATABASE_URL: bare.ownerUrl,
    HOLDFAST_HOME: home,
  });
  assert.equal(code, 1);
  assert.match(stderr, /Run holdfast migrate first/);
});
