import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { connect, createPool, isUniqueViolation, type Pool, sql, sqlState } from '@holdfast/postgres';
import { emptyDatabase, eventually } from '@holdfast/testing';

const database = await emptyDatabase();
const { pool } = database;

/** Occupies one connection until the returned function is called. */
async function occupy(busy: Pool): Promise<() => Promise<void>> {
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const done = busy.transaction(async () => {
    started.resolve();
    await release.promise;
  });
  await started.promise;
  return () => {
    release.resolve();
    return done;
  };
}

describe('results', () => {
  test('query, many, one, maybeOne and execute', async () => {
    const numbers = sql<{ n: number }>`select n from generate_series(1, 2) n`;
    assert.deepEqual(await pool.query(numbers), {
      rows: [{ n: 1 }, { n: 2 }],
      rowCount: 2,
      command: 'SELECT',
    });
    assert.deepEqual(await pool.many(numbers), [{ n: 1 }, { n: 2 }]);
    assert.deepEqual(await pool.one(sql`select 1 as a`), { a: 1 });
    assert.equal(await pool.maybeOne(sql`select 1 where false`), undefined);
    assert.equal(await pool.execute(sql`select 1 where false`), 0);
    await assert.rejects(pool.one(numbers), {
      code: 'internal',
      message: /one row but got 2 from: select n/,
    });
    await assert.rejects(pool.maybeOne(numbers), { code: 'internal' });
    await assert.rejects(pool.one(sql`select 1 where false`), { code: 'internal', message: /got 0/ });
  });

  test('column types', async () => {
    const row = await pool.one(sql`
      select timestamptz '2026-01-02 03:04:05.678+00' as moment, 9007199254740991::bigint as safe,
        9007199254740993::bigint as unsafe, array[1, 9007199254740993, null]::bigint[] as bigs, 1.10::numeric as exact,
        date '2026-01-02' as day, timestamp '2026-01-02 03:04:05' as local, array[date '2026-01-02'] as days,
        '{"a":[1]}'::jsonb as json, '\\x00ff'::bytea as bytes, array['a', null] as texts, true as yes, null as nothing`);
    assert.deepEqual(row, {
      moment: new Date('2026-01-02T03:04:05.678Z'),
      safe: 9_007_199_254_740_991,
      unsafe: '9007199254740993',
      bigs: [1, '9007199254740993', null],
      exact: '1.10',
      day: '2026-01-02',
      local: '2026-01-02 03:04:05',
      days: ['2026-01-02'],
      json: { a: [1] },
      bytes: Buffer.from([0, 255]),
      texts: ['a', null],
      yes: true,
      nothing: null,
    });
  });

  test('parameters arrive as they are, hostile ones too', async () => {
    const hostile = `'; drop table x; -- " \\ $1 \u{1F600}`;
    const moment = new Date('2026-01-02T03:04:05.678Z');
    const row = await pool.one(sql`
      select ${hostile}::text as text, ${moment}::timestamptz as moment, ${['a', 'b']}::text[] as list,
        ${{ a: hostile }}::jsonb as object, ${sql.json([1, 2])}::jsonb as array, ${Buffer.from([0, 1])}::bytea as bytes,
        ${10n}::bigint as big, ${sql.literal(hostile)} as literal`);
    assert.deepEqual(row, {
      text: hostile,
      moment,
      list: ['a', 'b'],
      object: { a: hostile },
      array: [1, 2],
      bytes: Buffer.from([0, 1]),
      big: 10,
      literal: hostile,
    });
  });

  test('a statement is one statement, even without parameters', async () => {
    await assert.rejects(pool.query(sql`select 1; select 2`), error => sqlState(error) === '42601');
  });
});

describe('errors', () => {
  test("of the statement stay the driver's", async () => {
    const owner = await connect({ url: database.ownerUrl });
    await owner.script('create table once (id int constraint once_id primary key)');
    await owner.close();
    await pool.execute(sql`insert into once values (1)`);
    await assert.rejects(pool.execute(sql`insert into once values (1)`), error =>
      isUniqueViolation(error, 'once_id'),
    );
  });

  test('lead to the caller', async () => {
    async function theCaller(): Promise<void> {
      await pool.query(sql`select no_such_column`);
    }
    await assert.rejects(theCaller, error => error instanceof Error && /theCaller/.test(error.stack ?? ''));
  });

  test('a statement that takes too long is cancelled by the server, and the connection goes on', async t => {
    const quick = createPool({ url: database.url, max: 1, statementTimeoutMs: 50 });
    t.after(() => quick.close());
    const before = await quick.one(sql`select pg_backend_pid() as pid`);
    await assert.rejects(quick.query(sql`select pg_sleep(10)`), error => {
      assert.ok(isHoldfastError(error, 'database_timeout'));
      assert.equal(error.retryAfter, 1);
      return sqlState(error) === '57014';
    });
    assert.deepEqual(await quick.one(sql`select pg_backend_pid() as pid`), before);
  });
});

