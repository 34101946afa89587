import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newId } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import { readClusterState } from '@holdfast/postgres/cluster';
import { eventually, startSupervisedStack, storePhysicalBackup } from '@holdfast/testing';
import { runHoldfast } from '../scripts/soak/holdfast-command.ts';

const PASSWORD = 'guard dense orbit lunch';
const LONG = { timeoutMs: 60_000 };

const stack = await startSupervisedStack();
after(() => stack.close());

async function post(path: string, body: object): Promise<{ status: number; data: Record<string, string> }> {
  const { url } = JSON.parse(await readFile(join(stack.home, 'run', 'keeper.json'), 'utf8')) as {
    url: string;
  };
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    data: (await response.json().catch(() => ({}))) as Record<string, string>,
  };
}

async function logIn(email: string): Promise<string> {
  const { status, data } = await post('/api/v1/auth/login', { email, password: PASSWORD });
  assert.equal(status, 200);
  return data.refreshToken ?? '';
}

/** Waits out the moments in which the server comes back: an outage is never an answer about a session. */
async function refresh(refreshToken: string): Promise<number> {
  return eventually(async () => {
    const { status } = await post('/api/v1/auth/refresh', { refreshToken });
    return status === 503 ? undefined : status;
  }, LONG);
}

async function users(): Promise<number> {
  const state = await readClusterState(stack.home);
  const connection = await connect({ url: state?.ownerUrl ?? '' });
  try {
    return (await connection.one(sql<{ n: number }>`select count(*)::int as n from users`)).n;
  } finally {
    await connection.close();
  }
}

async function register(): Promise<string> {
  const email = `${newId()}@example.com`;
  assert.equal((await post('/api/v1/auth/register', { email, password: PASSWORD })).status, 201);
  return email;
}

async function backUp(): Promise<void> {
  const state = await readClusterState(stack.home);
  await storePhysicalBackup(state?.superuserUrl ?? '', join(stack.home, 'backups'));
}

/** That the database was replaced is no trouble of its archive. */
async function assertWalIsAwaited(): Promise<void> {
  // a busy machine may let it say that something does not answer, which is not the question here
  const { wal } = (await runHoldfast(['status', '--home', stack.home], {}, [0, 1])) as {
    wal: readonly { readonly state: string; readonly reason: string | null }[];
  };
  assert.ok(wal.length > 0);
  for (const { state, reason } of wal) assert.doesNotMatch(reason ?? '', /ECONNREFUSED/, state);
}

const restore = (...args: string[]): Promise<Readonly<Record<string, unknown>>> =>
  runHoldfast(['restore', '--home', stack.home, ...args], {});

const email = await register();
const [kept, refreshed, ended] = [await logIn(email), await logIn(email), await logIn(email)];
await backUp();
const before = await users();
const late = await register();
const { data } = await post('/api/v1/auth/refresh', { refreshToken: refreshed });
assert.equal((await post('/api/v1/auth/logout', { refreshToken: ended })).status, 204);

test('the backup comes back, row by row', async () => {
  const { validation } = (await runHoldfast(['backup', 'drill', '--home', stack.home], {})) as {
    validation: { result: string; problems: unknown[] };
  };
  assert.deepEqual([validation.result, validation.problems], ['valid', []]);
});

test('the plan says what would be lost, and nothing is done without --yes', async () => {
  const { done, plan } = (await restore('--plan')) as { done: boolean; plan: { lost: { walBytes: number } } };
  assert.equal(done, false);
  assert.ok(plan.lost.walBytes > 0);
  await assert.rejects(restore());
  assert.equal(await users(), before + 1);
});

test('a transaction that is in no WAL is refused by the plan, one that is there is planned', async () => {
  const state = await readClusterState(stack.home);
  const connection = await connect({ url: state?.ownerUrl ?? '' });
  const { xid } = await connection
    .one(sql<{ xid: string }>`
      with noted as (insert into permissions (id, name) values (${newId()}::uuid, 'restore-command:try') returning 1)
      select pg_current_xact_id()::text as xid from noted`)
    .finally(() => connection.close());
  await eventually(async () => {
    const planned = await restore('--before-transaction', xid, '--plan').catch(() => undefined);
    return planned !== undefined;
  }, LONG);
  const unknown = restore('--before-transaction', '99999999', '--plan');
  await assert.rejects(unknown, /No transaction 99999999 was committed in the WAL that continues backup/);
});

