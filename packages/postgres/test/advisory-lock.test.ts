import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Connection, connect, sql, withAdvisoryLock } from '@holdfast/postgres';
import { emptyDatabase, eventually } from '@holdfast/testing';

const database = await emptyDatabase();

async function open(t: TestContext): Promise<Connection> {
  const connection = await connect({ url: database.ownerUrl });
  t.after(() => connection.close());
  return connection;
}

const patient = { timeoutMs: 10_000, pollMs: 5 };

async function heldLocks(connection: Connection): Promise<number> {
  const { held } = await connection.one(sql<{ held: number }>`
    select count(*) as held from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`);
  return held;
}

test('only one works at a time, and everybody gets a turn', async t => {
  const connections = await Promise.all(Array.from({ length: 5 }, () => open(t)));
  let inside = 0;
  let turns = 0;
  const work = async (connection: Connection): Promise<void> => {
    inside += 1;
    assert.equal(inside, 1);
    await connection.query(sql`select pg_sleep(0.01)`);
    turns += 1;
    inside -= 1;
  };
  await Promise.all(connections.map(one => withAdvisoryLock(one, 'turns', patient, () => work(one))));
  assert.equal(turns, 5);
  assert.equal(await heldLocks(connections[0] as Connection), 0);
});

test('gives up with lock_timeout; another key is free', async t => {
  const [holder, other] = await Promise.all([open(t), open(t)]);
  await withAdvisoryLock(holder, 'a', patient, async () => {
    const refused = withAdvisoryLock(other, 'a', { timeoutMs: 0 }, async () => assert.fail('got the lock'));
    await assert.rejects(refused, { code: 'lock_timeout', message: /"a" was not free/ });
    assert.equal(await withAdvisoryLock(other, 'b', { timeoutMs: 0 }, async () => 'in'), 'in');
  });
});

test('is free again after the work failed, and after its session was killed', async t => {
  const [holder, other] = await Promise.all([open(t), open(t)]);
  const failing = withAdvisoryLock(holder, 'c', patient, () => Promise.reject(new Error('mine')));
  await assert.rejects(failing, /mine/);
  const killed = withAdvisoryLock(holder, 'c', patient, async () => {
    await other.query(sql`select pg_terminate_backend(${holder.processId})`);
    await eventually(async () => (await heldLocks(other)) === 0);
  });
  await assert.rejects(killed, { code: 'database_unavailable' });
  assert.equal(await withAdvisoryLock(other, 'c', { timeoutMs: 0 }, async () => 'in'), 'in');
});

test('does not deadlock with CREATE INDEX CONCURRENTLY, as a blocking lock does', async t => {
  const [builder, waiter] = await Promise.all([open(t), open(t)]);
  await builder.script('create table big (id int); insert into big select generate_series(1, 1000)');
  const inside = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  const built = withAdvisoryLock(builder, 'migrate', patient, async () => {
    inside.resolve();
    await waiting.promise;
    await builder.query(sql`create index concurrently big_id on big (id)`);
  });
  await inside.promise;
  const turn = withAdvisoryLock(waiter, 'migrate', patient, async () => 'my turn');
  const observer = await open(t);
  await eventually(async () => {
    const polls = await observer.many(
      sql`select from pg_stat_activity where pid = ${waiter.processId} and query like '%pg_try_advisory_lock%'`,
    );
    return polls.length === 1;
  });
  waiting.resolve();
  await built;
  assert.equal(await turn, 'my turn');
});
