import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { connect, createPool, type Queryable, sql, sqlState, type Transaction } from '@holdfast/postgres';
import { emptyDatabase, eventually } from '@holdfast/testing';

const database = await emptyDatabase();
const { pool } = database;
const owner = await connect({ url: database.ownerUrl });
await owner.script(`
  create table accounts (id int primary key, balance int not null);
  create table parents (id int primary key);
  create table children (parent_id int references parents (id) deferrable initially deferred);
`);
await owner.close();

const deposit = (db: Queryable, id: number, amount: number) =>
  db.execute(sql`update accounts set balance = balance + ${amount} where id = ${id}`);

async function resetAccounts(): Promise<void> {
  await pool.execute(sql`delete from accounts`);
  await pool.execute(sql`insert into accounts values (1, 0), (2, 0)`);
}

async function balances(): Promise<number[]> {
  const rows = await pool.many(sql<{ balance: number }>`select balance from accounts order by id`);
  return rows.map(({ balance }) => balance);
}

/** Lets everybody go on when that many have arrived; later ones pass. */
function createMeeting(size: number): () => Promise<void> {
  const met = Promise.withResolvers<void>();
  let arrived = 0;
  return () => {
    arrived += 1;
    if (arrived >= size) met.resolve();
    return met.promise;
  };
}

describe('outcome', () => {
  test('commits what resolves', async () => {
    await resetAccounts();
    assert.equal(await pool.transaction(tx => deposit(tx, 1, 5)), 1);
    assert.deepEqual(await balances(), [5, 0]);
  });

  test('rolls back what rejects, with the error unchanged', async () => {
    await resetAccounts();
    const mine = new Error('mine');
    const failing = pool.transaction(async tx => {
      await deposit(tx, 1, 5);
      throw mine;
    });
    await assert.rejects(failing, error => error === mine);
    assert.deepEqual(await balances(), [0, 0]);
    assert.equal(pool.stats().checkedOut, 0);
  });

  test('does not pretend to have committed when a failed statement was ignored', async () => {
    await resetAccounts();
    const careless = pool.transaction(async tx => {
      await deposit(tx, 1, 5);
      await tx.query(sql`select no_such_column`).catch(() => undefined);
    });
    await assert.rejects(careless, { code: 'internal', message: /rolled back although/ });
    assert.deepEqual(await balances(), [0, 0]);
  });

  test("reports an error of the commit itself as the statement's", async () => {
    const orphan = pool.transaction(tx => tx.execute(sql`insert into children values (99)`));
    await assert.rejects(orphan, error => sqlState(error) === '23503');
    assert.equal((await pool.many(sql`select from children`)).length, 0);
  });

  test('a transaction is of no use after its end', async () => {
    let escaped: Transaction | undefined;
    await pool.transaction(async tx => {
      escaped = tx;
    });
    await assert.rejects(async () => escaped?.query(sql`select 1`), {
      code: 'internal',
      message: /has ended/,
    });
  });

  test('statements asked for together run one after another', async () => {
    await resetAccounts();
    await pool.transaction(tx => Promise.all([1, 2, 3].map(amount => deposit(tx, 1, amount))));
    assert.deepEqual(await balances(), [6, 0]);
  });
});

describe('options', () => {
  test('isolation and access mode', async () => {
    const mode = sql`select current_setting('transaction_isolation') as isolation,
      current_setting('transaction_read_only') as "readOnly"`;
    const read = (tx: Transaction) => tx.one(mode);
    assert.deepEqual(await pool.transaction(read), { isolation: 'read committed', readOnly: 'off' });
    assert.deepEqual(await pool.transaction(read, { isolation: 'serializable', readOnly: true }), {
      isolation: 'serializable',
      readOnly: 'on',
    });
    assert.deepEqual(await pool.transaction(read, { isolation: 'repeatable read', readOnly: false }), {
      isolation: 'repeatable read',
      readOnly: 'off',
    });
  });

  test('a statement timeout of its own, gone afterwards', async () => {
    const single = createPool({ url: database.url, max: 1, statementTimeoutMs: 100 });
    await single.transaction(tx => tx.query(sql`select pg_sleep(0.3)`), { statementTimeoutMs: 5_000 });
    await assert.rejects(single.query(sql`select pg_sleep(5)`), { code: 'database_timeout' });
    await single.close();
  });
});

