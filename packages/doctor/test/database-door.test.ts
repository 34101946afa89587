import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { testDatabase, throwawayHome } from '@holdfast/testing';
import { CHECKS } from '../src/checks/index.ts';
import { runChecks } from '../src/engine/index.ts';
import { judgeAddress, openDatabaseDoor } from '../src/probes/database-door.ts';
import { lookAtData } from '../src/probes/database-probe.ts';

const FEW = { max_connections: '10', reserved_connections: '1', superuser_reserved_connections: '1' };

/** Sessions of a role, until PostgreSQL has no connection left for it. */
async function fill(t: TestContext, url: string): Promise<void> {
  for (;;) {
    const session = await connect({ url }).catch(() => undefined);
    if (session === undefined) return;
    t.after(() => session.close());
  }
}

async function closeAndWait(session: Connection, administrator: Connection): Promise<void> {
  await session.close();
  await administrator.query(sql`select pg_sleep(0.1)`);
}

test('a connection kept for others that somebody has for a moment does not keep the doctor out', async t => {
  const { start } = await throwawayHome(t);
  const { appUrl, ownerUrl, superuserUrl } = await start({ settings: FEW });
  const administrator = await connect({ url: superuserUrl });
  t.after(() => administrator.close());
  await administrator.query(sql`grant pg_use_reserved_connections to holdfast_owner`);
  await fill(t, appUrl);
  const passing = await connect({ url: ownerUrl });
  let pauses = 0;
  const sleep = async (): Promise<void> => {
    pauses += 1;
    if (pauses === 2) await closeAndWait(passing, administrator);
  };
  const clock = { ...systemClock, sleep };
  const door = await openDatabaseDoor(
    { appUrl, ownerUrl },
    { clock, signal: new AbortController().signal, patience: 1 },
  );
  t.after(() => door.owner?.close());
  assert.equal(door.app, undefined);
  assert.ok(door.owner);
  assert.ok(pauses >= 2);
});

test('a server that stays full is asked a bounded number of times', async t => {
  const { start } = await throwawayHome(t);
  const { appUrl, ownerUrl } = await start({ settings: FEW });
  await fill(t, appUrl);
  let pauses = 0;
  const sleep = async (): Promise<void> => {
    pauses += 1;
  };
  const clock = { ...systemClock, sleep };
  const door = await openDatabaseDoor(
    { appUrl, ownerUrl },
    { clock, signal: new AbortController().signal, patience: 1 },
  );
  assert.deepEqual([door.app, door.owner, pauses], [undefined, undefined, 12]);
});

/** The way to a server on which the first caller gets no answer. */
async function silentOnce(t: TestContext, url: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  let isFirst = true;
  const server = createServer(near => {
    near.on('error', () => undefined);
    if (isFirst) {
      isFirst = false;
      return;
    }
    const far = connectTcp({ host, port: Number(port) });
    near.pipe(far).pipe(near);
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const here = new URL(url);
  here.port = String((server.address() as AddressInfo).port);
  return here.href;
}

test('one login that is not answered is no hung server', async t => {
  const { url: appUrl } = await testDatabase(t);
  const door = await openDatabaseDoor(
    { appUrl: await silentOnce(t, appUrl), ownerUrl: undefined },
    { clock: systemClock, signal: new AbortController().signal, patience: 1 },
  );
  await door.app?.close();
  assert.ok(door.app, JSON.stringify(door.looks));
  const look = door.looks['database.app'];
  assert.equal(look !== undefined && 'saw' in look && look.saw.result, 'connected');
});

test('a table that somebody has locked is left for the look at the locks, before the statement gives up', async t => {
  const { url: appUrl, ownerUrl } = await testDatabase(t);
  const holder = await connect({ url: ownerUrl });
  t.after(() => holder.close());
  await holder.script('begin; lock table sessions in access exclusive mode');
  const door = await openDatabaseDoor(
    { appUrl, ownerUrl },
    { clock: systemClock, signal: new AbortController().signal, patience: 1 },
  );
  t.after(() => Promise.all([door.app?.close(), door.owner?.close()]));
  const looks = await lookAtData(door.app ?? assert.fail());
  const [locked, free] = [looks['data.sessions'], looks['data.roles']];
  assert.ok(locked !== undefined && 'couldNotLook' in locked);
  assert.deepEqual(
    [locked.couldNotLook, locked.blockedBy],
    ['a lock that somebody holds keeps readers out', 'health.blocked-sessions'],
  );
  assert.ok(free !== undefined && 'saw' in free);
});

test('where PostgreSQL listens instead is told where its own file says it, and nothing where that is not known', () => {
  const detailOf = (host: string, port?: number) => {
    const seen = {
      'database.port': { saw: { host, port: 5_598, result: 'refused', milliseconds: 1 } },
    } as const;
    const saw = {
      state: 'running',
      pid: 7,
      suspended: false,
      ...(port === undefined ? {} : { port }),
    } as const;
    const appUrl = `postgresql://shop@${host}:5598/shop`;
    const looks = judgeAddress({ appUrl, embedded: undefined }, { ...seen, 'database.cluster': { saw } });
    const look = looks['database.address'];
    const observation = { id: 'database.address', probe: 'database', subject: '', ...look } as never;
    return runChecks(CHECKS, [observation]).find(({ check }) => check === 'database.address')?.detail;
  };
  assert.equal(detailOf('127.0.0.1', 5_432), 'PostgreSQL answers at 127.0.0.1:5432, not at 127.0.0.1:5598');
  assert.equal(detailOf('127.0.0.1'), 'nothing else tells whether 127.0.0.1:5598 is right');
  assert.equal(detailOf('127.0.0.1', 5_598), '127.0.0.1:5598');
  assert.equal(detailOf('db.internal', 5_598), 'nothing else tells whether db.internal:5598 is right');
});
