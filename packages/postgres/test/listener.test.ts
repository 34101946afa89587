import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createListener, createPool, type Listener, type Notification, sql } from '@holdfast/postgres';
import { emptyDatabase, eventually, throwawayHome } from '@holdfast/testing';

interface Heard {
  readonly notifications: Notification[];
  readonly states: boolean[];
}

function listen(url: string, heard: Heard, keepaliveMs = 2_000): Listener {
  return createListener({
    url,
    channels: ['revocations', 'We"ird'],
    keepaliveMs,
    onNotification: notification => heard.notifications.push(notification),
    onStateChange: connected => heard.states.push(connected),
    random: () => 0,
  });
}

const nothing = (): Heard => ({ notifications: [], states: [] });

test('hears its channels and no others, in order', async () => {
  const { url, pool } = await emptyDatabase();
  const heard = nothing();
  const listener = listen(url, heard);
  assert.equal(listener.connected, false);
  await eventually(() => listener.connected);
  for (const [channel, payload] of [
    ['revocations', 'one'],
    ['elsewhere', 'two'],
    ['We"ird', ''],
    ['revocations', 'three'],
  ]) {
    await pool.query(sql`select pg_notify(${channel ?? ''}, ${payload ?? ''})`);
  }
  await eventually(() => heard.notifications.length === 3);
  assert.deepEqual(heard.notifications, [
    { channel: 'revocations', payload: 'one' },
    { channel: 'We"ird', payload: '' },
    { channel: 'revocations', payload: 'three' },
  ]);
  await listener.close();
  assert.equal(listener.connected, false);
  assert.deepEqual(heard.states, [true, false]);
});

test('listens again after its connection was killed', async () => {
  const { url, pool, superuserUrl } = await emptyDatabase();
  const heard = nothing();
  const listener = listen(url, heard);
  await eventually(() => listener.connected);
  const admin = createPool({ url: superuserUrl, max: 1 });
  await admin.query(sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like 'listen%'`);
  await eventually(() => heard.states.length === 3);
  assert.deepEqual(heard.states, [true, false, true]);
  await pool.query(sql`select pg_notify('revocations', 'again')`);
  await eventually(() => heard.notifications.length === 1);
  await Promise.all([listener.close(), admin.close()]);
});

test('notices a frozen server, and hears again when it goes on', async t => {
  const place = await throwawayHome(t);
  const cluster = await place.start();
  const heard = nothing();
  const listener = listen(cluster.appUrl, heard, 100);
  t.after(() => listener.close());
  await eventually(() => listener.connected);
  const admin = createPool({ url: cluster.superuserUrl, max: 1 });
  t.after(() => admin.close());
  const { pid } = await admin.one(
    sql<{ pid: number }>`select pid from pg_stat_activity where usename = 'holdfast_app'`,
  );
  process.kill(pid, 'SIGSTOP');
  try {
    await eventually(() => heard.states.length >= 2, { timeoutMs: 4_000 });
    assert.equal(heard.states[1], false);
    await eventually(() => listener.connected);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('waits for a server that is not there yet, and can be closed while it does', async t => {
  const place = await throwawayHome(t);
  const cluster = await place.start();
  await cluster.stop();
  const heard = nothing();
  const [listener, hopeless] = [listen(cluster.appUrl, heard), listen(cluster.appUrl, nothing())];
  t.after(() => listener.close());
  await hopeless.close();
  await place.start({ port: cluster.port });
  await eventually(() => listener.connected);
  assert.deepEqual(heard.states, [true]);
});
