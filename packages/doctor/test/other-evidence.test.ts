import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseSettings } from '@holdfast/core';
import { type GeneratedLog, generateLog, renderNginxLog } from '@holdfast/testing';
import { type Diagnosis, examine, loadConfig, resolveOtherTarget, resolveTarget } from '../src/index.ts';
import { assertSchema } from './assert-schema.ts';
import { lockOf, projectOf, registryOf } from './dependencies-fixture.ts';

/** A file of another name each time: what was imported once stays as it was. */
async function diagnose(directory: string, config: object): Promise<Diagnosis> {
  const path = join(directory, `${randomUUID()}.json`);
  await writeFile(path, JSON.stringify(config));
  const diagnosis = await examine(await resolveOtherTarget(await loadConfig(path), {}));
  assertSchema(diagnosis);
  return diagnosis;
}

const outcomesOf = ({ checks }: Diagnosis, layer: string) =>
  checks.filter(({ id }) => id.startsWith(layer)).map(({ id, outcome }) => `${outcome} ${id}`);

describe('the time of an examination', () => {
  const lateOf = ({ notExamined }: Diagnosis): string[] =>
    notExamined.filter(({ outOfTime }) => outOfTime).map(({ why }) => why);

  it('is what the configuration says, unless another is asked for', async t => {
    const directory = await mkdtemp(join(tmpdir(), 'hf-other-time-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.after(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const path = join(directory, 'system.json');
    await writeFile(path, JSON.stringify({ api: { urls: [`http://127.0.0.1:${port}`] }, timeoutMs: 50 }));
    const target = await resolveOtherTarget(await loadConfig(path), {});
    assert.match(lateOf(await examine(target))[0] ?? '', /the examination, 50ms, was over/);
    assert.match(
      lateOf(await examine(target, { timeoutMs: 70 }))[0] ?? '',
      /the examination, 70ms, was over/,
    );
    assert.equal((await examine(target)).status, 'not_examined');
    const wrong = join(directory, 'wrong.json');
    await writeFile(wrong, '{"timeoutMs": 0}');
    await assert.rejects(loadConfig(wrong), /timeoutMs/);
  });
});

describe('the logs of another system', () => {
  async function directoryOf(t: TestContext): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'hf-other-logs-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    return directory;
  }

  /** An access log whose last line is of this moment. */
  function endingNow(log: GeneratedLog): string {
    const last = log.requests.at(-1)?.time ?? 0;
    const shift = Date.now() - 5_000 - last;
    const requests = log.requests.map(line => ({ ...line, time: line.time + shift }));
    return renderNginxLog({ ...log, requests });
  }

  it('tell of an incident that goes on, as a weakness and with those affected', async t => {
    const directory = await directoryOf(t);
    const seeds = Array.from({ length: 20 }, (_, seed) =>
      generateLog({ seed, incident: 'deployment_regression' }),
    );
    const lasting = seeds.find(
      ({ requests, truth }) =>
        (requests.at(-1)?.time ?? 0) - (truth?.end ?? 0) < 120_000 && (truth?.clients.size ?? 0) >= 25,
    );
    assert.ok(lasting !== undefined, 'a log whose incident goes on');
    await writeFile(join(directory, 'access.log'), endingNow(lasting));
    const diagnosis = await diagnose(directory, { logs: ['access.log'] });
    assert.equal(diagnosis.status, 'degraded');
    assert.match(
      diagnosis.degraded[0]?.detail ?? '',
      /POST \/api\/v1\/chat\/conversations\/\{id\}\/messages.* \d\d clients affected/,
    );
  });

  it('tell of none in a healthy one, and are not examined when they are not there', async t => {
    const directory = await directoryOf(t);
    await appendFile(join(directory, 'access.log'), endingNow(generateLog({ seed: 1_001 })));
    const healthy = await diagnose(directory, { logs: ['access.log', 'rotated-away.log'] });
    assert.deepEqual(outcomesOf(healthy, 'logs.'), ['pass logs.incidents']);
    const absent = await diagnose(directory, { logs: ['nowhere.log'] });
    assert.deepEqual(
      [absent.status, outcomesOf(absent, 'logs.')],
      ['not_examined', ['unknown logs.incidents']],
    );
  });
});

describe('the packages of another system', () => {
  const ROOT = { name: 'shop', dependencies: { react: '^19.0.0', view: '^1.0.0' } };
  const PACKAGES = {
    'node_modules/react': { version: '19.1.0' },
    'node_modules/view': { version: '1.0.0', dependencies: { react: '^18.0.0' } },
    'node_modules/view/node_modules/react': { version: '18.3.1' },
  };
  const ADVISORY = {
    view: [
      {
        id: 1,
        title: 'reads too much',
        severity: 'high',
        vulnerable_versions: '<2',
        url: 'https://x.example',
      },
    ],
  };

  it('are a weakness when they are doubled or vulnerable, and a registry without an answer is no answer', async t => {
    const directory = await projectOf(t, {
      'package.json': ROOT,
      'package-lock.json': lockOf(ROOT, PACKAGES),
      'shop.js': "import 'react';\nimport 'view';\n",
    });
    const known = await registryOf(t, { status: 200, body: JSON.stringify(ADVISORY) });
    const asked = await diagnose(directory, { dependencies: { directory: '.', registry: known.url } });
    assert.deepEqual(outcomesOf(asked, 'dependencies.'), [
      'pass dependencies.installed',
      'degraded dependencies.single',
      'pass dependencies.engines',
      'degraded dependencies.vulnerabilities',
    ]);
    assert.deepEqual([asked.status, asked.rootCauses], ['degraded', []]);
    const mute = await registryOf(t, { status: 500, body: '' });
    const unasked = await diagnose(directory, { dependencies: { directory: '.', registry: mute.url } });
    assert.deepEqual(outcomesOf(unasked, 'dependencies.').slice(-1), [
      'unknown dependencies.vulnerabilities',
    ]);
  });

  it('are looked at for a Holdfast, too, when a project is named', async t => {
    const directory = await projectOf(t, {
      'package.json': ROOT,
      'package-lock.json': lockOf(ROOT, PACKAGES),
      'shop.js': "import 'react';\nimport 'view';\n",
    });
    const { url } = await registryOf(t, { status: 200, body: '{}' });
    const project = { directory, node: '22.11.0', registry: url };
    const home = join(directory, 'no-home');
    const diagnosis = await examine(await resolveTarget({ home, settings: parseSettings([]), project }));
    assert.ok(outcomesOf(diagnosis, 'dependencies.').includes('degraded dependencies.single'));
    assert.ok(outcomesOf(diagnosis, 'dependencies.').includes('pass dependencies.vulnerabilities'));
    assert.equal(typeof diagnosis.timings.probes.dependencies, 'number');
  });

  it('are not examined where there is no package.json', async t => {
    const directory = await projectOf(t, { 'readme.txt': '' });
    const diagnosis = await diagnose(directory, { dependencies: { directory: '.' } });
    assert.equal(diagnosis.status, 'not_examined');
    assert.ok(outcomesOf(diagnosis, 'dependencies.').every(line => line.startsWith('unknown ')));
  });
});
