import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from './eventually.ts';
import {
  BINARY,
  cleanEnvironment,
  collect,
  findOldNode,
  runHoldfast,
  spawnHoldfast,
} from './run-holdfast.ts';

const oldNode = findOldNode();
const skip = oldNode === undefined ? 'there is no older Node.js on this machine' : false;
const directory = mkdtempSync(join(tmpdir(), 'holdfast-launcher-'));
after(() => rmSync(directory, { recursive: true }));

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const runtimes = [
  { name: 'Node.js 24', node: process.execPath, skip: false },
  { name: 'an older Node.js', node: oldNode ?? '', skip },
] as const;

for (const { name, node, skip: skipped } of runtimes) {
  test(`on ${name} the program runs, and its output and exit code come through`, {
    skip: skipped,
  }, async () => {
    const fine = await runHoldfast(['--version'], { node });
    assert.deepEqual({ ...fine }, { code: 0, signal: null, stdout: `${version}\n`, stderr: '' });
    const wrong = await runHoldfast(['--nonsense'], { node });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /unknown option --nonsense/);
  });

  test(`on ${name} signals reach the program, and its exit code comes back`, { skip: skipped }, async () => {
    const home = join(directory, name.replaceAll(/\W/g, ''));
    const child = spawnHoldfast(['keeper', '--json', '--port', '0', '--home', home], {
      node,
      cwd: directory,
    });
    const output = collect(child);
    const closed = new Promise(resolve => child.once('close', (code, signal) => resolve({ code, signal })));
    await eventually('the keeper is ready', () => output.stdout.includes('"ready":true'));
    child.kill('SIGTERM');
    assert.deepEqual(await closed, { code: 0, signal: null }, output.stderr);
  });
}

test('on Node.js 24 the program runs in the process of the launcher itself', async () => {
  const home = join(directory, 'same');
  const child = spawnHoldfast(['keeper', '--json', '--port', '0', '--home', home], { cwd: directory });
  const output = collect(child);
  const closed = new Promise(resolve => child.once('close', resolve));
  await eventually('the keeper is ready', () => output.stdout.includes('\n'));
  const { pids } = JSON.parse(output.stdout) as { pids: { keeper: number } };
  assert.equal(pids.keeper, child.pid);
  child.kill('SIGINT');
  assert.equal(await closed, 0);
});

test('a program that is killed by a signal ends the launcher by the same signal', { skip }, async () => {
  const home = join(directory, 'killed');
  const child = spawnHoldfast(['keeper', '--json', '--port', '0', '--home', home], {
    node: oldNode ?? '',
    cwd: directory,
  });
  const output = collect(child);
  const closed = new Promise(resolve => child.once('close', (code, signal) => resolve({ code, signal })));
  await eventually('the keeper is ready', () => output.stdout.includes('\n'));
  const { pids } = JSON.parse(output.stdout) as { pids: { keeper: number } };
  assert.notEqual(pids.keeper, child.pid);
  process.kill(pids.keeper, 'SIGKILL');
  assert.deepEqual(await closed, { code: null, signal: 'SIGKILL' });
});

test('the program stops in order when its launcher was killed', { skip }, async () => {
  const home = join(directory, 'orphan');
  const child = spawnHoldfast(['keeper', '--json', '--port', '0', '--home', home], {
    node: oldNode ?? '',
    cwd: directory,
  });
  const output = collect(child);
  await eventually('the keeper is ready', () => output.stdout.includes('\n'));
  child.kill('SIGKILL');
  await eventually('the program has stopped', () => output.stderr.includes('\nstopped\n'));
});

test('a reader that goes away is no error', async () => {
  const child = spawn('/bin/sh', ['-c', `"${process.execPath}" "${BINARY}" help | head -n 1`], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  await new Promise(resolve => child.once('close', resolve));
  assert.equal(output.stdout, 'Usage: holdfast <command> [options]\n');
  assert.equal(output.stderr, '');
});
