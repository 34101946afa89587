import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { homePaths, type KeeperRun } from '@holdfast/keeper';
import { askKeeper, restartServer, untilApiServes } from '../src/restore/ask-keeper.ts';

interface Keeper {
  readonly keeper: Parameters<typeof untilApiServes>[0];
  /** What it was asked, in this order. */
  readonly asked: string[];
}

/**
 * A keeper whose API is ready from the third time on that it is asked. Its server is restarted when it is told so, and seen to be at the
 * third look after that.
 */
async function standIn(t: TestContext, state: string): Promise<Keeper> {
  const home = await mkdtemp(join(tmpdir(), 'hf-keeper-'));
  t.after(() => rm(home, { recursive: true }));
  await mkdir(join(home, 'run'));
  await writeFile(homePaths(home).breakGlass, 'token\n');
  const asked: string[] = [];
  let [restarts, readiness, looksToRestart] = [0, 0, 0];
  const server = createServer((request, response) => {
    const what = `${request.method} ${request.url}`;
    asked.push(what);
    if (what.startsWith('POST')) looksToRestart = 3;
    else if (what === 'GET /ops/v1/status' && looksToRestart > 0) {
      looksToRestart -= 1;
      if (looksToRestart === 0) restarts += 1;
    }
    if (what === 'GET /ready') readiness += 1;
    if (what === 'GET /ready' && readiness < 3) response.statusCode = 503;
    response.end(
      JSON.stringify({ parts: [{ part: 'server', managed: state !== 'unknown', state, restarts }] }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { keeper: { home, run: { url: `http://127.0.0.1:${port}` } as KeeperRun }, asked };
}

const never = new AbortController().signal;

test('the API is waited for until it is ready, also when it has to be restarted first', async t => {
  const waited = await standIn(t, 'running');
  assert.equal(await untilApiServes(waited.keeper, never), undefined);
  assert.equal(waited.asked.filter(what => what === 'GET /ready').length, 3);
  const restarted = await standIn(t, 'running');
  assert.equal(await restartServer(restarted.keeper, never), undefined);
  assert.ok(
    restarted.asked.indexOf('POST /ops/v1/parts/server/restart') < restarted.asked.indexOf('GET /ready'),
  );
  assert.equal(restarted.asked.at(-1), 'GET /ready');
});

test('the API that is waited for after a restore is the one that was started for it', async t => {
  const { keeper, asked } = await standIn(t, 'running');
  const restarts = await askKeeper(keeper, 'r1');
  assert.equal(restarts, 1);
  assert.equal(await untilApiServes(keeper, never, restarts), undefined);
  const looksAfter = asked.slice(asked.indexOf('POST /ops/v1/restores/r1/takeover') + 1);
  assert.deepEqual(looksAfter.slice(0, 4), [...Array(3).fill('GET /ops/v1/status'), 'GET /ready']);
  const { keeper: alone } = await standIn(t, 'unknown');
  assert.equal(await askKeeper(alone, 'r1'), 0);
});

test('a keeper without an API is not waited for, and neither is one that somebody gives up', async t => {
  const alone = await standIn(t, 'unknown');
  assert.equal(await untilApiServes(alone.keeper, never), undefined);
  assert.ok(!alone.asked.includes('GET /ready'));
  const { keeper } = await standIn(t, 'running');
  const notYet = await untilApiServes(keeper, AbortSignal.abort());
  assert.equal(notYet, 'The database serves, and the API does not yet: holdfast status tells why.');
});
