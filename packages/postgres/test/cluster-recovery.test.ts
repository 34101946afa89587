import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { connect, createPool, sql } from '@holdfast/postgres';
import { inspectCluster, lockHome, stopCluster } from '@holdfast/postgres/cluster';
import { eventually, throwawayHome } from '@holdfast/testing';
import { spawnStarter } from './starter.ts';

async function isAlive(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return state !== '' && !/\) [ZX] /.test(state);
}

/** A living process that is no PostgreSQL. */
function startBystander(t: TestContext): number {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  return child.pid ?? 0;
}

async function deadPid(): Promise<number> {
  const child = spawn('true', { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('adoption', () => {
  test('a PostgreSQL left running is taken over with its sessions', async t => {
    const { home, start } = await throwawayHome(t);
    const first = await start();
    const connection = await connect({ url: first.ownerUrl });
    await connection.script('create temporary table mine (n int)');
    await first.detach();
    const second = await start();
    assert.deepEqual([second.adopted, second.pid, second.port], [true, first.pid, first.port]);
    assert.deepEqual(await connection.many(sql`select n from mine`), []);
    await connection.close();
    await second.stop();
    assert.deepEqual(await second.exited, { code: null, signal: null });
    assert.deepEqual(await inspectCluster(home), { state: 'stopped' });
  });

  test('survives kill -9 of its starter, whose hold on the directory ends with it', async t => {
    const { home, start } = await throwawayHome(t);
    const starter = spawnStarter(t, home);
    const outcome = await starter.outcome;
    assert.ok(outcome.started);
    await assert.rejects(start(), { code: 'home_in_use', details: { pid: starter.pid } });
    await starter.kill();
    const adopted = await start();
    assert.deepEqual([adopted.adopted, adopted.pid], [true, outcome.pid]);
  });

  test('the end of an adopted one is noticed', async t => {
    const { start } = await throwawayHome(t);
    const first = await start();
    await first.detach();
    const second = await start();
    process.kill(second.pid, 'SIGKILL');
    assert.deepEqual(await second.exited, { code: null, signal: null });
    assert.deepEqual(await first.exited, { code: null, signal: 'SIGKILL' });
  });

  test('another port that is asked for means a restart', async t => {
    const { start } = await throwawayHome(t);
    const other = await throwawayHome(t);
    const first = await start();
    const elsewhere = await other.start();
    await elsewhere.stop();
    await first.detach();
    const second = await start({ port: elsewhere.port });
    assert.deepEqual([second.adopted, second.port], [false, elsewhere.port]);
  });

  test('one that does not answer is replaced', async t => {
    const { start } = await throwawayHome(t);
    const first = await start();
    await first.detach();
    process.kill(first.pid, 'SIGSTOP');
    const second = await start();
    assert.equal(second.adopted, false);
    assert.notEqual(second.pid, first.pid);
    assert.equal(await isAlive(first.pid), false);
  });

  test('a copy of the directory is not taken for the original', async t => {
    const { home, start } = await throwawayHome(t);
    const original = await start();
    const copy = join(home, 'copy');
    const copying = spawn('cp', ['-a', original.dataDir, copy]);
    await once(copying, 'exit');
    const record = JSON.parse(await readFile(join(home, 'cluster.json'), 'utf8')) as object;
    await writeFile(join(home, 'cluster.json'), JSON.stringify({ ...record, dataDir: 'copy' }));
    assert.deepEqual(await inspectCluster(home), { state: 'stale-pid', pid: original.pid });
    assert.equal(await isAlive(original.pid), true);
  });
});

describe('after an unclean end', () => {
  test('kill -9 of PostgreSQL under load loses no committed row', async t => {
    const { home, start } = await throwawayHome(t);
    const first = await start({ settings: {} });
    const pool = createPool({ url: first.ownerUrl, max: 4 });
    t.after(() => pool.close());
    await pool.execute(sql`create table rows (n int primary key)`);
    const committed: number[] = [];
    let next = 0;
    const writers = Array.from({ length: 4 }, async () => {
      for (;;) {
        next += 1;
        const n = next;
        await pool.execute(sql`insert into rows values (${n})`);
        committed.push(n);
      }
    });
    const ended = Promise.allSettled(writers);
    await eventually(() => committed.length > 100);
    process.kill(first.pid, 'SIGKILL');
    await ended;
    await first.exited;
    assert.deepEqual(await inspectCluster(home), { state: 'stale-pid', pid: first.pid });
    const second = await start();
    assert.equal(second.adopted, false);
    const reader = await connect({ url: second.ownerUrl });
    const found = new Set((await reader.many(sql<{ n: number }>`select n from rows`)).map(({ n }) => n));
    await reader.close();
    assert.deepEqual(
      committed.filter(n => !found.has(n)),
      [],
    );
  });

  for (const [what, makePid] of [
    ['a process that is gone', deadPid],
    ['another program', startBystander],
  ] as const) {
    test(`a postmaster.pid with the number of ${what} does not hinder`, async t => {
      const { home, start } = await throwawayHome(t);
      const first = await start();
      const file = join(first.dataDir, 'postmaster.pid');
      const lines = (await readFile(file, 'utf8')).split('\n');
      await first.stop();
      const pid = await makePid(t);
      await writeFile(file, [String(pid), ...lines.slice(1)].join('\n'));
      assert.deepEqual(await inspectCluster(home), { state: 'stale-pid', pid });
      const steps: string[] = [];
      const second = await start({ onProgress: step => steps.push(step) });
      assert.deepEqual(steps, ['cleaning up after an unclean stop', 'starting PostgreSQL']);
      assert.deepEqual(await inspectCluster(home), { state: 'running', pid: second.pid });
    });
  }

  test('an interrupted initdb is done again', async t => {
    const { home, start } = await throwawayHome(t);
    const starter = spawnStarter(t, home);
    await starter.reaches('creating the database');
    await eventually(async () => {
      const attempt = (await readdir(home)).find(name => /^postgres\.new-[^.]+$/.test(name));
      return attempt !== undefined && (await readdir(join(home, attempt))).includes('base');
    });
    await starter.kill();
    assert.ok(!(await readdir(home)).includes('postgres'));
    const cluster = await start();
    assert.deepEqual(
      (await readdir(home)).filter(name => name.startsWith('postgres')),
      ['postgres'],
    );
    assert.equal(cluster.adopted, false);
  });

  test('a start that was killed before the roles were made is completed', async t => {
    const { home, start } = await throwawayHome(t);
    const starter = spawnStarter(t, home);
    await starter.reaches('creating roles');
    await starter.kill();
    const cluster = await start();
    const connection = await connect({ url: cluster.appUrl });
    assert.deepEqual(await connection.one(sql`select current_user::text as name`), { name: 'holdfast_app' });
    await connection.close();
  });
});

describe('one state directory', () => {
  test('of several starts at once one succeeds and the others say who', async t => {
    const { home } = await throwawayHome(t);
    const starters = [1, 2, 3].map(() => spawnStarter(t, home));
    const outcomes = await Promise.all(starters.map(({ outcome }) => outcome));
    const winner = starters[outcomes.findIndex(({ started }) => started)];
    const refused = outcomes.filter(outcome => !outcome.started);
    assert.equal(refused.length, 2);
    for (const { code, message } of refused) {
      assert.equal(code, 'home_in_use');
      const named = Number(/\(pid (\d+)\)/.exec(message)?.[1]);
      assert.ok(starters.some(({ pid }) => pid === named));
    }
    assert.ok(winner);
  });

  test('is locked for a second start in the same process, and free after stop', async t => {
    const { home, start } = await throwawayHome(t);
    const cluster = await start();
    await assert.rejects(start(), { code: 'home_in_use', message: /This process/ });
    await cluster.stop();
    await (await lockHome(home)).release();
  });

  test('is free again when PostgreSQL ended by itself, unless the caller holds the lock', async t => {
    const { home, start } = await throwawayHome(t);
    const lock = await lockHome(home);
    const first = await start({ lock });
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    await assert.rejects(lockHome(home), { code: 'home_in_use' });
    const second = await start({ lock });
    await second.stop();
    await lock.release();
    const third = await start();
    process.kill(third.pid, 'SIGKILL');
    await third.exited;
    await eventually(() => lockHome(home).then(taken => taken.release().then(() => true)));
  });
});

describe('stop', () => {
  test('ends sessions, may be repeated, and works on a frozen server', async t => {
    const { start } = await throwawayHome(t);
    const cluster = await start();
    const connection = await connect({ url: cluster.ownerUrl });
    await connection.query(sql`begin`);
    process.kill(cluster.pid, 'SIGSTOP');
    await cluster.stop();
    await cluster.stop();
    assert.deepEqual(await cluster.exited, { code: 0, signal: null });
    await assert.rejects(connection.query(sql`select 1`), { code: 'database_unavailable' });
    await connection.close();
  });

  test('immediate leaves a database that recovers', async t => {
    const { start } = await throwawayHome(t);
    const cluster = await start();
    await cluster.stop('immediate');
    assert.equal((await start()).adopted, false);
  });

  test('stopCluster ends what somebody else started', async t => {
    const { home } = await throwawayHome(t);
    const starter = spawnStarter(t, home);
    const outcome = await starter.outcome;
    assert.ok(outcome.started);
    assert.equal(await stopCluster(home), true);
    assert.equal(await isAlive(outcome.pid), false);
    assert.equal(await stopCluster(home), false);
  });
});
