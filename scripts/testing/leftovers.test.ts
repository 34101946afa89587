import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findLeftovers } from './leftovers.ts';

const onLinux = { skip: process.platform === 'linux' ? false : 'reads /proc' };
const ABSENT = '/nowhere/at/all';

async function idleProcess(t: TestContext, options: { cwd?: string; env?: NodeJS.ProcessEnv }) {
  const child = spawn(process.execPath, ['-e', 'console.log(1);setInterval(()=>{},1000)'], {
    ...options,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid;
}

test('finds a process by its environment', onLinux, async t => {
  const mark = `mark-${crypto.randomUUID()}`;
  assert.deepEqual(await findLeftovers(mark, ABSENT), []);
  const pid = await idleProcess(t, { env: { MARK: mark } });
  const found = await findLeftovers(mark, ABSENT);
  assert.deepEqual(
    found.map(leftover => leftover.pid),
    [pid],
  );
  assert.match(found[0]?.command ?? '', /setInterval/);
});

test('finds a process by its working directory', onLinux, async t => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-leftover-'));
  t.after(() => rm(directory, { recursive: true }));
  const pid = await idleProcess(t, { cwd: directory });
  const found = await findLeftovers(`mark-${crypto.randomUUID()}`, directory);
  assert.deepEqual(
    found.map(leftover => leftover.pid),
    [pid],
  );
});