describe('prepared statements', () => {
  test('are parsed once per connection', async () => {
    const prepared = createPool({ url: database.url, max: 1 });
    const count = sql<{
      n: number;
    }>`select count(*) as n from pg_prepared_statements where name = ${'add_one'}`;
    for (const n of [1, 2, 3]) {
      const query = sql<{ sum: number }>`select ${n}::int + 1 as sum`.named('add_one');
      assert.deepEqual(await prepared.one(query), { sum: n + 1 });
    }
    assert.deepEqual(await prepared.one(count), { n: 1 });
    await prepared.close();
  });

  test('survive a migration that changes the shape of their result', async () => {
    const owner = await connect({ url: database.ownerUrl });
    await owner.script('create table shape (a int); insert into shape values (1)');
    const busy = createPool({ url: database.url, max: 3 });
    const all = () => busy.many(sql`select * from shape`.named('all_shapes'));
    await Promise.all([all(), all(), all()]);
    await owner.script('alter table shape add b int');
    assert.deepEqual(await Promise.all([all(), all(), all()]), Array(3).fill([{ a: 1, b: null }]));
    await owner.script('alter table shape add c int');
    const inTransaction = await busy.transaction(tx => tx.many(sql`select * from shape`.named('all_shapes')));
    assert.deepEqual(inTransaction, [{ a: 1, b: null, c: null }]);
    await Promise.all([busy.close(), owner.close()]);
  });
});

describe('the waiting line', () => {
  test('is bounded: one more is refused at once', async () => {
    const small = createPool({ url: database.url, max: 2, maxWaiting: 3, acquireTimeoutMs: 10_000 });
    const releases = [await occupy(small), await occupy(small)];
    const waiting = [1, 2, 3].map(n => small.one(sql`select ${n}::int as n`));
    await eventually(() => small.stats().waiting === 3);
    assert.deepEqual(small.stats(), { max: 2, size: 2, checkedIn: 0, checkedOut: 2, waiting: 3 });
    await assert.rejects(small.query(sql`select 1`), { code: 'pool_exhausted', retryAfter: 1 });
    await Promise.all(releases.map(release => release()));
    assert.deepEqual(await Promise.all(waiting), [{ n: 1 }, { n: 2 }, { n: 3 }]);
    assert.deepEqual(small.stats(), { max: 2, size: 2, checkedIn: 2, checkedOut: 0, waiting: 0 });
    await small.close();
  });

  test('is left after the acquire timeout', async () => {
    const small = createPool({ url: database.url, max: 1, acquireTimeoutMs: 30 });
    const release = await occupy(small);
    await assert.rejects(small.query(sql`select 1`), {
      code: 'database_timeout',
      message: /None of 1 connections/,
    });
    await release();
    assert.deepEqual(await small.one(sql`select 1 as a`), { a: 1 });
    await small.close();
  });

  test('every permit comes back after errors of all kinds', async () => {
    const small = createPool({ url: database.url, max: 2, statementTimeoutMs: 50 });
    const outcomes = await Promise.allSettled([
      small.query(sql`select no_such_column`),
      small.query(sql`select pg_sleep(10)`),
      small.query(sql`select pg_terminate_backend(pg_backend_pid())`),
      small.transaction(() => Promise.reject(new Error('mine'))),
      small.connection(() => Promise.reject(new Error('mine'))),
      small.query(sql`select ${{ toJSON: () => assert.fail('unwritable') }}`),
    ]);
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    const releases = [await occupy(small), await occupy(small)];
    await Promise.all(releases.map(release => release()));
    await small.close();
  });
});

describe('isolation between borrowers', () => {
  test('a transaction opened by hand does not reach the next borrower', async () => {
    const single = createPool({ url: database.url, max: 1 });
    await single.query(sql`begin`);
    const { id } = await single.one(sql`select txid_current_if_assigned() as id`);
    assert.equal(id, null);
    await assert.rejects(single.query(sql`savepoint a`), error => sqlState(error) === '25P01');
    await single.close();
  });

  test('settings and locks of a lent connection end with it', async () => {
    const single = createPool({ url: database.url, max: 1 });
    const lent = await single.connection(async connection => {
      await connection.script('set search_path to nowhere; select pg_advisory_lock(1)');
      assert.deepEqual(await connection.one(sql`show search_path`), { search_path: 'nowhere' });
      return connection.processId;
    });
    const now = await single.one(sql`select pg_backend_pid() as pid, current_setting('search_path') as path`);
    assert.notEqual(now.pid, lent);
    assert.equal(now.path, '"$user", public');
    await single.close();
  });
});

test('closing turns away who waits, lets who works finish, and may be repeated', async () => {
  const single = createPool({ url: database.url, max: 1, acquireTimeoutMs: 10_000 });
  const release = await occupy(single);
  const waiting = single.query(sql`select 1`);
  const closing = single.close();
  await assert.rejects(waiting, { code: 'database_unavailable', message: /closed/ });
  await release();
  await Promise.all([closing, single.close()]);
  await assert.rejects(single.query(sql`select 1`), { code: 'database_unavailable' });
  assert.equal(single.stats().size, 0);
});

test('wrong credentials and a missing database are refused with their SQLSTATE', async () => {
  const wrong = new URL(database.url);
  wrong.password = 'wrong';
  const missing = new URL(database.url);
  missing.pathname = '/no_such_database';
  for (const [url, state] of [
    [wrong.href, '28P01'],
    [missing.href, '3D000'],
  ] as const) {
    const refused = createPool({ url });
    for (const attempt of [() => refused.query(sql`select 1`), () => connect({ url })]) {
      await assert.rejects(attempt, error => {
        assert.ok(isHoldfastError(error, 'database_unavailable'));
        return sqlState(error) === state;
      });
    }
    await refused.close();
  }
});
