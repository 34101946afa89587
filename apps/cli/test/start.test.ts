import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { identifyProcess } from '@holdfast/keeper';
import { eventually } from './eventually.ts';
import { runHoldfast } from './run-holdfast.ts';
import {
  isReady,
  logIn,
  operatorStatus,
  partPid,
  type ReadyLine,
  type RunningHoldfast,
  startHoldfast,
} from './running-holdfast.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-start-'));
// Where the system user that root starts PostgreSQL as can enter; otherwise the data would be kept elsewhere.
chmodSync(directory, 0o711);
const home = join(directory, 'home');
let running: RunningHoldfast;
let ready: ReadyLine;
let password: string;

before(async () => {
  running = startHoldfast(home);
  ready = await running.ready;
  password = ready.admin.password ?? '';
});
after(async () => {
  await running.stop();
  await runHoldfast(['stop', '--home', home]);
  rmSync(directory, { recursive: true });
});

const kill = (pid: number | null): void => {
  assert.ok(pid !== null && pid > 0, 'there is a process to kill');
  process.kill(pid, 'SIGKILL');
};

/** As if a session had begun and ended since the copy of the database was made. @returns what takes it back */
function journalUnknownSession(): () => void {
  const path = join(home, 'revocations.ndjson');
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const begun = (Date.now() - 3_600_000).toString(16).padStart(12, '0');
  const sessionId = `${begun.slice(0, 8)}-${begun.slice(8)}-7000-8000-000000000000`;
  appendFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), sessionId, reason: 'logout' })}\n`);
  return () => writeFileSync(path, before);
}

describe('the first start', () => {
  test('tells everything in one line', () => {
    assert.deepEqual(Object.keys(ready), ['ready', 'url', 'apiUrl', 'databaseUrl', 'home', 'admin', 'pids']);
    assert.equal(running.output.stdout, `${JSON.stringify(ready)}\n`);
    assert.equal(ready.home, home);
    assert.equal(ready.pids.keeper, running.child.pid);
    assert.equal(ready.admin.email, 'admin@example.com');
    assert.ok(password.length >= 20);
    assert.match(ready.databaseUrl, /^postgresql:\/\/holdfast_app:[^@]+@127\.0\.0\.1:\d+\/holdfast$/);
  });

  test('lets the administrator in through the public URL', async () => {
    const { status, body } = await logIn(ready.url, ready.admin.email, password);
    assert.equal(status, 200);
    const me = await fetch(`${ready.url}/api/v1/users/me`, {
      headers: { authorization: `Bearer ${body.accessToken}` },
    });
    assert.equal(me.status, 200);
    const ops = await fetch(`${ready.url}/ops/v1/incidents`, {
      headers: { authorization: `Bearer ${body.accessToken}` },
    });
    assert.equal(ops.status, 200, 'the token of an administrator opens the ops API');
  });

  test('keeps secrets to its owner', () => {
    for (const file of [
      'cluster.json',
      'keyring.json',
      'break-glass.token',
      'logs/server.log',
      'logs/keeper.log',
    ]) {
      assert.equal(statSync(join(home, file)).mode & 0o077, 0, file);
    }
    const logs = ['keeper.log', 'server.log']
      .map(name => readFileSync(join(home, 'logs', name), 'utf8'))
      .join('');
    assert.equal(logs.includes(password), false);
    assert.equal(logs.includes(new URL(ready.databaseUrl).password), false);
  });

  test('is the only one on its state directory', async () => {
    const { code, stdout } = await runHoldfast(['start', '--json', '--port', '0', '--home', home]);
    assert.equal(code, 1);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string; details: object } };
    assert.equal(error.code, 'home_in_use');
    assert.deepEqual(error.details, { home, pid: ready.pids.keeper, url: ready.url });
  });

  test('holds the port that another one asks for', async () => {
    const other = join(directory, 'other');
    const { port } = new URL(ready.url);
    const { code, stdout } = await runHoldfast(['start', '--json', '--port', port, '--home', other]);
    assert.equal(code, 1);
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'port_in_use');
    assert.deepEqual(readdirSync(join(other, 'run', 'claims')), []);
  });

  test('is what status and health show', async () => {
    const status = await runHoldfast(['status', '--json', '--home', home]);
    assert.equal(status.code, 0, status.stdout);
    const { parts, migrations } = JSON.parse(status.stdout) as {
      parts: { pid: number }[];
      migrations: { upToDate: boolean };
    };
    assert.deepEqual(
      parts.map(({ pid }) => pid),
      [ready.pids.keeper, ready.pids.server, ready.pids.postgres],
    );
    assert.equal(migrations.upToDate, true);
    const health = await runHoldfast(['health', '--home', home, '--threshold', 'uptime.warnSeconds=0']);
    assert.equal(health.code, 0, health.stdout);
  });
});

describe('trouble', () => {
  test('a killed server is back on the same port, and the incident is recorded', async () => {
    kill(await partPid(ready, 'server'));
    await eventually('the API is ready again', async () => {
      const pid = await partPid(ready, 'server');
      return pid !== null && pid !== ready.pids.server && (await isReady(ready.url));
    });
    assert.ok(await isReady(ready.apiUrl), 'the API server has kept its port');
    const [incident] = (await operatorStatus(ready)).incidents;
    assert.equal(incident?.part, 'server');
    assert.equal(incident?.reason, 'the API server was killed by SIGKILL');
    assert.notEqual(incident?.recoveredAt, null);
    const lines = readFileSync(join(home, 'reports', 'incidents.ndjson'), 'utf8');
    assert.match(lines, /the API server was killed by SIGKILL/);
  });

  test('while PostgreSQL is away the API answers 503, never 401, and recovers alone', async () => {
    const { body } = await logIn(ready.url, ready.admin.email, password);
    const refusals: { status: number; code: unknown }[] = [];
    kill(await partPid(ready, 'postgres'));
    await eventually('the API is ready again', async () => {
      const { status, body: problem } = await logIn(ready.url, ready.admin.email, password);
      if (status !== 200) refusals.push({ status, code: problem.code });
      return status === 200;
    });
    for (const { status, code } of refusals) assert.equal(status, 503, String(code));
    const me = await fetch(`${ready.url}/api/v1/users/me`, {
      headers: { authorization: `Bearer ${body.accessToken}` },
    });
    assert.equal(me.status, 200, 'the session has survived');
    const incident = (await operatorStatus(ready)).incidents.find(({ part }) => part === 'postgres');
    assert.equal(incident?.reason, 'PostgreSQL was killed by SIGKILL');
    await eventually('the keeper sees it, too', async () => (await operatorStatus(ready)).status === 'ok');
  });

  test('the status page and the ops API answer with everything else dead', async () => {
    kill(await partPid(ready, 'server'));
    kill(await partPid(ready, 'postgres'));
    const page = await fetch(`${ready.url}/`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<title>Holdfast status<\/title>/);
    await eventually('the trouble is shown', async () => (await operatorStatus(ready)).status === 'trouble');
    await eventually('everything works again', async () => (await operatorStatus(ready)).status === 'ok');
    assert.ok(await isReady(ready.url));
  });

  test('an operator restarts the server', async () => {
    const before = await partPid(ready, 'server');
    const token = readFileSync(join(home, 'break-glass.token'), 'utf8').trim();
    const response = await fetch(`${ready.url}/ops/v1/parts/server/restart`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(response.status, 202);
    await eventually('another server serves', async () => {
      const pid = await partPid(ready, 'server');
      return pid !== null && pid !== before && (await isReady(ready.url));
    });
  });
});

describe('a killed keeper', () => {
  test('leaves PostgreSQL and the server running; the next start adopts the one and replaces the other', async () => {
    const postgres = await partPid(ready, 'postgres');
    const server = await partPid(ready, 'server');
    kill(ready.pids.keeper);
    await running.closed;
    assert.ok(identifyProcess(postgres ?? 0) !== undefined && identifyProcess(server ?? 0) !== undefined);
    const status = await runHoldfast(['status', '--json', '--home', home]);
    assert.equal(status.code, 1);
    const { parts } = JSON.parse(status.stdout) as { parts: { part: string; state: string }[] };
    assert.deepEqual(
      parts.map(({ state }) => state),
      ['not running', 'running', 'running'],
    );

    running = startHoldfast(home);
    ready = await running.ready;
    assert.equal(ready.pids.postgres, postgres);
    assert.notEqual(ready.pids.server, server);
    assert.equal(identifyProcess(server ?? 0), undefined);
    assert.equal(ready.admin.password, undefined);
    assert.equal((await logIn(ready.url, ready.admin.email, password)).status, 200);
  });
});

describe('the end', () => {
  test('SIGTERM ends everything and leaves nothing behind', async () => {
    const pids = Object.values(ready.pids);
    assert.deepEqual(await running.stop(), { code: 0, signal: null });
    for (const pid of pids) assert.equal(identifyProcess(pid), undefined);
    assert.deepEqual(readdirSync(join(home, 'run')).sort(), ['claims', 'home']);
    assert.deepEqual(readdirSync(join(home, 'run', 'claims')), []);
  });

  test('a second start keeps the data, warns of ended sessions that are not in it, and stop ends it', async () => {
    const forget = journalUnknownSession();
    running = startHoldfast(home);
    ready = await running.ready;
    assert.match(
      running.output.stderr,
      /older than \S+revocations\.ndjson: .*holdfast restore-epoch --restored-to /,
    );
    forget();
    assert.equal(ready.admin.password, undefined);
    assert.equal((await logIn(ready.url, ready.admin.email, password)).status, 200);
    const stopped = await runHoldfast(['stop', '--json', '--home', home]);
    assert.equal(stopped.code, 0);
    assert.deepEqual((JSON.parse(stopped.stdout) as { stopped: object[] }).stopped, [
      { part: 'keeper', pid: ready.pids.keeper, how: 'stopped' },
    ]);
    assert.deepEqual(await running.closed, { code: 0, signal: null });
    for (const pid of Object.values(ready.pids)) assert.equal(identifyProcess(pid), undefined);
  });

  test('stop cleans up after a killed keeper', async () => {
    running = startHoldfast(home);
    ready = await running.ready;
    kill(ready.pids.keeper);
    await running.closed;
    const stopped = await runHoldfast(['stop', '--json', '--home', home]);
    assert.equal(stopped.code, 0, stopped.stdout);
    const parts = (JSON.parse(stopped.stdout) as { stopped: { part: string; pid: number }[] }).stopped;
    assert.deepEqual(
      parts.map(({ part, pid }) => [part, pid]),
      [
        ['server', ready.pids.server],
        ['postgres', ready.pids.postgres],
      ],
    );
    for (const pid of Object.values(ready.pids)) assert.equal(identifyProcess(pid), undefined);
    assert.deepEqual(readdirSync(join(home, 'run')).sort(), ['claims', 'home']);
  });

  test('of two starts at once one runs and the other says so', async () => {
    const both = [startHoldfast(home), startHoldfast(home)];
    const outcomes = await Promise.allSettled(both.map(({ ready: line }) => line));
    const winner = both[outcomes.findIndex(({ status }) => status === 'fulfilled')];
    const loser = both.find(candidate => candidate !== winner);
    assert.ok(winner !== undefined && loser !== undefined);
    running = winner;
    ready = await winner.ready;
    assert.equal((await loser.closed).code, 1);
    assert.match(loser.output.stdout, /"code":"home_in_use"/);
    assert.ok(await isReady(ready.url));
  });

  test('the database can be migrated and seeded while it runs', async () => {
    const migrated = await runHoldfast(['migrate', '--json', '--home', home]);
    assert.equal(migrated.code, 0, migrated.stdout);
    assert.deepEqual((JSON.parse(migrated.stdout) as { applied: object[] }).applied, []);
    const seeded = await runHoldfast(['seed', '--json', '--home', home]);
    assert.equal(seeded.code, 0, seeded.stdout);
    assert.equal((await logIn(ready.url, 'test@example.com', 'TestPassword123!')).status, 200);
    const refused = await runHoldfast(['seed', '--json', '--home', home], {
      env: { NODE_ENV: 'production' },
    });
    assert.equal(refused.code, 1);
    const rollback = await runHoldfast(['rollback', '--to', '0', '--json', '--home', home]);
    assert.equal(rollback.code, 1);
    assert.match(rollback.stdout, /"code":"data_loss_refused"/);
  });

  test('doctor finds nothing on a system that works', async () => {
    const { code, stdout } = await runHoldfast(['doctor', '--json', '--home', home]);
    assert.equal(code, 0, stdout);
    assert.deepEqual((JSON.parse(stdout) as { rootCauses: object[] }).rootCauses, []);
  });
});
