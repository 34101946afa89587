import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { eventually, testDatabase } from '@holdfast/testing';
import { createLogger, runFilePath, startServer } from '../src/index.ts';
import type { Person } from './support/people.ts';
import { type ServerProcess, serverProcess } from './support/server-process.ts';
import { testSettings } from './support/settings.ts';

const BODY = JSON.stringify({ bio: 'saved while the server stopped' });

/** A change of the profile whose body arrives in two parts: a request that takes as long as the test wants. */
function slowChange({ run }: ServerProcess, { accessToken }: Person) {
  const headers = {
    authorization: `Bearer ${accessToken}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(BODY),
  };
  const sent = request(`${run.url}/api/v1/users/me/profile`, { method: 'PATCH', headers });
  const answer = new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', async response => {
      resolve({ status: response.statusCode, body: await text(response) });
    });
  });
  sent.write(BODY.slice(0, 10));
  return { answer, finish: () => sent.end(BODY.slice(10)) };
}

test('SIGTERM: not ready first, running requests finish, nothing is left, exit code 0', async t => {
  const database = await testDatabase(t);
  const server = await serverProcess(t, database, {
    HOLDFAST_DRAIN_DELAY: '1s',
    HOLDFAST_DRAIN_TIMEOUT: '30s',
  });
  const { run, home, child } = server;
  assert.deepEqual([run.pid, run.port], [child.pid, Number(new URL(run.url).port)]);
  const person = await server.people.person();
  const inFlight = slowChange(server, person);

  child.kill('SIGTERM');
  await eventually(async () => {
    const ready = await fetch(`${run.url}/ready`);
    const body = (await ready.json()) as { code?: string; checks: { name: string; ok: boolean }[] };
    if (ready.status !== 503) return false;
    assert.equal(ready.headers.get('connection'), 'close');
    assert.equal(body.code, 'not_ready');
    assert.deepEqual(
      body.checks.filter(({ ok }) => !ok).map(({ name }) => name),
      ['lifecycle'],
    );
    return true;
  });
  assert.equal((await fetch(`${run.url}/health`)).status, 200, 'other requests are still answered');
  const refused = async () =>
    fetch(`${run.url}/health`).then(
      () => false,
      () => true,
    );
  await eventually(refused);
  inFlight.finish();
  const answer = await inFlight.answer;
  assert.equal(answer.status, 200, answer.body);
  assert.equal(JSON.parse(answer.body).bio, 'saved while the server stopped');

  assert.deepEqual(await server.exit, { code: 0, signal: null }, server.output());
  assert.equal(existsSync(runFilePath(home)), false);
  // the backends end a moment after their connections
  await eventually(async () => {
    const left = await database.pool.many(sql`
      select 1 from pg_stat_activity where datname = ${database.name} and application_name = 'holdfast-server'
    `);
    return left.length === 0;
  });
});

test('SIGTERM: a request that takes longer than the drain timeout is cut off', async t => {
  const database = await testDatabase(t);
  const server = await serverProcess(t, database, {
    HOLDFAST_DRAIN_DELAY: '500ms',
    HOLDFAST_DRAIN_TIMEOUT: '100ms',
  });
  const person = await server.people.person();
  const inFlight = slowChange(server, person);
  const cut = assert.rejects(inFlight.answer, { code: 'ECONNRESET' });
  server.child.kill('SIGTERM');
  await cut;
  assert.deepEqual(await server.exit, { code: 0, signal: null }, server.output());
  assert.match(server.output(), /drain timeout passed/);
});

test('a port that is in use is named', async t => {
  const database = await testDatabase(t);
  const { run, home } = await serverProcess(t, database);
  const settings = testSettings({ DATABASE_URL: database.url });
  const logger = createLogger({ level: 'silent' });
  await assert.rejects(startServer({ settings, home, port: run.port, logger }), (error: unknown) => {
    assert.ok(isHoldfastError(error, 'port_in_use'), String(error));
    assert.match(error.message, new RegExp(`Port ${run.port} of 127\\.0\\.0\\.1 is in use`));
    return true;
  });
});
