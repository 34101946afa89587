import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from '@holdfast/postgres';
import { forgetTakeover, listTakeovers, readTakeover } from '@holdfast/postgres/cluster';
import { execute, NEW, OLD, prepare, rows, scene } from './embedded-scene.ts';

/** Beside one at each step. Thirty were run when this was written. */
const KILLS = 6;

interface Restorer {
  readonly child: ChildProcess;
  readonly steps: string[];
  /** Resolves when it has ended; rejects when it failed by itself. */
  readonly ended: Promise<void>;
  /** Resolves when it says so, or has ended. */
  reaches(step: string): Promise<void>;
}

function spawnRestorer(home: string, directory: string): Restorer {
  const program = join(import.meta.dirname, 'embedded-process.ts');
  const child = spawn(process.execPath, ['--conditions=holdfast-source', program, home, directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const steps: string[] = [];
  let [text, errors] = ['', ''];
  let waiting: (() => void) | undefined;
  child.stderr?.on('data', chunk => {
    errors += String(chunk);
  });
  child.stdout?.on('data', chunk => {
    text += String(chunk);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    steps.push(...lines);
    waiting?.();
  });
  let over = false;
  const ended = once(child, 'close').then(([code, signal]) => {
    over = true;
    waiting?.();
    assert.ok(code === 0 || signal === 'SIGKILL', `after ${steps.at(-1)}: ${errors}`);
  });
  return {
    child,
    steps,
    ended,
    reaches: async step => {
      while (!steps.includes(step) && !over) {
        await new Promise<void>(resolve => {
          waiting = resolve;
        });
      }
    },
  };
}

const STEPS = [
  'unpacking',
  'recovery is complete',
  'writing it through to the disk',
  'prepared',
  'stopped',
  'epoch',
  'switching',
  'switched',
  'started',
];

test('killed at any moment, the next start finds the old database or the new one, whole', {
  timeout: 1_800_000,
}, async t => {
  const at = await scene(t);
  const { directory, backup } = at.backup;
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(backup.manifest));
  let cluster = at.cluster;
  const seen = { [OLD]: 0, [NEW]: 0 };
  let longestMs = 0;
  await cluster.detach();
  const look = async (): Promise<void> => {
    cluster = await at.start();
    const found = await rows(cluster);
    assert.ok(found === OLD || found === NEW, found);
    seen[found] += 1;
    assert.equal(await readTakeover(at.home), undefined);
    if (found === NEW) await execute(cluster.ownerUrl, sql`insert into t values (9999)`);
    for (const done of await listTakeovers(at.home)) await forgetTakeover(at.home, done);
    await cluster.detach();
  };
  for (const step of STEPS) {
    const restorer = spawnRestorer(at.home, directory);
    await restorer.reaches(step);
    restorer.child.kill('SIGKILL');
    await restorer.ended;
    assert.ok(restorer.steps.includes(step), step);
    await look();
  }
  const whole = spawnRestorer(at.home, directory);
  const begun = performance.now();
  await whole.ended;
  assert.equal(whole.steps.at(-1), 'end');
  longestMs = performance.now() - begun;
  await look();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const restorer = spawnRestorer(at.home, directory);
    const timer = setTimeout(() => restorer.child.kill('SIGKILL'), Math.random() * longestMs);
    await restorer.ended;
    clearTimeout(timer);
    await look();
  }
  t.diagnostic(`${seen[OLD]} times the old one, ${seen[NEW]} times the new one`);
  assert.ok(seen[OLD] > 0 && seen[NEW] > 0);
  await prepare(at);
  const left = (await readdir(at.home)).filter(
    name => name.startsWith('restore-') && !name.endsWith('.json'),
  );
  assert.equal(left.length, 1, 'what killed runs left is removed by the next');
});
