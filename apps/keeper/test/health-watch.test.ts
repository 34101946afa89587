import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { systemClock } from '@holdfast/core';
import type { HealthReport, StoredSample } from '@holdfast/database/health';
import { emptyDatabase, eventually, testDatabase } from '@holdfast/testing';
import { renderHealthMetrics } from '../src/http/health-metrics.ts';
import { type HealthWatch, startHealthWatch } from '../src/records/health-watch.ts';
import { createLineFile, type LineFile } from '../src/records/line-file.ts';
import { keepSample, readMetricsFile } from '../src/records/stored-metrics.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-health-watch-'));
after(() => rmSync(directory, { recursive: true }));

interface Watched {
  readonly watch: HealthWatch;
  readonly file: LineFile;
  readonly path: string;
  readonly troubles: unknown[];
  stop(): Promise<void>;
}

function watchDatabase(t: TestContext, url: () => Promise<string | undefined>): Watched {
  const path = join(directory, `${t.name.replaceAll(/\W+/g, '-')}.ndjson`);
  const file = createLineFile({ path, maxBytes: 1_000_000 });
  const stopping = new AbortController();
  const troubles: unknown[] = [];
  const watch = startHealthWatch({
    ...{ url, file, path, intervalMs: 20, detailedIntervalMs: 3_600_000, clock: systemClock },
    sources: async () => ({ pool: { max: 10, size: 2, checkedIn: 1, checkedOut: 1, waiting: 0 } }),
    thresholds: { uptime: { warnSeconds: 0 } },
    signal: stopping.signal,
    onTrouble: error => troubles.push(error),
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await watch.done;
    await file.flush();
  };
  t.after(stop);
  return { watch, file, path, troubles, stop };
}

test('all entries once, then the quick ones again and again; what was measured is stored', async t => {
  const { superuserUrl } = await testDatabase(t);
  const { watch, path, stop, troubles } = watchDatabase(t, async () => superuserUrl);
  const first = await eventually(() => watch.latest);
  const number = first.entries.length;
  const later = await eventually(() => (watch.latest?.at === first.at ? undefined : watch.latest));
  assert.equal(later.entries.length, number, 'the entries of the detailed examination are still shown');
  assert.ok(later.durationMs <= first.durationMs || later.counts.ok < first.counts.ok);
  await stop();
  assert.deepEqual(troubles, []);
  const [sample, ...others] = await readMetricsFile(path);
  assert.equal(others.length, 0, 'samples that are seconds apart count once');
  assert.equal(typeof sample?.metrics.connections?.connections_used_percent, 'number');
  assert.ok((sample?.metrics.tables?.['public.permissions_bytes'] ?? 0) > 0);
});

test('a database that is away is critical, costs no sample, and disturbs nothing', async t => {
  const { superuserUrl } = await emptyDatabase(t);
  let url: string | undefined;
  const { watch, path, stop, troubles } = watchDatabase(t, async () => url);
  url = 'postgresql://nobody@127.0.0.1:1/none';
  const away = await eventually(() => watch.latest);
  assert.equal(away.overall_status, 'critical');
  url = superuserUrl;
  await eventually(() => watch.latest?.connection.ok === true);
  await stop();
  assert.deepEqual(troubles, []);
  assert.ok((await readMetricsFile(path)).every(({ metrics }) => metrics['round-trip'] !== undefined));
});

test('trouble with finding the database is reported and passes', async t => {
  const { superuserUrl } = await emptyDatabase(t);
  let fails = true;
  const { watch, troubles } = watchDatabase(t, async () => {
    if (fails) throw new Error('cluster.json is torn');
    return superuserUrl;
  });
  await eventually(() => troubles.length > 0);
  fails = false;
  await eventually(() => watch.latest);
});

test('samples are kept ten minutes apart, and the oldest make room', () => {
  const kept: StoredSample[] = [];
  for (let minute = 0; minute < 6_000; minute += 4) {
    keepSample(kept, { at: new Date(minute * 60_000).toISOString(), metrics: {} });
  }
  const minutes = kept.map(({ at }) => Date.parse(at) / 60_000);
  assert.equal(kept.length, 500);
  assert.ok(minutes.every((minute, index) => index === 0 || minute - (minutes[index - 1] ?? 0) >= 10));
  keepSample(kept, { at: 'nonsense', metrics: {} });
  assert.equal(kept.at(-1)?.at, new Date(5_988 * 60_000).toISOString());
});

test('torn lines and strangers in the file are left out', async () => {
  const path = join(directory, 'torn.ndjson');
  const good = JSON.stringify({ at: '2026-01-01T00:00:00Z', metrics: { a: { b: 1 } } });
  writeFileSync(path, `{"at":"2026-0\n{"other":1}\n${good}\n`);
  assert.deepEqual(await readMetricsFile(path), [JSON.parse(good)]);
});

const LINE =
  /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? -?[0-9.e+-]+$/;

/** What the exposition format 0.0.4 demands: HELP and TYPE before the values of each metric, each metric once, no value twice. */
function assertPrometheus(text: string): Map<string, string> {
  const values = new Map<string, string>();
  const declared = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    const type = /^# TYPE (\S+) (gauge|counter)$/.exec(line)?.[1];
    if (type !== undefined) {
      assert.ok(!declared.has(type), `${type} is declared once`);
      declared.add(type);
    }
    if (line.startsWith('#')) continue;
    assert.match(line, LINE);
    const key = line.slice(0, line.lastIndexOf(' '));
    assert.ok(!values.has(key), `${key} is there once`);
    assert.ok(declared.has(key.split('{')[0] ?? ''), key);
    values.set(key, line.slice(line.lastIndexOf(' ') + 1));
  }
  return values;
}

