import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { injections } from '@holdfast/testing';
import { runMatrix } from './matrix.ts';
import { SUBJECTS } from './own-subjects.ts';
import { judge, renderMatrix } from './render.ts';

test('an index dropped at both systems is named and mended, and the systems are sound before and after', async () => {
  const parts: number[] = [];
  const result = await runMatrix({
    ...{ stacks: ['own', 'other'], seed: 7, seeds: 1, only: 'index_missing', pairs: 0, healthy: 12 },
    progress: { say: () => undefined, isOver: () => false },
    onPart: async ({ cells }) => void parts.push(cells.length),
  });
  assert.deepEqual(
    result.cells.map(({ stack, kind, score }) => [stack, kind, score.exact, score.grounded]),
    [
      ['own', 'indexMissing', true, true],
      ['own', 'uniqueIndexDropped', true, true],
      ['other', 'indexDropped', true, true],
    ],
    renderMatrix(result),
  );
  assert.deepEqual([result.troubles, result.afterwards], [[], { runs: 3, reports: [] }]);
  assert.deepEqual(parts, [2, 3]);
  const verdict = judge(result);
  assert.deepEqual([verdict.passed, verdict.healthyRuns, verdict.healthyReports], [true, 15, 0]);
});

test('every exported injection that is made with names has subjects', () => {
  const made = Object.entries(injections).filter(
    ([, exported]) => typeof exported === 'function' && exported.length > 0,
  );
  assert.ok(made.length > 5);
  assert.deepEqual(
    made.map(([name]) => name).filter(name => SUBJECTS[name] === undefined),
    [],
  );
});

test('a run that is ended by a signal leaves neither processes nor files', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-matrix-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  // PostgreSQL started by root is another user and must get in
  await chmod(directory, 0o755);
  const run = spawn(
    process.execPath,
    [
      ...process.execArgv,
      join(import.meta.dirname, 'run.ts'),
      '--stack',
      'own',
      '--pairs',
      '0',
      '--healthy',
      '0',
    ],
    { env: { ...process.env, TMPDIR: directory }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(run, 'exit');
  await Promise.race([once(createInterface({ input: run.stderr }), 'line'), exited]);
  assert.notDeepEqual(await readdir(directory), []);
  run.kill('SIGTERM');
  await exited;
  assert.deepEqual(await readdir(directory), []);
  assert.deepEqual(await commandsAbout(directory), []);
});

async function commandsAbout(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    const command = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
    if (command.includes(directory)) found.push(command.replaceAll('\0', ' '));
  }
  return found;
}
