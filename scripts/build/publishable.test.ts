import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { publishablePackages, publishedManifest } from './publishable.ts';

const ROOT = join(import.meta.dirname, '../..');

test('a published manifest leads to built files alone', () => {
  const manifest = {
    name: '@holdfast/example',
    version: '1.0.0',
    description: 'An example.',
    private: false,
    files: ['dist'],
    scripts: { prepare: 'exit 1' },
    dependencies: { uuid: '1.0.0' },
    devDependencies: { '@holdfast/testing': '1.0.0' },
    exports: {
      '.': { 'holdfast-source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
      './part': { 'holdfast-source': './src/part.ts', default: './dist/part.js' },
    },
  };
  assert.deepEqual(publishedManifest(manifest), {
    name: '@holdfast/example',
    version: '1.0.0',
    description: 'An example.',
    engines: { node: '>=24' },
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './part': { default: './dist/part.js' },
    },
    files: ['dist'],
    dependencies: { uuid: '1.0.0' },
    publishConfig: { access: 'public' },
  });
});

test('each package comes after the ones that it depends on; private ones are left out', async () => {
  const packages = await publishablePackages(ROOT);
  const names = packages.map(({ manifest }) => manifest.name);
  for (const { manifest } of packages) {
    const own = Object.keys(manifest.dependencies ?? {}).filter(name => name.startsWith('@holdfast/'));
    for (const name of own) {
      assert.ok(names.indexOf(name) < names.indexOf(manifest.name), `${name} before ${manifest.name}`);
    }
  }
  assert.ok(names.includes('@holdfast/cli'));
  assert.ok(!names.includes('@holdfast/testing'));
});
