import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrationStatus } from '@holdfast/database/migrate';
import { connect, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { createProject, migration } from '../fixtures.ts';
import { clonedPair } from './pair.ts';

test('everybody sees that there is no ledger beside what restores of tables keep, and nobody what that is', async t => {
  const pair = await clonedPair(t, 'create table notes (id int primary key, body text)');
  await pair.backup.script("insert into notes values (1, 'once')");
  await pair.live.script("insert into notes values (1, 'secret')");
  await pair.restore({ tables: ['notes'], mode: 'overwrite' });
  const url = new URL((await emptyDatabase(t)).url);
  url.pathname = new URL(pair.liveUrl).pathname;
  const ordinary = await connect({ url: url.href });
  t.after(() => ordinary.close());
  const noLedger = async (): Promise<void> => {
    assert.equal((await migrationStatus(ordinary, [])).version, undefined);
  };
  const kept = sql`select * from holdfast_ledger.table_restore_rows`;
  await noLedger();
  await assert.rejects(ordinary.many(kept), /permission denied for table table_restore_rows/);
  // as an earlier version left it
  await pair.live.script('revoke usage on schema holdfast_ledger from public');
  await noLedger();

  const project = await createProject(t, { '0001_a.sql': migration('create table a (id int);') });
  await project.up({ connection: pair.live });
  assert.equal((await migrationStatus(ordinary, [])).entries.length, 1);
  assert.equal((await pair.live.many(kept)).length, 1);
  assert.deepEqual(await ordinary.many(kept), []);
});
