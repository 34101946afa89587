import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { LogAnalysis } from '@holdfast/doctor/logs';
import { generateLog, renderJsonLog, renderNginxLog, type ScenarioName } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';
import { BINARY, cleanEnvironment } from './run-holdfast.ts';

async function logFile(t: TestContext, incident?: ScenarioName): Promise<{ file: string; dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-cli-logs-'));
  t.after(() => rm(dir, { recursive: true }));
  const log = generateLog({ seed: 1, ...(incident === undefined ? {} : { incident }) });
  await writeFile(join(dir, 'access.log'), renderNginxLog(log));
  await writeFile(join(dir, 'server.ndjson'), renderJsonLog(log));
  return { file: join(dir, 'access.log'), dir };
}

describe('holdfast logs analyze', () => {
  it('exits with 0 where nothing is wrong, 1 with an open incident, and says which', async t => {
    const healthy = await logFile(t);
    const fine = await runHoldfast(['logs', 'analyze', healthy.file]);
    assert.equal(fine.code, 0);
    assert.match(fine.stdout, /^No incident\. [\d,]+ requests and 0 messages, /);
    const broken = await logFile(t, 'deployment_regression');
    const found = await runHoldfast(['logs', 'analyze', join(broken.dir, '*.ndjson')]);
    assert.equal(found.code, 1);
    assert.match(
      found.stdout,
      /^POST \/api\/v1\/chat\/conversations\/\{id\}\/messages fails with 500 since a deployment$/m,
    );
    assert.match(found.stdout, /← the cause$/m);
    assert.ok(found.stdout.split('\n').length < 50, 'more than a screen');
  });

  it('says of gzip, zstd and plain files with the rest on standard input what it says of the whole', async t => {
    const dir = await mkdtemp(join(tmpdir(), 'holdfast-cli-logs-'));
    t.after(() => rm(dir, { recursive: true }));
    const lines = renderNginxLog(generateLog({ seed: 3, incident: 'upstream_down' })).split(/(?<=\n)/);
    const part = (index: number) =>
      lines.slice((lines.length * index) / 4, (lines.length * (index + 1)) / 4).join('');
    await writeFile(join(dir, 'access.log.2.gz'), gzipSync(part(0)));
    await writeFile(join(dir, 'access.log.1.zst'), zstdCompressSync(part(1)));
    await writeFile(join(dir, 'access.log'), part(2));
    await writeFile(join(dir, 'whole.txt'), lines.join(''));
    const analyze = (...names: string[]): LogAnalysis => {
      const args = [BINARY, 'logs', 'analyze', ...names, '--json', '--no-env-file'];
      const options = { cwd: dir, env: cleanEnvironment(), input: part(3), maxBuffer: 1 << 26 };
      return JSON.parse(String(spawnSync(process.execPath, args, options).stdout)) as LogAnalysis;
    };
    const [parts, whole] = [analyze('access.log*', '-'), analyze('whole.txt')];
    const told = ({ incidents, totals, statuses }: LogAnalysis) => ({
      ...{ statuses, requests: totals.requests, clients: totals.clients },
      incidents: incidents.map(({ kind, onset, end, endpoints, affected }) => [
        kind,
        onset,
        end,
        endpoints,
        affected,
      ]),
    });
    assert.equal(parts.sources.length, 4);
    assert.deepEqual(told(parts), told(whole));
    assert.deepEqual(
      whole.incidents.map(({ kind }) => kind),
      ['upstream_down'],
    );
  });

  it('takes a deployment that no log tells of', async t => {
    const { file } = await logFile(t, 'deployment_regression');
    const log = generateLog({ seed: 1, incident: 'deployment_regression' });
    const at = new Date(log.deployments[0]?.time ?? 0).toISOString();
    const args = ['logs', 'analyze', file];
    const without = await runHoldfastJson<LogAnalysis>(args);
    assert.deepEqual(
      without.result.incidents.map(({ kind }) => kind),
      ['route_failure'],
    );
    const given = await runHoldfastJson<LogAnalysis>([...args, '--event', `${at}=deploy v2, again`]);
    assert.deepEqual(
      given.result.incidents.map(({ kind }) => kind),
      ['deployment_regression'],
    );
    assert.match(JSON.stringify(given.result.incidents[0]?.events), /deploy v2, again/);
  });

  it('exits with 2 for what it cannot understand', async t => {
    const { file, dir } = await logFile(t);
    await writeFile(join(dir, 'no.json'), '{}');
    const wrong = [
      ['logs'],
      ['logs', 'analyze'],
      ['logs', 'show', file],
      ['logs', 'analyze', file, '--since', 'yesterday'],
      ['logs', 'analyze', file, '--since', '2026-01-02', '--until', '2026-01-01'],
      ['logs', 'analyze', file, '--since', '1h', '--window', '1h'],
      ['logs', 'analyze', file, '--format', 'xml'],
      ['logs', 'analyze', file, '--event', 'deploy'],
      ['logs', 'analyze', file, '--openapi', join(dir, 'no.json')],
      ['logs', 'analyze', '-', '--follow'],
    ];
    for (const args of wrong) assert.equal((await runHoldfast(args)).code, 2, args.join(' '));
  });

  it('exits with 3 when nothing can be read, and says what is missing', async t => {
    const { dir, file } = await logFile(t);
    const missing = await runHoldfast(['logs', 'analyze', join(dir, 'none.log')]);
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /none\.log: no such file/);
    const outside = await runHoldfast([
      'logs',
      'analyze',
      file,
      '--since',
      '2030-01-01',
      '--until',
      '2030-01-02',
    ]);
    assert.equal(outside.code, 3);
  });
});
