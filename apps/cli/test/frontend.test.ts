import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Diagnosis } from '@holdfast/doctor';
import type { FrontendMap } from '@holdfast/doctor/frontend';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

const OPENAPI = JSON.stringify({
  openapi: '3.0.3',
  paths: { '/api/birds': { get: {}, post: {} }, '/api/birds/{id}': { get: {} } },
});
const SOUND = "export const birds = () => fetch('/api/birds');\n";
const BROKEN = `${SOUND}export async function one(id) {
  try {
    return await fetch(\`/api/birds/\${id}\`, { method: 'DELETE' });
  } catch (error) {
    if (error.response.status === 404) return undefined;
  }
}
`;

async function tree(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-cli-frontend-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

describe('holdfast frontend map', () => {
  it('exits with 0 when nothing is wrong, and says in a few lines what there is', async t => {
    const root = await tree(t, { 'src/birds.js': SOUND, 'node_modules/x/index.js': BROKEN });
    const { code, stdout } = await runHoldfast(['frontend', 'map', root]);
    assert.equal(code, 0);
    const [headline, ...rest] = stdout.trimEnd().split('\n');
    assert.equal(headline, '✓ 1 call of the API in 1 file, and no defect');
    assert.ok(rest.includes('calls         1 resolved, 0 dynamic, 0 to third parties (fetch 1)'));
    assert.ok(rest.includes('left out      dependencies 1'));
  });

  it('exits with 1 and names each defect with its place and what to do', async t => {
    const root = await tree(t, { 'src/birds.js': BROKEN, 'openapi.json': OPENAPI });
    const args = ['frontend', 'map', root, '--openapi', join(root, 'openapi.json')];
    const { code, stdout } = await runHoldfast(args);
    assert.equal(code, 1);
    const lines = stdout.split('\n');
    assert.equal(lines[0], '✗ 2 defects · 2 calls of the API in 1 file');
    assert.ok(lines.includes('wrong_method  src/birds.js:4:18'));
    assert.ok(lines.includes('unguarded_error_response  src/birds.js:6:9'));
    assert.match(stdout, /^ {2}→ Read it with \?\./m);
    const all = await runHoldfast([...args, '--verbose']);
    assert.match(all.stdout, /^ {2}DELETE {2}\/api\/birds\/\{id\} {2}src\/birds\.js:4:18$/m);
    assert.match(all.stdout, /^ +never: POST \/api\/birds$/m);
  });

  it('has everything as JSON, and nothing but JSON', async t => {
    const root = await tree(t, { 'src/birds.js': BROKEN, 'openapi.json': OPENAPI });
    const args = ['frontend', 'map', root, '--openapi', join(root, 'openapi.json')];
    const { code, result } = await runHoldfastJson<FrontendMap>(args);
    assert.equal(code, 1);
    assert.equal(result.schemaVersion, 1);
    assert.deepEqual(
      result.calls.map(({ method, path, resolution, file, line }) => ({
        method,
        path,
        resolution,
        file,
        line,
      })),
      [
        { method: 'GET', path: '/api/birds', resolution: 'resolved', file: 'src/birds.js', line: 1 },
        { method: 'DELETE', path: '/api/birds/{id}', resolution: 'resolved', file: 'src/birds.js', line: 4 },
      ],
    );
    assert.deepEqual(result.findings.map(({ code: found }) => found).sort(), [
      'unguarded_error_response',
      'wrong_method',
    ]);
    assert.deepEqual(result.comparison?.neverCalled, ['POST /api/birds', 'GET /api/birds/{id}']);
  });

  it('exits with 2 for a wrong word, no directory, and a document that is none', async t => {
    const root = await tree(t, {
      'src/birds.js': SOUND,
      'openapi.json': '{"swagger":"2.0"}',
      'openapi.yaml': 'openapi: [3',
    });
    const map = ['frontend', 'map', root, '--openapi'];
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['frontend'], /takes map DIR/],
      [['frontend', 'draw', root], /not "draw"/],
      [['frontend', 'map'], /needs the directory of the sources/],
      [['frontend', 'map', join(root, 'nowhere')], /There is no directory/],
      [['frontend', 'map', join(root, 'openapi.json')], /There is no directory/],
      [[...map, join(root, 'openapi.json')], /is not an OpenAPI 3 document/],
      [[...map, join(root, 'openapi.yaml')], /openapi\.yaml:1:\d+: /],
      [[...map, join(root, 'none.json')], /cannot be read/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runHoldfast(args);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.match(stderr, message);
    }
  });

  it('exits with 3 when there is nothing that can be examined', async t => {
    const none = await runHoldfast(['frontend', 'map', await tree(t, { 'README.md': 'nothing' })]);
    assert.equal(none.code, 3);
    assert.match(none.stdout, /^No sources of a frontend were found here\.$/m);
    const broken = await runHoldfast(['frontend', 'map', await tree(t, { 'src/a.js': 'fetch(((' })]);
    assert.equal(broken.code, 3);
    assert.match(broken.stdout, /^not read: src\/a\.js: /m);
  });

  it('tells in its help what it does, with examples and the exit status', async () => {
    const { code, stdout } = await runHoldfast(['frontend', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /holdfast frontend map web --openapi openapi\.json/);
    assert.match(stdout, /EXIT STATUS/);
  });
});

describe('holdfast doctor --frontend', () => {
  it('names a fault in the sources as the cause', async t => {
    const root = await tree(t, { 'src/birds.js': BROKEN, 'openapi.json': OPENAPI });
    const home = ['--home', join(root, 'no-holdfast')];
    const args = ['doctor', ...home, '--frontend', root, '--openapi', join(root, 'openapi.json')];
    const { code, result } = await runHoldfastJson<Diagnosis>(args);
    assert.equal(code, 1);
    assert.deepEqual(result.rootCauses.map(({ code: cause, subject }) => `${cause} ${subject}`).sort(), [
      'frontend_calls_missing_operation source:src/birds.js:4',
      'frontend_unguarded_error source:src/birds.js:6',
    ]);
    const alone = await runHoldfast(['doctor', ...home, '--openapi', 'holdfast']);
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /--frontend names its sources/);
  });
});
