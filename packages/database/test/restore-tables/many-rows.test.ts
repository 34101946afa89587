import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undoTableRestore } from '@holdfast/database/restore/tables';
import { sql } from '@holdfast/postgres';
import { clonedPair, numbersOf } from './pair.ts';

const CHECKSUM = sql<{ sum: string }>`
  select count(*) || ' ' || sum(hashtextextended(x::text, 0)::numeric) as sum from events x`;

test('two hundred thousand rows come back, are compared, and go again', async t => {
  const pair = await clonedPair(
    t,
    `create table users (id int primary key, name text); create table events (id bigint primary key, owner int references users, note text, at timestamptz);
     insert into users select n, 'user ' || n from generate_series(1, 1000) n;
     insert into events select n, 1 + n % 1000, repeat('text ', 20) || n, '2026-01-01'::timestamptz + n * interval '1 s' from generate_series(1, 200000) n;
     create index on events (owner);`,
  );
  await pair.live.script(`delete from events where id % 4 <> 0; update events set note = 'spoilt' where id % 8 = 0;
    insert into events select n, 1, 'later', now() from generate_series(300001, 310000) n`);
  const damaged = await pair.live.one(CHECKSUM);
  const done = await pair.restore({ tables: ['events'], mode: 'exact' });
  assert.deepEqual(numbersOf(done, 'events'), {
    inserts: 150_000,
    updates: 25_000,
    deletes: 10_000,
    unchanged: 25_000,
    differing: 0,
  });
  assert.deepEqual(await pair.live.one(CHECKSUM), await pair.backup.one(CHECKSUM));
  assert.ok(done.id);
  const undone = await undoTableRestore({
    target: pair.live,
    id: done.id,
    partly: false,
    disableTriggers: false,
    action: 'apply',
  });
  assert.equal(undone.outcome, 'undone');
  assert.deepEqual(await pair.live.one(CHECKSUM), damaged);
});