describe('retry', () => {
  /** Both read before either writes: exactly one of them cannot be serialized. */
  async function writeSkew(
    retries?: number,
  ): Promise<{ runs: number; outcomes: PromiseSettledResult<number>[] }> {
    await resetAccounts();
    const meet = createMeeting(2);
    let runs = 0;
    const outcomes = await Promise.allSettled(
      [1, 2].map(id =>
        pool.transaction(
          async tx => {
            runs += 1;
            const { sum } = await tx.one(sql<{ sum: number }>`select sum(balance) as sum from accounts`);
            await meet();
            return deposit(tx, id, Number(sum) + 1);
          },
          { isolation: 'serializable', ...(retries === undefined ? {} : { retries }) },
        ),
      ),
    );
    return { runs, outcomes };
  }

  test('a real serialization failure (40001)', async () => {
    const { runs, outcomes } = await writeSkew();
    assert.deepEqual(outcomes, Array(2).fill({ status: 'fulfilled', value: 1 }));
    assert.equal(runs, 3);
    assert.deepEqual((await balances()).sort(), [1, 2]);
  });

  test('retries: 0 hands the failure over', async () => {
    const { runs, outcomes } = await writeSkew(0);
    assert.equal(runs, 2);
    const failures = outcomes.filter(outcome => outcome.status === 'rejected');
    assert.deepEqual(
      failures.map(({ reason }) => sqlState(reason)),
      ['40001'],
    );
  });

  test('a real deadlock (40P01)', async () => {
    await resetAccounts();
    const meet = createMeeting(2);
    let runs = 0;
    const cross = (first: number, second: number) =>
      pool.transaction(
        async tx => {
          runs += 1;
          // the server looks for deadlocks when a lock was waited for this long
          await deposit(tx, first, 1);
          await meet();
          await deposit(tx, second, 1);
        },
        { statementTimeoutMs: 10_000 },
      );
    await Promise.all([cross(1, 2), cross(2, 1)]);
    // more than one retry when the loser comes back before the winner has woken up
    assert.ok(runs >= 3, `${runs} runs`);
    assert.deepEqual(await balances(), [2, 2]);
  });

  test('gives up after the retries', async () => {
    let runs = 0;
    const hopeless = pool.transaction(
      async tx => {
        runs += 1;
        await tx.query(sql`do $$ begin raise exception using errcode = '40001'; end $$`);
      },
      { retries: 2 },
    );
    await assert.rejects(hopeless, error => sqlState(error) === '40001');
    assert.equal(runs, 3);
  });

  test('nothing else is retried', async () => {
    let runs = 0;
    const failing = pool.transaction(async tx => {
      runs += 1;
      await tx.query(sql`select no_such_column`);
    });
    await assert.rejects(failing, error => sqlState(error) === '42703');
    assert.equal(runs, 1);
  });
});

