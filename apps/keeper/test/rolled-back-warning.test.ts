import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type JournalEntry, journalPath, recordRestore } from '@holdfast/auth';
import { newId, systemClock } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { rolledBackWarning } from '../src/rolled-back-warning.ts';

const database = await testDatabase();
after(() => database.close());
const { pool, url } = database;

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'hf-rolled-back-'));
});
after(() => rm(home, { recursive: true }));

const settings = { revocationJournal: undefined };
const warning = () => rolledBackWarning({ url, home, settings });
const at = (agoMs: number) => new Date(systemClock.now() - agoMs).toISOString();

/** A UUIDv7 of an hour ago. */
function oldId(): string {
  const time = (systemClock.now() - 3_600_000).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}${newId().slice(13)}`;
}

async function journal(...entries: readonly JournalEntry[]): Promise<void> {
  await appendFile(journalPath(home), entries.map(entry => `${JSON.stringify(entry)}\n`).join(''));
}

test('no journal, a journal in Redis, and one that the database agrees with are fine', async () => {
  assert.equal(await warning(), undefined);
  assert.equal(await rolledBackWarning({ url, home, settings: { revocationJournal: 'redis' } }), undefined);
  const [user, ended] = [newId(), oldId()];
  await pool.execute(sql`
    insert into users (id, email, created_at)
    values (${user}, 'ended@example.com', now() - interval '2 hours')
  `);
  await pool.execute(sql`
    insert into sessions (id, user_id, client_id, amr, expires_at, revoked_at, revocation_reason)
    values (${ended}, ${user}, 'test', '{}', now() + interval '1 day', now(), 'logout')
  `);
  await journal({ at: at(60_000), sessionId: ended, reason: 'logout' });
  assert.equal(await warning(), undefined);
});

test('a database that has never heard of an ended session is warned about, until the restore is recorded', async () => {
  const lost = { at: at(30 * 60_000), sessionId: oldId(), reason: 'logout' };
  await journal(lost);
  const text = (await warning()) ?? '';
  assert.match(
    text,
    /^the database is older than \S+revocations\.ndjson: 1 session that was ended is not ended in it\./,
  );
  const [, restoredTo = ''] =
    /holdfast stop, holdfast restore-epoch --restored-to (\S+), holdfast start$/.exec(text) ?? [];
  assert.ok(Date.parse(restoredTo) < Date.parse(lost.at), 'the point is before the first loss');
  const owner = await connect({ url: database.ownerUrl });
  await recordRestore(owner, { restoredTo: new Date(restoredTo), restoredAt: new Date(), note: '' }, [lost]);
  await owner.close();
  assert.equal(await warning(), undefined);
});
