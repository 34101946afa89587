import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { DependencyAudit } from '@holdfast/doctor/dependencies';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

/** A project that asks for a version; its lock was made for version 1. */
async function project(t: TestContext, range: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-cli-dependencies-'));
  t.after(() => rm(directory, { recursive: true }));
  const root = { name: 'shop', devDependencies: { left: '^1.0.0' } };
  const packages = { '': root, 'node_modules/left': { version: '1.0.0', dev: true } };
  await writeFile(
    join(directory, 'package.json'),
    JSON.stringify({ ...root, devDependencies: { left: range } }),
  );
  await writeFile(join(directory, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
  return directory;
}

describe('holdfast dependencies', () => {
  it('exits with 0 where nothing is wrong, 1 with a problem, and says what helps', async t => {
    const sound = await runHoldfast(['dependencies', await project(t, '^1.0.0'), '--offline']);
    assert.equal(sound.code, 0, sound.stdout);
    assert.match(sound.stdout, /^shop: no problem in its dependencies\.$/m);
    const drifted = await runHoldfast(['dependencies', '--offline'], {}, await project(t, '^2.0.0'));
    assert.equal(drifted.code, 1);
    assert.match(
      drifted.stdout,
      /^lock drift: package\.json asks for left \^2\.0\.0, and the lock was made for \^1\.0\.0\.$/m,
    );
    assert.match(drifted.stdout, /^ {2}→ Write the lock anew: npm install/m);
  });

  it('exits with 3 when the registry could not be asked, and without a package.json', async t => {
    const directory = await project(t, '^1.0.0');
    const args = ['dependencies', directory, '--registry', 'http://127.0.0.1:9'];
    const { code, result } = await runHoldfastJson<DependencyAudit>(args);
    assert.deepEqual([code, result.status, result.advisories.asked], [3, 'incomplete', false]);
    await mkdir(join(directory, 'empty'));
    const nothing = await runHoldfastJson<{ status: string; reason: string }>([
      'dependencies',
      join(directory, 'empty'),
    ]);
    assert.deepEqual([nothing.code, nothing.result.status], [3, 'not_examined']);
    assert.match(nothing.result.reason, /^There is no package\.json in /);
  });

  it('exits with 2 for what it cannot understand', async t => {
    const directory = await project(t, '^1.0.0');
    const wrong = [
      ['dependencies', join(directory, 'nowhere')],
      ['dependencies', directory, '--node', '22'],
      ['dependencies', directory, '--registry', 'npm'],
      ['dependencies', directory, '--offline', '--registry', 'http://127.0.0.1:9'],
      ['dependencies', directory, '--timeout', '0'],
      ['dependencies', directory, 'another'],
    ];
    for (const args of wrong) assert.equal((await runHoldfast(args)).code, 2, args.join(' '));
  });
});
