import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { type BulkRow, bulkInsert, connect, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';

const database = await emptyDatabase();
const { pool } = database;
const owner = await connect({ url: database.ownerUrl });
await owner.script(`
  create schema app;
  grant usage on schema app to public;
  create table app.people (
    id uuid primary key,
    email text not null check (email like '%@%'),
    born date,
    tags text[] not null default '{}',
    details jsonb,
    team int,
    created_by uuid,
    deleted_at timestamptz
  );
  create unique index people_email on app.people (lower(email)) where deleted_at is null;
  create table app.teams (id int primary key);
  alter table app.people add foreign key (team) references app.teams (id);
  grant select, insert, update, delete on all tables in schema app to public;
`);
await owner.close();

const AUTHOR = '01900000-0000-7000-8000-0000000000aa';
const idOf = (line: number): string => `01900000-0000-7000-8000-${String(line).padStart(12, '0')}`;
const PEOPLE = {
  table: ['app', 'people'],
  columns: ['id', 'email', 'born', 'tags', 'details', 'team'],
  constants: { created_by: AUTHOR },
} as const;

function person(line: number, more: Partial<{ email: string; born: string; team: number }> = {}): BulkRow {
  const { email = `p${line}@example.com`, born = '2000-02-29', team = null } = more;
  return { line, values: [idOf(line), email, born, ['a', 'b'], { line }, team] };
}

const people = (count: number): BulkRow[] => Array.from({ length: count }, (_, index) => person(index + 1));

async function stored(): Promise<number> {
  return (await pool.one(sql<{ count: number }>`select count(*) as count from app.people`)).count;
}

beforeEach(async () => {
  await pool.execute(sql`delete from app.people`);
});

describe('bulkInsert', () => {
  test('writes rows with their constants, in growing batches', async () => {
    const sizes: number[] = [];
    let before = 0;
    const onProgress = (rows: number): void => {
      sizes.push(rows - before);
      before = rows;
    };
    const result = await bulkInsert(pool, { ...PEOPLE, rows: people(12_345), onProgress });
    assert.deepEqual(result, { rows: 12_345, written: 12_345, conflicts: [], problems: [] });
    assert.deepEqual(sizes, [100, 1_000, 10_000, 1_245]);
    const row = await pool.one(sql<Record<string, unknown>>`
      select email, born::text, tags, details, created_by as "by" from app.people where id = ${idOf(777)}
    `);
    const expected = { email: 'p777@example.com', born: '2000-02-29', tags: ['a', 'b'] };
    assert.deepEqual({ ...row }, { ...expected, details: { line: 777 }, by: AUTHOR });
  });

  test('names the line of every bad row and keeps the others', async () => {
    const rows = people(500);
    rows[2] = person(3, { email: 'no address' });
    rows[99] = person(100, { born: '2001-02-29' });
    rows[100] = person(101, { team: 404 });
    rows[250] = person(251, { email: 'P1@EXAMPLE.com' });
    rows[498] = { line: 499, values: [idOf(499), 'a\0@b', null, [], null, null] };
    rows[499] = person(500, { email: 'p499@example.com\n' });
    const { written, problems } = await bulkInsert(pool, { ...PEOPLE, rows, batchSize: 500 });
    assert.equal(written, 495);
    assert.deepEqual(
      problems.map(({ line, sqlState, constraint }) => [line, sqlState, constraint]),
      [
        [3, '23514', 'people_email_check'],
        [100, '22008', undefined],
        [101, '23503', 'people_team_fkey'],
        [251, '23505', 'people_email'],
        [499, undefined, undefined],
      ],
    );
    assert.equal(await stored(), 495);
  });

  test('a batch of nothing but bad rows is taken apart to the end', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => person(index + 1, { email: 'none' }));
    const { written, problems } = await bulkInsert(pool, { ...PEOPLE, rows });
    assert.equal(written, 0);
    assert.deepEqual(
      problems.map(({ line }) => line),
      rows.map(({ line }) => line),
    );
  });

  for (const key of ['id', undefined]) {
    test(`skip: taken places are counted with their lines, ${key === undefined ? 'one by one' : 'all at once'}`, async () => {
      await bulkInsert(pool, { ...PEOPLE, rows: people(40) });
      const rows = Array.from({ length: 300 }, (_, index) => ({ ...person(index + 1), line: index + 1_000 }));
      rows[60] = person(1_060, { born: 'never' });
      const result = await bulkInsert(pool, {
        ...PEOPLE,
        ...(key === undefined ? {} : { key }),
        conflict: 'skip',
        rows,
        batchSize: 150,
      });
      assert.deepEqual(
        result.conflicts,
        Array.from({ length: 40 }, (_, index) => index + 1_000),
      );
      assert.deepEqual(
        result.problems.map(({ line, sqlState }) => [line, sqlState]),
        [[1_060, '22007']],
      );
      assert.equal(result.written, 259);
      assert.equal(await stored(), 299);
    });
  }

  test('duplicates within the input: the first one wins', async () => {
    const rows = [person(1), person(2, { email: 'P1@example.com' }), person(3)];
    for (const [conflict, lines] of [
      ['skip', [2]],
      ['refuse', []],
    ] as const) {
      await pool.execute(sql`delete from app.people`);
      const result = await bulkInsert(pool, { ...PEOPLE, key: 'id', conflict, rows });
      assert.deepEqual([result.written, result.conflicts], [2, lines]);
      assert.deepEqual(
        result.problems.map(({ line }) => line),
        conflict === 'refuse' ? [2] : [],
      );
      assert.equal((await pool.many(sql`select from app.people where id = ${idOf(1)}`)).length, 1);
    }
  });

  test('rows that are marked deleted take no place and are not updated', async () => {
    await bulkInsert(pool, { ...PEOPLE, rows: [person(1), person(2)] });
    await pool.execute(sql`update app.people set deleted_at = now() where id = ${idOf(1)}`);
    const again = { ...person(11, { email: 'p1@example.com' }), line: 1 };
    assert.equal((await bulkInsert(pool, { ...PEOPLE, rows: [again] })).written, 1);
    const conflict = { on: sql`(id)`, set: ['born'] };
    const rows = [1, 2, 3].map(line => person(line === 3 ? 33 : line, { born: '1999-01-01' }));
    rows[0] = { ...person(1, { email: 'other@example.com', born: '1999-01-01' }) };
    const updated = await bulkInsert(pool, { ...PEOPLE, key: 'id', conflict, rows });
    assert.deepEqual([updated.written, updated.conflicts], [2, [1]]);
    const born = await pool.many(sql<{ id: string; born: string }>`
      select id, born::text from app.people where born = '1999-01-01' order by id
    `);
    assert.deepEqual(
      born.map(({ id }) => id),
      [idOf(2), idOf(33)],
    );
    const all = { ...conflict, includeDeleted: true };
    assert.equal((await bulkInsert(pool, { ...PEOPLE, key: 'id', conflict: all, rows })).written, 3);
  });

  test('atomic: one bad row and nothing is written, but every problem is found', async () => {
    const rows = people(2_000);
    rows[5] = person(6, { email: 'none' });
    rows[1_900] = person(1_901, { team: 404 });
    let audited = 0;
    const afterBatch = async (): Promise<void> => {
      audited += 1;
    };
    const result = await bulkInsert(pool, { ...PEOPLE, rows, mode: 'atomic', afterBatch });
    assert.deepEqual([result.written, result.problems.map(({ line }) => line)], [0, [6, 1_901]]);
    assert.equal(audited, 3);
    assert.equal(await stored(), 0);
    assert.equal((await bulkInsert(pool, { ...PEOPLE, rows: people(2_000), mode: 'atomic' })).written, 2_000);
  });

  test('what is no fault of a row is thrown, and the batches before it stay', async () => {
    async function* rows() {
      yield* people(150);
      throw new Error('the input broke off');
    }
    await assert.rejects(bulkInsert(pool, { ...PEOPLE, rows: rows() }), /broke off/);
    assert.equal(await stored(), 100);
    const wrong = { ...PEOPLE, columns: ['id', 'nothing'], rows: [{ line: 1, values: [idOf(1), 'x'] }] };
    await assert.rejects(bulkInsert(pool, wrong), /column "nothing"/);
  });

  test('what afterBatch writes is in the same transaction', async () => {
    const failing = bulkInsert(pool, {
      ...PEOPLE,
      rows: people(10),
      afterBatch: async (tx, { written }) => {
        assert.equal(written.length, 10);
        await tx.execute(sql`insert into app.nothing values (1)`);
      },
    });
    await assert.rejects(failing, /app\.nothing/);
    assert.equal(await stored(), 0);
  });
});
