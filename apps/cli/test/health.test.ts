import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CATALOGUE, type HealthReport } from '@holdfast/database/health';
import { emptyDatabase, findFreePort, type TestDatabase, testDatabase } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-health-'));
after(() => rmSync(directory, { recursive: true }));
const nowhere = ['--home', join(directory, 'nowhere')];
/** The cluster of the tests was started a moment ago. */
const YOUNG = 'uptime.warnSeconds=0';

/** The areas that say nothing about how this cluster was set up, which is fast and unsafe. */
const AREAS = ['connectivity', 'pool', 'vacuum', 'indexes'];
const CALM = CATALOGUE.filter(({ area }) => AREAS.includes(area));
const onlyCalm = ['--only', CALM.map(({ id }) => id).join(','), '--threshold', YOUNG];

let database: TestDatabase;
before(async () => {
  database = await emptyDatabase();
});

/** On a database that is only named, without anything of Holdfast in it. */
const on = (command: string, ...args: string[]): string[] => [
  '--database-url',
  database.superuserUrl,
  command,
  ...nowhere,
  ...args,
];

describe('detailed-health', () => {
  test('examines any database with every entry, and is fine with a healthy one', async () => {
    const { code, result } = await runHoldfastJson<HealthReport>(on('detailed-health', ...onlyCalm));
    assert.equal(code, 0, JSON.stringify(result.entries.filter(({ level }) => level !== 'ok')));
    assert.equal(result.overall_status, 'ok');
    assert.ok(Array.isArray(result.tables));
    const all = await runHoldfastJson<HealthReport>(on('detailed-health'));
    assert.deepEqual(
      all.result.entries.map(({ id }) => id),
      CATALOGUE.map(({ id }) => id),
    );
  });

  test('fits a screen', async () => {
    const { stdout } = await runHoldfast(on('detailed-health', ...onlyCalm));
    const lines = stdout.trimEnd().split('\n');
    assert.ok(lines.length <= 24, stdout);
    assert.ok(
      lines.every(line => line.length <= 110),
      stdout,
    );
    assert.match(stdout, /^test_\w+ on PostgreSQL [\d.]+ as postgres: ok /);
    for (const area of AREAS) assert.match(stdout, new RegExp(`^✓ ${area} `, 'm'));
  });

  test('a warning is explained, and is exit status 1 unless only what is critical counts', async () => {
    const args = on('detailed-health', ...onlyCalm.slice(0, 3), `${YOUNG},connections.warnPercent=0`);
    const { code, stdout } = await runHoldfast(args);
    assert.equal(code, 1);
    assert.match(stdout, /^! pool +connections, /m);
    assert.match(stdout, /^warn 6 connections · Connections in use\n {2}\d+ of \d+ connections/m);
    assert.match(
      stdout,
      /^ {2}→ what helps:\n {4}-- end what only holds a place\n {4}select pg_terminate_backend\(pid\) from .* interval '1 minute';\n {4}-- then make /m,
    );
    assert.equal((await runHoldfast([...args, '--critical-only'])).code, 0);
    const critical = on(
      'detailed-health',
      '--only',
      '6',
      '--threshold',
      'connections.criticalPercent=0',
      '--critical-only',
    );
    assert.equal((await runHoldfast(critical)).code, 1);
  });

  test('only some entries, by id or number', async () => {
    const { result } = await runHoldfastJson<HealthReport>(
      on('detailed-health', '--only', 'no-primary-key, 6'),
    );
    assert.deepEqual(
      result.entries.map(({ number }) => number),
      [6, 32],
    );
  });

  test('the list needs no database and shows the limits that would hold', async () => {
    const args = ['detailed-health', '--list', ...nowhere, '--threshold', 'connections.warnPercent=61'];
    const { code, result } = await runHoldfastJson<{
      entries: { number: number; thresholds: Record<string, number> }[];
    }>(args);
    assert.equal(code, 0);
    assert.equal(result.entries.length, CATALOGUE.length);
    assert.equal(result.entries.find(({ number }) => number === 6)?.thresholds.warnPercent, 61);
    assert.match((await runHoldfast(args)).stdout, /^ 6 connections .*\n {5}connections\.warnPercent=61 /m);
  });

  test('limits from a file, by option or setting; those of the command line win', async () => {
    const file = join(directory, 'limits.json');
    writeFileSync(
      file,
      '{ "connections": { "warnPercent": 0, "criticalPercent": 0 }, "uptime": { "warnSeconds": 0 } }',
    );
    const only = on('detailed-health', '--only', 'connections,uptime');
    const byOption = await runHoldfastJson<HealthReport>([...only, '--thresholds', file]);
    assert.equal(byOption.result.overall_status, 'critical');
    const byVariable = await runHoldfastJson<HealthReport>(only, { HOLDFAST_HEALTH_THRESHOLDS: file });
    assert.equal(byVariable.result.overall_status, 'critical');
    const milder = await runHoldfastJson<HealthReport>([
      ...only,
      ...['--thresholds', file, '--threshold', 'connections.criticalPercent=99,connections.warnPercent=99'],
    ]);
    assert.equal(milder.result.overall_status, 'ok');
  });

  test('what is wrong on the command line is said before anything is examined', async () => {
    const wrong: [string[], RegExp][] = [
      [['--only', 'conections'], /Did you mean connections\?/],
      [['--only', '1,6,,'], /--only has an empty name between its commas: "1,6,,"/],
      [['--schema', ','], /--schema has an empty name/],
      [['--threshold', 'uptime.warnSecond=1'], /has no threshold "warnSecond"\. Did you mean warnSeconds\?/],
      [['--threshold', 'uptime=1'], /is no threshold/],
      [['--budget', 'much'], /--budget must be from/],
      [['--full', '--budget', '5'], /does not go together with --budget/],
      [['5'], /unexpected argument "5"/],
      [['--watch', '0.1'], /--watch must be from 1/],
      [['--count', '3'], /goes together with --watch/],
      [['--watch', '--count', '1.5'], /whole number/],
      [['--thresholds', join(directory, 'none.json')], /cannot be read/],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr } = await runHoldfast(on('detailed-health', ...args));
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, message);
    }
  });

  test('a database that does not answer is critical and could not be examined, nor could none at all', async () => {
    const dead = ['--database-url', 'postgresql://me:secret@127.0.0.1:1/x', 'detailed-health', ...nowhere];
    const { code, stdout } = await runHoldfast(dead);
    assert.equal(code, 3);
    assert.equal((await runHoldfast([...dead, '--critical-only'])).code, 3);
    const quick = dead.map(arg => (arg === 'detailed-health' ? 'health' : arg));
    const looked = await runHoldfastJson<HealthReport & { ok: boolean }>(quick);
    assert.deepEqual([looked.code, looked.result.ok, looked.result.overall_status], [3, false, 'critical']);
    assert.match(stdout, /^The database: critical /);
    assert.match(stdout, /ECONNREFUSED/);
    assert.equal(stdout.includes('secret'), false);
    const none = await runHoldfast(['detailed-health', ...nowhere]);
    assert.equal(none.code, 3);
    assert.match(none.stdout, /Name one with --database-url/);
  });

  test("compares with Holdfast's own migrations where those made the database, however it is named", async t => {
    const ledgerOf = async (args: string[], variables = {}): Promise<[string, string] | undefined> => {
      const command = [...args, 'detailed-health', '--only', '52', ...nowhere];
      const { result } = await runHoldfastJson<HealthReport>(command, variables);
      const [entry] = result.entries;
      return entry && [entry.level, entry.summary];
    };
    const theirs = 'not made by Holdfast';
    const foreign = await emptyDatabase(t);
    const [level, why] = (await ledgerOf([], { DATABASE_URL: foreign.superuserUrl })) ?? [];
    assert.equal(level, 'skipped');
    assert.ok(why?.includes(theirs), why);
    const migrations = mkdtempSync(join(directory, 'migrations-'));
    writeFileSync(
      join(migrations, '0001_theirs.sql'),
      '-- migrate:up\ncreate table a ();\n-- migrate:down\ndrop table a;\n',
    );
    const url = ['--database-url', foreign.superuserUrl];
    assert.equal((await runHoldfast([...url, 'migrate', '--migrations', migrations, ...nowhere])).code, 0);
    assert.equal((await ledgerOf(url))?.[0], 'skipped', 'a ledger of other migrations');
    assert.equal((await ledgerOf([], { DATABASE_URL: foreign.superuserUrl }))?.[0], 'skipped');
    const own = await testDatabase(t);
    assert.match((await ledgerOf(['--database-url', own.superuserUrl]))?.[1] ?? '', /migrations applied/);
    assert.match(
      (await ledgerOf([], { DATABASE_URL: own.superuserUrl }))?.[1] ?? '',
      /\d+ migrations applied/,
    );
  });

  test('an area of which nothing was seen is not shown as well', async () => {
    const { stdout } = await runHoldfast(on('detailed-health', '--only', 'round-trip,accounts,tokens'));
    assert.match(stdout, /^✓ connectivity /m);
    assert.match(stdout, /^– auth +2 skipped$/m);
  });

  test('again and again, a report a line', async () => {
    const args = on('detailed-health', '--only', 'connections', '--watch', '1', '--count', '2', '--json');
    const { code, stdout } = await runHoldfast(args);
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as HealthReport);
    assert.deepEqual(
      reports.map(({ overall_status }) => overall_status),
      ['ok', 'ok'],
    );
    assert.ok(Date.parse(reports[1]?.at ?? '') - Date.parse(reports[0]?.at ?? '') >= 1_000);
    assert.equal(code, 0);
  });

  test('says where the samples of the keeper lead', async () => {
    const home = join(directory, 'home');
    mkdirSync(join(home, 'reports'), { recursive: true });
    const samples = Array.from({ length: 25 }, (_, hour) => ({
      at: new Date(Date.now() - (24 - hour) * 3_600_000).toISOString(),
      metrics: { connections: { connections_used_percent: 50 + hour } },
    }));
    writeFileSync(
      join(home, 'reports', 'health-metrics.ndjson'),
      samples.map(sample => `${JSON.stringify(sample)}\n`).join(''),
    );
    const own = { DATABASE_URL: database.superuserUrl };
    const { stdout } = await runHoldfast(['detailed-health', '--home', home, '--threshold', YOUNG], own);
    assert.match(
      stdout,
      /connections connections_used_percent: 74 %, in 24 h about 98 %; full in about 26 h \(from 24 h\)/,
    );
    const named = await runHoldfast(on('detailed-health', '--home', home, '--threshold', YOUNG));
    assert.doesNotMatch(named.stdout, /Trends/, 'the samples are of another database');
  });
});

