import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clonedPair, numbersOf, rowsOf } from './pair.ts';

const SCHEMA = `
  create table notes (id int primary key, body text);
  create table ticks ();
  create table gone ();
  insert into notes values (1, 'one');
  insert into ticks default values`;
const REASON = 'it has no columns, so that its rows hold nothing that could be brought back';

test('a pattern leaves out a table without columns, says so, and brings back the others', async t => {
  const pair = await clonedPair(t, SCHEMA);
  await pair.live.script('delete from notes; delete from ticks; drop table gone');
  const result = await pair.restore({ tables: ['public.*'] });
  assert.equal(numbersOf(result, 'notes').inserts, 1);
  assert.deepEqual(await rowsOf(pair.live, 'notes'), ['(1,one)']);
  assert.deepEqual(
    result.notes.filter(note => note.includes('columns')),
    [`public.gone is left out: ${REASON}`, `public.ticks is left out: ${REASON}`],
  );
});

test('a table without columns that is asked for by its name is refused', async t => {
  const pair = await clonedPair(t, SCHEMA);
  const message = `ticks cannot be brought back: ${REASON}.`;
  await assert.rejects(pair.plan({ tables: ['notes', 'ticks'] }), { code: 'usage', message });
  await assert.rejects(pair.plan({ tables: ['tic*'] }), {
    code: 'usage',
    message: `tic* matches public.ticks alone and cannot be brought back: ${REASON}.`,
  });
});
