import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { connect, excludeDeleted, softDelete, sql, undoSoftDelete } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';

const database = await emptyDatabase();
const { pool } = database;
const owner = await connect({ url: database.ownerUrl });
await owner.script(`
  create table notes (id int primary key, title text, modified_by uuid, deleted_at timestamptz);
  create unique index notes_title on notes (title) where deleted_at is null;
`);
await owner.close();
await pool.execute(sql`insert into notes (id, title) values (1, 'a'), (2, 'b')`);

const AUTHOR = '01900000-0000-7000-8000-0000000000aa';
const remove = (id: string) => pool.transaction(tx => softDelete(tx, ['public', 'notes'], id, AUTHOR));
const restore = (id: string) => pool.transaction(tx => undoSoftDelete(tx, 'notes', id, AUTHOR));

async function alive(): Promise<unknown[]> {
  const rows = await pool.many(sql<{ id: number }>`
    select id from notes as note where ${excludeDeleted('note')} and ${excludeDeleted()} order by id
  `);
  return rows.map(({ id }) => id);
}

test('a deletion marks the row once and can be taken back once', async () => {
  assert.equal(await remove('1'), true);
  assert.equal(await remove('1'), false);
  assert.deepEqual(await alive(), [2]);
  const [row] = await pool.many(sql<{ by: string }>`select modified_by as by from notes where id = 1`);
  assert.equal(row?.by, AUTHOR);
  assert.equal(await restore('1'), true);
  assert.equal(await restore('1'), false);
  assert.equal(await restore('404'), false);
  assert.deepEqual(await alive(), [1, 2]);
});

test('restoring is refused when another row has taken its place, and says which index', async () => {
  await remove('2');
  await pool.execute(sql`insert into notes (id, title) values (3, 'b')`);
  await assert.rejects(
    restore('2'),
    error =>
      isHoldfastError(error, 'conflict') &&
      error.message ===
        'The deleted row 2 of notes cannot be restored: another row has taken its place (notes_title). Change or delete that one first.',
  );
  assert.deepEqual(await alive(), [1, 3]);
});