describe('health', () => {
  test('is fine with a healthy database, and keeps what it has always said', async () => {
    const { code, result } = await runHoldfastJson<
      HealthReport & { ok: boolean; database: { ok: boolean; ms: number } }
    >(on('health', ...onlyCalm));
    assert.deepEqual([code, result.ok, result.overall_status], [0, true, 'ok']);
    assert.equal(result.database.ok, true);
  });

  test('runs the quick entries', async () => {
    const { result } = await runHoldfastJson<HealthReport>(on('health'));
    assert.deepEqual(
      result.entries.map(({ id }) => id),
      CATALOGUE.filter(({ quick }) => quick).map(({ id }) => id),
    );
  });

  test('an API that does not answer is critical, whatever the database says', async () => {
    const { code, result } = await runHoldfastJson<HealthReport & { ok: boolean; api: { reason: string } }>(
      on(
        'health',
        '--threshold',
        YOUNG,
        '--api-url',
        `http://127.0.0.1:${await findFreePort()}`,
        '--critical-only',
      ),
    );
    assert.deepEqual([code, result.ok, result.overall_status], [1, false, 'critical']);
    assert.equal(result.api.reason, 'nothing listens there');
  });

  test('with nothing to look at it says so', async () => {
    const { code, stdout } = await runHoldfast(['health', ...nowhere]);
    assert.equal(code, 3);
    assert.match(stdout, /^There is nothing to look at/);
  });
});