describe('a lost connection', () => {
  const killer = createPool({ url: database.superuserUrl, max: 1 });
  const kill = (pid: number) => killer.query(sql`select pg_terminate_backend(${pid})`);
  const killAndWait = async (pid: number): Promise<void> => {
    await kill(pid);
    const session = sql`select from pg_stat_activity where pid = ${pid}`;
    await eventually(async () => (await killer.many(session)).length === 0);
  };
  const backendPid = async (tx: Transaction) =>
    (await tx.one(sql<{ pid: number }>`select pg_backend_pid() as pid`)).pid;

  test('in the middle is database_unavailable, and the connection is not used again', async () => {
    await resetAccounts();
    const cut = pool.transaction(async tx => {
      await deposit(tx, 1, 1);
      await killAndWait(await backendPid(tx));
      await deposit(tx, 2, 1);
    });
    await assert.rejects(cut, { code: 'database_unavailable' });
    assert.deepEqual(await balances(), [0, 0]);
  });

  test('before the commit is sent means that nothing was saved', async () => {
    await resetAccounts();
    const cut = pool.transaction(async tx => {
      await deposit(tx, 1, 1);
      await killAndWait(await backendPid(tx));
      await assert.rejects(tx.query(sql`select 1`));
    });
    await assert.rejects(cut, { code: 'database_unavailable' });
    assert.deepEqual(await balances(), [0, 0]);
  });

  test('just before the commit means that nothing was saved, even while the socket is still open', async () => {
    await resetAccounts();
    const cut = pool.transaction(async tx => {
      await deposit(tx, 1, 1);
      await assert.rejects(tx.query(sql`select pg_terminate_backend(pg_backend_pid())`));
    });
    await assert.rejects(cut, { code: 'database_unavailable' });
    assert.deepEqual(await balances(), [0, 0]);
  });

  test('during the commit is commit_unknown and never retried', async t => {
    t.after(() => killer.close());
    let runs = 0;
    const release = await holdCommitLock();
    const started = Promise.withResolvers<number>();
    const cut = pool.transaction(async tx => {
      runs += 1;
      await tx.execute(sql`insert into slow_commits values (1)`);
      started.resolve(await backendPid(tx));
    });
    const pid = await started.promise;
    await Promise.all([killOnceCommitting(pid), assert.rejects(cut, isCommitUnknown)]);
    assert.equal(runs, 1);
    assert.equal(pool.stats().checkedOut, 0);
    await release();
  });

  /** The commit of `slow_commits` waits for this lock in a deferred trigger. */
  async function holdCommitLock(): Promise<() => Promise<void>> {
    const holder = await connect({ url: database.ownerUrl });
    await holder.script(`
      create table slow_commits (id int);
      create function wait_for_lock() returns trigger language plpgsql
        as 'begin perform pg_advisory_xact_lock(4711); return null; end';
      create constraint trigger slow after insert on slow_commits deferrable initially deferred
        for each row execute function wait_for_lock();
      select pg_advisory_lock(4711)`);
    return () => holder.close();
  }

  async function killOnceCommitting(pid: number): Promise<void> {
    const waiting = sql`select from pg_locks where pid = ${pid} and locktype = 'advisory' and not granted`;
    await eventually(async () => (await killer.many(waiting)).length === 1);
    await kill(pid);
  }

  function isCommitUnknown(error: unknown): boolean {
    return isHoldfastError(error, 'commit_unknown') && error.cause !== undefined && !error.entry.retryable;
  }
});

describe('afterCommit', () => {
  const count = async (): Promise<number> => (await balances())[0] ?? 0;

  test('runs when the commit is visible and the connection is free again', async () => {
    await resetAccounts();
    const seen: number[] = [];
    await pool.transaction(async tx => {
      await deposit(tx, 1, 5);
      tx.afterCommit(async () => void seen.push(await count(), pool.stats().checkedOut));
      assert.deepEqual(seen, []);
    });
    assert.deepEqual(seen, [5, 0]);
  });

  test('does not run after a rollback, nor for the attempts before the last', async () => {
    await resetAccounts();
    const ran: string[] = [];
    const rolledBack = pool.transaction(async tx => {
      tx.afterCommit(() => void ran.push('rolled back'));
      await deposit(tx, 1, 1);
      throw new Error('mine');
    });
    await assert.rejects(rolledBack, /mine/);
    let attempts = 0;
    await pool.transaction(async tx => {
      attempts += 1;
      const attempt = attempts;
      tx.afterCommit(() => void ran.push(`attempt ${attempt}`));
      if (attempt < 3) await tx.query(sql`do $$ begin raise sqlstate '40001'; end $$`);
    });
    assert.deepEqual(ran, ['attempt 3']);
  });

  test('reports what a callback fails with, and runs the others', async () => {
    await resetAccounts();
    const reported: unknown[] = [];
    const watched = createPool({ url: database.url, onAfterCommitError: error => void reported.push(error) });
    const mine = new Error('mine');
    const result = await watched.transaction(async tx => {
      tx.afterCommit(() => Promise.reject(mine));
      tx.afterCommit(() => deposit(pool, 1, 1).then(() => undefined));
      return 'committed';
    });
    assert.equal(result, 'committed');
    assert.deepEqual(reported, [mine]);
    assert.equal(await count(), 1);
    await watched.close();
  });
});

test('a single connection has transactions too', async () => {
  await resetAccounts();
  const connection = await connect({ url: database.url });
  await connection.transaction(tx => deposit(tx, 1, 7));
  await assert.rejects(
    connection.transaction(() => Promise.reject(new Error('mine'))),
    /mine/,
  );
  assert.deepEqual(await balances(), [7, 0]);
  await connection.close();
  await assert.rejects(connection.query(sql`select 1`), { code: 'database_unavailable' });
});
