import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { analyzeLogs, fileSource, memorySource, renderAnalysis } from '@holdfast/doctor/logs';
import { generateLog, renderJsonLog, renderNginxLog, renderPostgresLog } from '@holdfast/testing';

const ACCESS = (time: string, status: number, path = '/a', client = '10.0.0.1') =>
  `${client} - - [${time} +0000] "GET ${path} HTTP/1.1" ${status} 1 "-" "x"\n`;

describe('analyzeLogs', () => {
  it('keeps to the window: seven days before the newest line, or what it is told', async () => {
    const log = [
      ACCESS('01/May/2026:10:00:00', 500),
      ACCESS('05/May/2026:10:00:00', 200),
      ACCESS('09/May/2026:10:00:00', 404),
    ].join('');
    const source = memorySource('a', log);
    const week = await analyzeLogs([source]);
    assert.deepEqual([week.statuses, week.totals.outside], [{ 200: 1, 404: 1 }, 1]);
    const day = await analyzeLogs([source], { windowMs: 86_400_000 });
    assert.deepEqual([day.statuses, day.totals.outside], [{ 404: 1 }, 2]);
    const chosen = { since: Date.UTC(2026, 4, 1), until: Date.UTC(2026, 4, 6) };
    assert.deepEqual((await analyzeLogs([source], chosen)).statuses, { 200: 1, 500: 1 });
  });

  it('is not led astray by a line from the future', async () => {
    const log = ACCESS('01/May/2026:10:00:00', 200) + ACCESS('01/May/2099:10:00:00', 200);
    const analysis = await analyzeLogs([memorySource('a', log)], {
      clock: { now: () => Date.UTC(2026, 4, 2), monotonic: () => 0, sleep: async () => undefined },
    });
    assert.deepEqual([analysis.totals.requests, analysis.totals.outside], [1, 1]);
  });

  it('tells connections that were ended from those that none was left of', async () => {
    const FULL = ['sorry, too many clients already', '53300'] as const;
    const ENDED = ['terminating connection due to administrator command', '57P01'] as const;
    const titleFor = async (...said: (readonly [string, string])[]): Promise<string | undefined> => {
      const lines = Array.from({ length: 3_600 }, (_, index) => {
        const [message, code] = said[index % said.length] ?? FULL;
        const failed = index >= 1_800 && index < 2_400 && index % 10 < 8;
        return JSON.stringify({
          time: new Date(Date.UTC(2026, 4, 1) + index * 2_000).toISOString(),
          ...{ method: 'GET', url: `/api/${'abcde'[index % 5]}s`, userId: `u${index % 40}` },
          ...(failed ? { status: 500, level: 'error', msg: message, code } : { status: 200, msg: 'done' }),
        });
      });
      const { incidents } = await analyzeLogs([memorySource('a', `${lines.join('\n')}\n`)]);
      assert.equal(incidents.length, 1);
      return incidents[0]?.title;
    };
    const full = 'No database connection was left: 500 on 5 routes';
    const ended = 'Database connections were ended: 500 on 5 routes';
    assert.equal(await titleFor(FULL), full);
    assert.equal(await titleFor(ENDED), ended);
    assert.equal(await titleFor(FULL, FULL, ENDED), full);
    assert.equal(await titleFor(ENDED, ENDED, FULL), ended);
  });

  it('counts and shows lines it cannot read, redacted, and goes on', async () => {
    const log = `${ACCESS('01/May/2026:10:00:00', 200)}who knows token=abcdef\n    at stack\n${ACCESS('01/May/2026:10:00:01', 200)}`;
    const { sources, totals } = await analyzeLogs([memorySource('a.log', log)]);
    assert.equal(totals.requests, 2);
    assert.deepEqual([sources[0]?.unreadable, sources[0]?.continuations], [1, 1]);
    assert.deepEqual(sources[0]?.unreadableSamples, [{ at: 'a.log:2', text: 'who knows token=[redacted]' }]);
  });

  it('reads nothing out of nothing', async () => {
    assert.equal((await analyzeLogs([])).status, 'not_examined');
    const { status, sources } = await analyzeLogs([memorySource('a', 'neither\nnor\n')]);
    assert.deepEqual([status, sources[0]?.format, sources[0]?.unreadable], ['not_examined', 'unknown', 2]);
  });

  it('says the same of compressed and rotated files as of the whole', async t => {
    const dir = await mkdtemp(join(tmpdir(), 'holdfast-logs-analysis-'));
    t.after(() => rm(dir, { recursive: true }));
    const text = renderNginxLog(generateLog({ seed: 3, incident: 'upstream_down' }));
    const cut = text.indexOf('\n', text.length / 2) + 1;
    await writeFile(join(dir, 'access.log.1.gz'), gzipSync(text.slice(0, cut)));
    await writeFile(join(dir, 'access.log'), text.slice(cut));
    const names = ['access.log.1.gz', 'access.log'].map(name => join(dir, name));
    const parts = await analyzeLogs(await Promise.all(names.map(fileSource)));
    const whole = await analyzeLogs([memorySource('whole', text)]);
    const strip = ({ incidents }: typeof whole) => incidents.map(({ evidence, ...rest }) => rest);
    assert.deepEqual(
      [parts.statuses, parts.endpoints, strip(parts)],
      [whole.statuses, whole.endpoints, strip(whole)],
    );
    assert.equal(whole.incidents.length, 1);
  });

  it('uses what can be had of compressed files that were cut off or damaged, and names the damage', async t => {
    const dir = await mkdtemp(join(tmpdir(), 'holdfast-logs-analysis-'));
    t.after(() => rm(dir, { recursive: true }));
    const text = renderNginxLog(generateLog({ seed: 3, incident: 'upstream_down' }));
    const bytes = Buffer.from(text);
    const path = join(dir, 'old.log.packed');
    for (const packed of [gzipSync(bytes), zstdCompressSync(bytes)]) {
      const damaged = Buffer.from(packed);
      const middle = packed.length >> 1;
      damaged.fill(0xff, middle, middle + 400);
      for (const broken of [packed.subarray(0, (packed.length * 9) / 10), damaged]) {
        await writeFile(path, broken);
        const { status, window, totals, sources, incidents } = await analyzeLogs([await fileSource(path)]);
        const [source] = sources;
        assert.notEqual(status, 'not_examined');
        assert.ok(totals.lines > text.split('\n').length / 4, `${totals.lines}`);
        assert.equal(source?.lines, totals.lines);
        assert.ok((source?.bytes ?? 0) > text.length / 4);
        assert.ok(source?.problem, 'the damage is named');
        assert.equal(window?.to, source?.last);
        for (const { evidence } of incidents) assert.ok(evidence.length > 0);
      }
    }
    await writeFile(path, gzipSync(bytes).subarray(0, 4));
    assert.equal((await analyzeLogs([await fileSource(path)])).status, 'not_examined');
  });

  it('points to lines that are there', async () => {
    const text = renderJsonLog(generateLog({ seed: 5, incident: 'deployment_regression' }));
    const { incidents } = await analyzeLogs([memorySource('server.log', text)]);
    const lines = text.split('\n');
    const evidence = incidents.flatMap(incident => incident.evidence);
    assert.equal(evidence.length, 3);
    for (const { at } of evidence) {
      const line = JSON.parse(lines[Number(at.split(':')[1]) - 1] ?? '');
      assert.deepEqual([line.status, line.method], [500, 'POST']);
    }
  });

  it('tells the cascade after a stopped database in its order, and that it is over', async () => {
    const log = generateLog({ seed: 4, incident: 'database_outage' });
    const sources = [
      memorySource('access.log', renderNginxLog(log)),
      memorySource('pg.log', renderPostgresLog(log)),
    ];
    const analysis = await analyzeLogs(sources);
    const [incident] = analysis.incidents;
    assert.deepEqual([analysis.status, incident?.state], ['clean', 'recovered']);
    assert.deepEqual(
      incident?.cascade.map(({ what }) => what),
      ['a storm of refreshes on POST /api/v1/auth/refresh'],
    );
    const blamed = incident?.events.filter(event => event.blamed).map(({ what }) => what);
    assert.deepEqual(blamed, ['database stop: received fast shutdown request']);
    assert.match(renderAnalysis(analysis), /^Incidents: 1 recovered\./);
  });

  it('blames no deployment without a mechanism: everything fails, and the proxy answers', async () => {
    const log = generateLog({ seed: 2, incident: 'upstream_down' });
    const onset = log.truth?.onset ?? 0;
    const events = [{ time: onset - 60_000, label: 'deploy v9', kind: 'deployment' as const }];
    const { incidents } = await analyzeLogs([memorySource('a', renderNginxLog(log))], { events });
    assert.deepEqual(
      incidents.map(({ kind, events: near }) => [kind, near.map(({ blamed }) => blamed)]),
      [['upstream_down', [false]]],
    );
  });

  it('calls the same errors without a deployment the failure of a route', async () => {
    const log = generateLog({ seed: 2, incident: 'deployment_regression' });
    const { incidents, status } = await analyzeLogs([memorySource('a', renderNginxLog(log))]);
    assert.deepEqual([status, incidents.map(({ kind }) => kind)], ['incidents', ['route_failure']]);
  });

  it('finds errors in logs without requests, whatever else happens in them', async () => {
    const lines = Array.from({ length: 300 }, (_, minute) => {
      const time = new Date(Date.UTC(2026, 4, 1, 8, minute)).toISOString();
      const failing = minute >= 200 && minute < 240;
      const line = failing ? `ERROR cannot send mail ${minute} to queue` : `INFO sent mail ${minute}`;
      return `${time} ${line}\n${time} INFO tick ${minute}\n`;
    });
    const { incidents, status } = await analyzeLogs([memorySource('worker.log', lines.join(''))]);
    assert.deepEqual(
      incidents.map(({ kind, title, onset, requests, state }) => [kind, title, onset, requests, state]),
      [
        [
          'error_messages',
          'Errors: ERROR cannot send mail <*> to queue',
          '2026-05-01T11:20:00.000Z',
          40,
          'recovered',
        ],
      ],
    );
    assert.equal(status, 'clean');
  });

  it('finds errors that come back at regular intervals', async () => {
    const lines: string[] = [];
    for (let minute = 0; minute < 600; minute += 1) {
      const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
      const errors = minute % 60 === 7 ? 6 : 0;
      for (let index = 0; index < 60; index += 1)
        lines.push(ACCESS(`01/May/2026:${clock}:30`, index < errors ? 504 : 200));
    }
    const { patterns } = await analyzeLogs([memorySource('a', lines.join(''))]);
    assert.deepEqual(
      patterns.map(item => [item.class, item.pattern, item.everyMinutes, item.count]),
      [['504', 'periodic', 60, 60]],
    );
  });

  it('shows no secret of a log in any part of its output', async () => {
    const secrets = ['hunter2pass', 'ada@example.com', 'sk_live_9fA8bC7dE6fG5hI4jK3lM2nO'];
    const lines = Array.from({ length: 60 }, (_, index) =>
      JSON.stringify({
        time: Date.UTC(2026, 4, 1, 10, index),
        level: 'error',
        method: 'GET',
        url: `/reset/${secrets[2]}?password=${secrets[0]}`,
        status: 500,
        userId: secrets[1],
        password: secrets[0],
        msg: `failed for ${secrets[1]} with password=${secrets[0]} and ${secrets[2]}`,
      }),
    );
    const analysis = await analyzeLogs([memorySource('a', lines.join('\n'))]);
    assert.equal(analysis.incidents.length, 1);
    const output = JSON.stringify(analysis) + renderAnalysis(analysis, { verbose: true });
    for (const secret of secrets) assert.ok(!output.includes(secret), secret);
  });
});
