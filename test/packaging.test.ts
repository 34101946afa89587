import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { publishablePackages } from '../scripts/build/publishable.ts';
import { runCommand } from '../scripts/build/run-command.ts';
import { startHoldfast } from './start-holdfast.ts';

const ROOT = join(import.meta.dirname, '..');

/** What a package may hold, and nothing besides. */
const ALLOWED = [
  /^package\/(package\.json|README\.md|LICENSE)$/,
  /^package\/bin\/[a-z-]+\.js$/,
  /^package\/dist\/.+\.(js|d\.ts|html|css|svg)$/,
  /^package\/dist\/(migrations|seeds)\/[a-z0-9_-]+\.sql$/,
];

/** The build and an npm install take their time on a busy machine. */
const PATIENCE = { timeout: 280_000 };

describe('the published packages', PATIENCE, () => {
  let directory: string;
  let tarballs: string[];
  let consumer: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hf-pack-'));
    tarballs = await build(directory);
    consumer = join(directory, 'consumer');
    await install(consumer, tarballs);
  }, PATIENCE);

  after(() => rm(directory, { recursive: true, force: true }));

  test('there is one for each package that is not private', async () => {
    const packages = await publishablePackages(ROOT);
    const expected = packages.map(
      ({ manifest }) => `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`,
    );
    assert.deepEqual(tarballs.map(path => basename(path)).sort(), expected.sort());
  });

  test('they hold a LICENSE, a README and built files, and nothing that only development needs', async () => {
    for (const tarball of tarballs) {
      const files = (await runCommand('tar', ['-tzf', tarball], directory)).trim().split('\n');
      const strangers = files.filter(
        path => !ALLOWED.some(pattern => pattern.test(path)) || /\.test\./.test(path),
      );
      assert.deepEqual(strangers, [], basename(tarball));
      for (const required of ['LICENSE', 'README.md', 'package.json']) {
        assert.ok(files.includes(`package/${required}`), `${required} in ${basename(tarball)}`);
      }
    }
  });

  test('their manifests name no sources and no scripts', async () => {
    for (const { manifest } of await publishablePackages(ROOT)) {
      const text = await readFile(join(consumer, 'node_modules', manifest.name, 'package.json'), 'utf8');
      assert.doesNotMatch(
        text,
        /holdfast-source|\.ts"(?<!\.d\.ts")|"scripts"|"devDependencies"/,
        manifest.name,
      );
    }
  });

  test('every exported entry can be imported, and its types resolve', async () => {
    const entries = (await publishablePackages(ROOT)).flatMap(({ manifest }) =>
      Object.keys(manifest.exports ?? {}).map(path => manifest.name + path.slice(1)),
    );
    const lines = entries.map(
      (entry, index) => `import * as entry${index} from '${entry}';\nvoid entry${index};`,
    );
    await writeFile(join(consumer, 'entries.mjs'), lines.join('\n'));
    await runCommand(process.execPath, ['entries.mjs'], consumer);
    await typecheck(consumer, [
      ...lines,
      `import { HoldfastError } from '@holdfast/core';`,
      `import { createPool, sql } from '@holdfast/postgres';`,
      `const pool = createPool({ url: 'postgresql://localhost/x' });`,
      'export const answer: Promise<{ n: number }> = pool.one(sql<{ n: number }>`select 1 as n`);',
      '// @ts-expect-error the code has to be a registered one: types are more than any',
      `export const wrong = new HoldfastError('no_such_code', 'text');`,
    ]);
  });

  test('the command runs', async () => {
    const holdfast = join(consumer, 'node_modules/.bin/holdfast');
    const { manifest } = (await publishablePackages(ROOT)).find(item => item.manifest.bin) ?? {};
    const output = await runCommand(holdfast, ['--version'], consumer);
    assert.match(output, new RegExp(`\\b${manifest?.version.replaceAll('.', '\\.')}\\b`));
  });

  test('holdfast start brings the installed system up', async () => {
    const holdfast = await startHoldfast(join(consumer, 'node_modules/.bin/holdfast'));
    try {
      const response = await fetch(`${holdfast.ready.url}/health`, { signal: AbortSignal.timeout(10_000) });
      assert.equal(response.status, 200);
    } finally {
      assert.equal(await holdfast.stop(), 0);
    }
  });
});

async function build(directory: string): Promise<string[]> {
  const output = join(directory, 'tarballs');
  await runCommand(process.execPath, [join(ROOT, 'scripts/build.ts'), output], ROOT);
  return (await readdir(output)).map(name => join(output, name));
}

async function install(consumer: string, tarballs: readonly string[]): Promise<void> {
  await mkdir(consumer);
  const root = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { allowScripts: unknown };
  const manifest = { name: 'consumer', private: true, type: 'module', allowScripts: root.allowScripts };
  await writeFile(join(consumer, 'package.json'), JSON.stringify(manifest));
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await runCommand('npm', ['install', ...options, ...tarballs], consumer);
}

async function typecheck(consumer: string, lines: readonly string[]): Promise<void> {
  await writeFile(join(consumer, 'consumer.ts'), lines.join('\n'));
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    types: ['node'],
  };
  await writeFile(
    join(consumer, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
  );
  await runCommand(join(ROOT, 'node_modules/.bin/tsc'), ['-p', consumer], consumer);
}