test('under a running keeper the restored database takes over, and nobody is logged out', async () => {
  const { done, kept: former } = await restore('--yes');
  assert.deepEqual([done, former], [true, true]);
  assert.equal(await users(), before, 'it serves as soon as the command says that it is done');
  const { status } = await post('/api/v1/auth/refresh', { refreshToken: kept });
  assert.equal(status, 200, 'and so does the API');
  await assertWalIsAwaited();
  assert.equal(await refresh(data.refreshToken ?? ''), 200);
  assert.equal(await refresh(ended), 401, 'what was ended stays ended');
  assert.equal((await post('/api/v1/auth/login', { email: late, password: PASSWORD })).status, 401);
});

test('and --undo brings the former one back', async () => {
  await restore('--undo', '--yes');
  assert.equal(await users(), before + 1);
  await eventually(
    async () => (await post('/api/v1/auth/login', { email: late, password: PASSWORD })).status === 200,
    LONG,
  );
  assert.equal(await refresh(ended), 401);
});

test('what is written after the one and the other comes back from the backup before them', async () => {
  const present = await users();
  const signIn = () => post('/api/v1/auth/login', { email, password: PASSWORD });
  for (let more = 1; more <= 2; more += 1) {
    await eventually(async () => (await signIn()).status === 200, LONG);
    await register();
    const since = Date.now();
    // what is archived of it is archived of what was before
    await signIn();
    await eventually(async () => {
      const { plan } = (await restore('--to-time', 'latest', '--plan')) as { plan: { restoresTo: string } };
      return Date.parse(plan.restoresTo) > since;
    }, LONG);
    await restore('--to-time', 'latest', '--yes');
    assert.equal(await users(), present + more);
  }
  await eventually(async () => (await timelines()).join() === '1,2 left,3,4', LONG);
});

interface Recovery {
  readonly ranges: readonly { readonly timeline: number; readonly abandoned?: true }[];
}

/** Of the archive, which is one. */
async function timelines(): Promise<string[]> {
  const { recovery } = (await runHoldfast(['list-backups', '--home', stack.home], {})) as {
    recovery: readonly Recovery[];
  };
  assert.equal(recovery.length, 1);
  const ranges = recovery[0]?.ranges ?? [];
  return ranges.map(({ timeline, abandoned }) => `${timeline}${abandoned === true ? ' left' : ''}`);
}

test('without a keeper the command does it all itself', async () => {
  await stack.stop();
  await restore('--yes');
  await restore('--forget', 'all', '--yes');
  assert.deepEqual(
    (await readdir(stack.home)).filter(name => name.startsWith('postgres.') || name.startsWith('restore-')),
    [],
  );
});

test('files that are gone are named with the way back, which promises no undo', async () => {
  const state = await readClusterState(stack.home);
  await rm(state?.dataDir ?? assert.fail(), { recursive: true });
  const { rootCauses } = (await runHoldfast(['doctor', '--home', stack.home], {}, [1])) as {
    rootCauses: readonly {
      code: string;
      repair: { risk: string; steps: readonly string[] };
      left?: string;
    }[];
  };
  const gone = rootCauses.find(({ code }) => code === 'database_files_gone');
  assert.equal(gone?.repair.risk, 'confirm', JSON.stringify(rootCauses));
  assert.ok(gone.repair.steps.includes('holdfast restore --to-time latest --yes'));
  assert.match(gone.left ?? '', /nothing to start/);
  assert.ok(!rootCauses.some(({ code }) => code === 'database_stopped'));

  const { done, kept: former } = await restore('--to-time', 'latest', '--yes');
  assert.deepEqual([done, former], [true, false]);
  await assert.rejects(restore('--undo', '--yes'), /nothing to undo|no .*undo/i);
});
