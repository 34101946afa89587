import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parseSettings } from '@holdfast/core';
import { DEFAULT_TUNING, type KeeperTuning, type RunningKeeper } from '@holdfast/keeper';
import { startKeeper } from '@holdfast/keeper/start';
import { startCluster } from '@holdfast/postgres/cluster';
import { selfLauncher } from '../src/self-launcher.ts';
import { eventually } from './eventually.ts';
import { cleanEnvironment, runHoldfast } from './run-holdfast.ts';
import { isReady, operatorStatus, startHoldfast } from './running-holdfast.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-supervision-'));
after(() => rmSync(directory, { recursive: true }));

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** A keeper with everything in this process, at the pace of a test. */
async function startTuned(
  home: string,
  tuning: Partial<KeeperTuning>,
  serverArgs?: readonly string[],
): Promise<RunningKeeper> {
  const launcher = selfLauncher({ variables: cleanEnvironment(), cwd: directory });
  const variables = { HOLDFAST_PORT: '0', HOLDFAST_DRAIN_TIMEOUT: '1s' };
  const keeper = await startKeeper({
    configuration: parseSettings([{ origin: 'test', values: variables }]),
    home,
    mode: {
      kind: 'full',
      launcher: serverArgs === undefined ? launcher : { ...launcher, args: [...serverArgs, '--'] },
      variables,
      migrate: true,
    },
    version: '0.0.0-test',
    tuning: { postgres: { fsync: 'off' }, ...tuning },
  });
  ending.push(() => keeper.stop());
  return keeper;
}

const stateOf = (keeper: RunningKeeper, part: string): string | undefined =>
  keeper.status().parts.find(candidate => candidate.part === part)?.state;

test('a server that hangs is killed and replaced; meanwhile the answer is 503 and not a hang', async () => {
  const home = join(directory, 'hang');
  const keeper = await startTuned(home, {
    patienceMs: 300,
    liveness: { intervalMs: 100, timeoutMs: 200, hangAfterMs: 1_500 },
  });
  const { pids } = await keeper.ready;
  assert.ok(pids.server !== null);
  process.kill(pids.server, 'SIGSTOP');
  const response = await fetch(`${keeper.url}/api/v1/users/me`);
  assert.equal(response.status, 503);
  assert.equal(((await response.json()) as { code: string }).code, 'upstream_unavailable');
  await eventually('another server serves', async () => {
    const server = keeper.status().parts.find(({ part }) => part === 'server');
    return server?.ok === true && server.pid !== pids.server && (await isReady(keeper.url));
  });
  const [incident] = keeper.status().incidents;
  assert.equal(incident?.kind, 'hang');
  assert.match(incident?.reason ?? '', /did not answer its liveness probe/);
  assert.equal(incident?.actions[0], 'killed it');
  assert.notEqual(incident?.recoveredAt, null);
});

test('a state directory that takes no more notes does not stop the keeper', async () => {
  const home = join(directory, 'full');
  // A directory in the place of a file refuses writing to root, too, as a full disk would.
  for (const file of [
    'reports/incidents.ndjson',
    'reports/health.ndjson',
    'logs/keeper.log',
    'run/parts.json',
  ]) {
    mkdirSync(join(home, file), { recursive: true });
  }
  const keeper = await startTuned(home, { sampleMs: 50 });
  const { pids } = await keeper.ready;
  assert.ok(pids.server !== null);
  process.kill(pids.server, 'SIGKILL');
  await eventually('another server serves', () => {
    const server = keeper.status().parts.find(({ part }) => part === 'server');
    return server?.ok === true && server.pid !== pids.server;
  });
  await eventually('a sample was taken', () => keeper.status().sample?.server.up === true);
  assert.equal(keeper.status().incidents[0]?.reason, 'the API server was killed by SIGKILL');
});

test('a keyring that is gone is refused, since another one would end every session', async () => {
  const home = join(directory, 'keyring');
  const first = await startTuned(home, {});
  await first.ready;
  await first.stop();
  rmSync(join(home, 'keyring.json'));
  const keeper = await startTuned(home, {});
  await assert.rejects(keeper.ready, { code: 'keyring_invalid' });
});

test('a server that cannot start is a crash loop with its reason, while the keeper and PostgreSQL serve', async () => {
  const home = join(directory, 'loop');
  const first = await startTuned(home, {});
  await first.ready;
  await first.stop();
  const program = 'process.stderr.write("error: no luck today\\n"); process.exit(2)';
  const keeper = await startTuned(home, { restart: { ...DEFAULT_TUNING.restart, baseMs: 1, maxMs: 10 } }, [
    '-e',
    program,
  ]);
  keeper.ready.catch(() => undefined);
  await eventually('it is a crash loop', () => stateOf(keeper, 'server') === 'crash-looping');
  assert.equal(stateOf(keeper, 'postgres'), 'running');
  assert.equal((await fetch(`${keeper.url}/`)).status, 200);
  const [incident] = keeper.status().incidents;
  assert.equal(incident?.kind, 'crash-loop');
  assert.equal(incident?.reason, 'the API server exited with code 2: no luck today');
});

