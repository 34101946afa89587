import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { type OperationId, openApiDocument, operations } from '@holdfast/contract';
import { newId } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import { createConformance, type SeenResponse } from './support/conformance.ts';
import { CLIENT_VALUES, clientForm } from './support/oauth-client.ts';
import { type OwnSystem, ownSystem } from './support/own-system.ts';
import { PASSWORD } from './support/people.ts';
import { requestOf, type Sample } from './support/requests.ts';
import { uniqueName } from './support/world.ts';

const IDS = (Object.keys(operations) as OperationId[]).filter(id =>
  (operations[id].errors as readonly string[]).includes('database_unavailable'),
);
const AVAILABILITY = new Set(['database_unavailable', 'database_timeout', 'pool_exhausted']);
/** Guards against a hang; far more than the answer may take, so that a busy machine fails nothing. */
const HANG_MS = 20_000;
const conformance = createConformance(openApiDocument(operations, { version: 'test', serverUrl: '/' }));

/** Every request is one that reaches the database; what it would find there does not matter. */
function sampleOf(id: OperationId, { admin }: OwnSystem): Sample {
  const names = [...operations[id].path.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? '');
  const body = BODIES[id];
  return {
    token: admin.accessToken,
    params: Object.fromEntries(names.map(name => [name, newId()])),
    ...(body === undefined ? {} : { body: body(admin.refreshToken, admin.accessToken) }),
    ...(id === 'importUsers' ? { contentType: 'application/x-ndjson' } : {}),
    ...(id === 'revokeToken' || id === 'introspectToken' ? clientForm({ token: admin.accessToken }) : {}),
  };
}

const BODIES: Partial<Record<OperationId, (refreshToken: string, accessToken: string) => unknown>> = {
  register: () => ({ email: 'a@example.com', password: PASSWORD }),
  login: () => ({ email: 'a@example.com', password: PASSWORD }),
  refresh: refreshToken => ({ refreshToken }),
  logout: refreshToken => ({ refreshToken }),
  validateToken: (_, token) => ({ token }),
  stepUp: () => ({ password: PASSWORD }),
  patchMe: () => ({ currentPassword: PASSWORD, email: 'b@example.com' }),
  patchMyProfile: () => ({ bio: '' }),
  createUser: () => ({ email: 'c@example.com' }),
  importUsers: () => '{"email":"d@example.com"}',
  patchUser: () => ({ displayName: 'D' }),
  createRole: () => ({ name: uniqueName('r') }),
  patchRole: () => ({ description: '' }),
  createPermission: () => ({ name: `${uniqueName('p')}:use` }),
  patchPermission: () => ({ description: '' }),
};

async function ask({ server }: OwnSystem, id: OperationId, sample: Sample): Promise<SeenResponse> {
  const { method, url, headers, body } = requestOf(id, sample);
  const response = await fetch(new URL(url, server.url), {
    method,
    headers,
    body: body ?? null,
    signal: AbortSignal.timeout(HANG_MS),
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}

/** Every operation that needs the database, all at once, answers 503; the others go on. */
async function assertOutage(system: OwnSystem): Promise<void> {
  const answers = await Promise.all(
    IDS.map(async id => [id, await ask(system, id, sampleOf(id, system))] as const),
  );
  for (const [id, response] of answers) {
    assert.equal(response.status, 503, `${id}: ${response.body}`);
    assert.equal(conformance.problemOf(id, response), undefined, `${id}: ${response.body}`);
    assert.ok(AVAILABILITY.has(JSON.parse(response.body).code), `${id}: ${response.body}`);
    assert.ok(Number(response.headers['retry-after']) >= 1, id);
  }
  const ready = await ask(system, 'getReadiness', {});
  assert.equal(ready.status, 503);
  assert.equal(
    JSON.parse(ready.body).checks.find(({ name }: { name: string }) => name === 'database').ok,
    false,
  );
  for (const id of ['getHealth', 'getServiceInfo', 'getJwks', 'getMetrics'] as const) {
    assert.equal((await ask(system, id, {})).status, 200, id);
  }
}

async function assertRecovery(system: OwnSystem): Promise<void> {
  await eventually(async () => (await ask(system, 'getReadiness', {})).status === 200, { timeoutMs: 30_000 });
  const me = await ask(system, 'getMe', { token: system.admin.accessToken });
  assert.equal(me.status, 200, me.body);
  assert.equal(JSON.parse(me.body).email, system.admin.email);
}

async function healthy(t: TestContext): Promise<OwnSystem> {
  const system = await ownSystem(t, CLIENT_VALUES);
  await assertRecovery(system);
  return system;
}

test('45: the database is stopped without a goodbye, and comes back: the server lives and recovers by itself', async t => {
  const system = await healthy(t);
  await system.stopDatabase();
  await assertOutage(system);
  await system.startDatabase();
  await assertRecovery(system);
});

test('the server starts before its database, and finds it', async t => {
  const first = await ownSystem(t, CLIENT_VALUES);
  await first.stopDatabase();
  const server = await first.anotherServer();
  const system = { ...first, server };
  await assertOutage(system);
  await first.startDatabase();
  await assertRecovery(system);
});

test('46: the database is frozen: bounded 503s, no hang; and thaws', async t => {
  const system = await healthy(t);
  const pids = await processTree(system.cluster().pid);
  assert.ok(pids.length > 1, 'the sessions are processes of their own');
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const pid of pids) process.kill(pid, signal);
  };
  signalAll('SIGSTOP');
  try {
    await assertOutage(system);
  } finally {
    signalAll('SIGCONT');
  }
  await assertRecovery(system);
});

test('the password of the database is changed under the server, and put back', async t => {
  const system = await healthy(t);
  const { superuserUrl, appUrl } = system.cluster();
  const { username, password } = new URL(appUrl);
  const setPassword = async (value: string): Promise<void> => {
    const db = await connect({ url: superuserUrl });
    await db.query(sql`alter role ${sql.id(username)} password ${sql.literal(value)}`);
    await db.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${username}`);
    await db.close();
  };
  await setPassword('another');
  await assertOutage(system);
  assert.ok(!system.log.text().includes(password), 'the password is not logged');
  await setPassword(password);
  await assertRecovery(system);
});

/** A process and everything below it. */
async function processTree(root: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (pid: number): number[] => [
    pid,
    ...pairs.filter(([, parent]) => parent === pid).flatMap(([child]) => below(child)),
  ];
  return below(root);
}