test('a real report is valid for Prometheus', async t => {
  const { superuserUrl } = await testDatabase(t);
  const { watch } = watchDatabase(t, async () => superuserUrl);
  const values = assertPrometheus(renderHealthMetrics(await eventually(() => watch.latest)));
  assert.equal(values.get('holdfast_health_level{entry="connections"}'), '0');
  assert.ok(Number(values.get('holdfast_health_connections_used{entry="connections"}')) >= 1);
  assert.ok(Number(values.get('holdfast_table_bytes{schema="public",table="permissions"}')) > 0);
  assert.equal(
    values.has('holdfast_health_level{entry="tls-expiry"}'),
    false,
    'what was skipped has no level',
  );
});

test('levels, predictions and strange names of tables', () => {
  const about = {
    ...{ number: 1, area: 'pool' as const, title: '', summary: '', evidence: [], more: 0, meaning: '' },
    ...{ remedy: null, thresholds: {}, durationMs: 0 },
  } as const;
  const report: HealthReport = {
    ...{ overall_status: 'critical', at: '2026-01-01T00:00:00Z', durationMs: 1, server: null },
    connection: { ok: true, connectMs: 1 },
    counts: { ok: 1, warn: 0, critical: 1, skipped: 0 },
    entries: [
      { ...about, id: 'one', level: 'critical', metrics: { shared_seconds: 1.5 } },
      { ...about, id: 'two', level: 'warn', metrics: { shared_seconds: 2 } },
    ],
    tables: [
      {
        ...{ schema: 'a', name: 'b "c" \\ d\ne', rows: 1, deadRows: 0, bytes: 10, indexBytes: 0, writes: 0 },
        ...{ lastChange: null, lastVacuum: null, lastAnalyze: null },
      },
    ],
    trends: [
      {
        ...{
          entry: 'disk',
          metric: 'disk_used_percent',
          now: 80,
          per24Hours: 5,
          in24Hours: 85,
          fullInHours: 96,
        },
        ...{ samples: 20, hours: 40 },
      },
    ],
  };
  const values = assertPrometheus(renderHealthMetrics(report));
  assert.deepEqual(Object.fromEntries(values), {
    'holdfast_health_level{entry="one"}': '2',
    'holdfast_health_level{entry="two"}': '1',
    holdfast_health_examined_timestamp_seconds: '1767225600',
    'holdfast_health_shared_seconds{entry="one"}': '1.5',
    'holdfast_health_shared_seconds{entry="two"}': '2',
    'holdfast_health_predicted_24h{entry="disk",metric="disk_used_percent"}': '85',
    'holdfast_health_full_in_hours{entry="disk",metric="disk_used_percent"}': '96',
    'holdfast_table_bytes{schema="a",table="b \\"c\\" \\\\ d\\ne"}': '10',
  });
});