test('an existing database is used, and waited for; the server answers 503 until it is there', async () => {
  const elsewhere = join(directory, 'elsewhere');
  const settings = { fsync: 'off' };
  const cluster = await startCluster({ home: elsewhere, settings });
  const { port, appUrl, ownerUrl } = cluster;
  await cluster.stop();

  const running = startHoldfast(join(directory, 'external'), ['--database-url', appUrl], {
    env: { HOLDFAST_OWNER_DATABASE_URL: ownerUrl },
  });
  ending.push(running.stop);
  await eventually('it waits for the database', () =>
    running.output.stderr.includes('the database is not available'),
  );
  const [, url = ''] = /status page: (\S+)/.exec(running.output.stderr) ?? [];
  assert.equal((await fetch(`${url}/`)).status, 200);
  assert.equal(running.output.stdout, '');

  const again = await startCluster({ home: elsewhere, port, settings });
  ending.push(() => again.stop());
  const ready = await running.ready;
  assert.equal(ready.pids.postgres, null);
  assert.ok(await isReady(url));
  await eventually('the database is seen', async () => {
    const status = await operatorStatus(ready);
    return status.parts.find(({ part }) => part === 'postgres')?.state === 'running';
  });
  await running.stop();
  assert.equal((await runHoldfast(['migrate', '--database-url', ownerUrl, '--no-env-file'])).code, 0);
});

test('--no-migrate leaves a database alone and says what is missing', async () => {
  const elsewhere = join(directory, 'bare');
  const cluster = await startCluster({ home: elsewhere, settings: { fsync: 'off' } });
  ending.push(() => cluster.stop());
  const running = startHoldfast(join(directory, 'no-migrate'), [
    '--no-migrate',
    '--database-url',
    cluster.appUrl,
  ]);
  const { code } = await running.closed;
  assert.equal(code, 1);
  assert.match(running.output.stdout, /"code":"schema_mismatch"/);
});

test('keeper alone watches and forwards, and notices when the server goes', async () => {
  const home = join(directory, 'data');
  const keeper = await startTuned(home, {});
  const { apiUrl, databaseUrl, pids } = await keeper.ready;
  const alone = await startKeeper({
    configuration: parseSettings([
      { origin: 'test', values: { HOLDFAST_PORT: '0', HOLDFAST_API_URL: apiUrl, DATABASE_URL: databaseUrl } },
    ]),
    home: join(directory, 'alone'),
    mode: { kind: 'alone' },
    version: '0.0.0-test',
    tuning: { liveness: { intervalMs: 50, timeoutMs: 500, hangAfterMs: 1_000 }, databaseProbeMs: 50 },
  });
  ending.push(() => alone.stop());
  await eventually('both are seen', () => alone.status().status === 'ok');
  assert.ok(await isReady(alone.url));
  assert.ok(pids.server !== null);
  await keeper.stop();
  await eventually(
    'incidents are open',
    () => alone.status().incidents.filter(({ kind }) => kind === 'unreachable').length === 2,
  );
  assert.equal(stateOf(alone, 'server'), 'unreachable');
  assert.equal((await fetch(`${alone.url}/ready`)).status, 503);
});

test('a second Ctrl-C does not wait for the requests that are still running', async () => {
  const running = startHoldfast(join(directory, 'hurry'), [], { env: { HOLDFAST_DRAIN_TIMEOUT: '5m' } });
  ending.push(running.stop);
  const { apiUrl } = await running.ready;
  const socket = connect(Number(new URL(apiUrl).port), '127.0.0.1');
  ending.push(async () => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(
    'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{',
  );
  await eventually('the request has arrived', () => socket.bytesWritten > 0);
  running.child.kill('SIGINT');
  running.child.kill('SIGINT');
  await eventually('it is stopping', () => running.output.stderr.includes('stopping'));
  await delay(1_000);
  assert.equal(running.child.exitCode, null, 'the same Ctrl-C that arrives twice hurries nobody');
  running.child.kill('SIGINT');
  assert.deepEqual(await running.closed, { code: 0, signal: null });
});

test('a start that comes while another one stops waits for it', async () => {
  const home = join(directory, 'handover');
  const before = startHoldfast(home);
  ending.push(before.stop);
  const { pids } = await before.ready;
  before.child.kill('SIGTERM');
  const next = startHoldfast(home);
  ending.push(next.stop);
  const ready = await next.ready;
  assert.notEqual(ready.pids.keeper, pids.keeper);
  assert.deepEqual(await before.closed, { code: 0, signal: null });
  assert.ok(await isReady(ready.url));
});
