import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, beforeEach, test } from 'node:test';
import { emptyDatabase, type TestDatabase } from '@holdfast/testing';
import { type Output, runHoldfast } from './run-command-line.ts';
import { repositoryOf, storeBackup } from './store-backup.ts';

const DAY_MS = 86_400_000;

let database: TestDatabase;
let home: string;
before(async () => {
  database = await emptyDatabase();
});
beforeEach(async t => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-choice-'));
  if ('after' in t) t.after(() => rm(home, { recursive: true }));
});

const restore = (...args: string[]): Promise<Output> =>
  runHoldfast(['--database-url', database.superuserUrl, '--home', home, 'restore', ...args]);

/** Of nothing that a server lacks, so that nothing else stands in the way. */
function store(
  engine: 'logical' | 'physical',
  days: number,
  place?: string,
  changes: Parameters<typeof storeBackup>[3] = {},
): Promise<string> {
  const snapshotAt = new Date(Date.now() - days * DAY_MS).toISOString();
  const point =
    engine === 'logical'
      ? ({ kind: engine, snapshotAt, lsn: null } as const)
      : ({
          ...{ kind: engine, snapshotAt, timeline: 1, startLsn: '0/2000028', stopLsn: '0/3000000' },
          consistentLsn: null,
        } as const);
  const databases = [
    {
      ...{ name: 'shop', encoding: 'UTF8', owner: 'postgres', bytes: 8_000_000, extensions: [] },
      ...{
        tables: [],
        sequences: [],
        migrations: null,
        catalog: { schemas: [], tables: [], indexes: [], views: [] } as never,
      },
    },
  ];
  return storeBackup(home, days, place, { engine, point, databases, ...changes });
}

test('without WAL a moment is refused by the plan as by the restore, with what can be had', async () => {
  const id = await store('physical', 2);
  const time = new Date(Date.now() - DAY_MS).toISOString();
  for (const how of ['--plan', '--yes']) {
    const { code, stderr } = await restore('--to-time', time, how);
    assert.equal(code, 1, `${how}: ${stderr}`);
    assert.match(stderr, /error: No WAL continues this backup, .* its own point, /);
    assert.match(stderr, new RegExp(`holdfast restore ${id} --plan`));
  }
  const dump = await store('logical', 1);
  const { code, stderr } = await restore(dump, '--to-time', new Date().toISOString(), '--plan');
  assert.equal(code, 1);
  assert.match(stderr, /is a dump, which WAL cannot continue, .*holdfast restore \S+-logical-\S+ --plan/);
});

test('the latest point without WAL is that of the newest backup, of any engine, and is named', async () => {
  await store('physical', 2);
  const dump = await store('logical', 1);
  const { code, stdout } = await restore('--to-time', 'latest', '--plan', '--json');
  assert.equal(code, 0);
  const { what, at, warnings } = JSON.parse(stdout);
  assert.equal(what, `backup ${dump}`);
  assert.ok(Math.abs(Date.parse(at) - (Date.now() - DAY_MS)) < 60_000, at);
  assert.deepEqual(warnings, [
    `No WAL goes on from backup ${dump}: its own point is the last moment that there is.`,
  ]);
  const { stdout: text } = await restore('--to-time', 'latest', '--plan');
  assert.match(text, new RegExp(`What was written after ${at} is lost`));
});

test('a backup that was found damaged is named by every plan, and another place is asked for a sound copy', async () => {
  await store('logical', 2);
  const newest = await store('logical', 1);
  const { stdout } = await restore('--plan');
  assert.ok(stdout.startsWith(`Loads backup ${newest}`), stdout);
  const repository = await repositoryOf(home);
  const problems = [{ code: 'wrong_hash', subject: 'dump.sql', message: 'it was altered' }];
  await repository.recordValidation(newest, {
    ...{ level: 'files', at: new Date().toISOString(), durationMs: 1, destination: 'x', result: 'damaged' },
    problems,
  });
  const damage = new RegExp(
    `Backup ${newest} was found damaged at .*: dump\\.sql: it was altered\\. holdfast backup drill`,
  );
  const named = await restore(newest, '--plan');
  assert.match(named.stdout, damage);
  const shown = await runHoldfast(['backup', 'show', newest, '--home', home]);
  assert.equal(shown.code, 1);
  const other = await restore('--plan');
  assert.ok(!other.stdout.startsWith(`Loads backup ${newest}`));
  assert.match(other.stdout, /Passed over, at /);
  assert.match(other.stdout, damage);

  const second = join(home, 'second');
  const newer = await store('logical', 0, second);
  const both = ['--destination', `${join(home, 'backups')},${second}`];
  const { stdout: elsewhere } = await restore('--plan', ...both);
  assert.ok(elsewhere.startsWith(`Loads backup ${newer}`), elsewhere);
});

test('a backup from before a repair is passed over unless it is named, and its label is shown', async () => {
  const sound = await store('logical', 2);
  const broken = await store('logical', 1, undefined, { label: 'before a repair' });
  const labelled = new RegExp(
    `Backup ${broken} is labelled "before a repair": it holds what was broken then`,
  );
  for (const target of [[], ['--to-time', 'latest']]) {
    const { code, stdout } = await restore('--plan', ...target);
    assert.equal(code, 0);
    assert.ok(stdout.startsWith(`Loads backup ${sound}`), stdout);
    assert.match(stdout, /^Passed over, at /m);
    assert.match(stdout, labelled);
  }
  const named = await restore(broken, '--plan');
  assert.match(named.stdout, new RegExp(`^Loads backup ${broken}, labelled "before a repair", of `));
  assert.match(named.stdout, labelled);
  const list = await runHoldfast(['list-backups', '--home', home]);
  assert.match(list.stdout, new RegExp(`^${broken} .* before a repair$`, 'm'));
  const show = await runHoldfast(['backup', 'show', broken, '--home', home]);
  assert.match(show.stdout, /^ {2}label {6}before a repair$/m);
});

test('where only backups from before a repair are, none is taken, and each is named', async () => {
  const broken = await store('logical', 1, undefined, { label: 'before a repair' });
  for (const target of [[], ['--to-time', 'latest']]) {
    const { code, stderr } = await restore('--plan', ...target);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`Taken before a repair, .*: ${broken}; a restore that names it`));
  }
});

test('a table comes out of the newest backup that has it, which is named where another was asked for', async () => {
  const tables = [{ schema: 'public', name: 'orders', columnsHash: '0'.repeat(64), rows: 41, checksum: '7' }];
  const content = { name: 'shop', encoding: 'UTF8', owner: 'postgres', bytes: 8_000_000, extensions: [] };
  const rest = {
    sequences: [],
    migrations: null,
    catalog: { schemas: [], tables: [], indexes: [], views: [] } as never,
  };
  const withOrders = { databases: [{ ...content, ...rest, tables }] };
  await store('logical', 4, undefined, withOrders);
  const older = await store('logical', 3, undefined, withOrders);
  await store('logical', 2, undefined, { ...withOrders, label: 'before a repair' });
  const newest = await store('logical', 1);
  const refused = await restore(newest, '--table', 'orders', '--rows', 'id > 1', '--yes');
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    new RegExp(
      `orders is not in the backup\\.\nBackup ${older}, of .*, has it: holdfast restore ${older} --table orders --rows 'id > 1' --database-url \\S+ --plan`,
    ),
  );
  const chosen = await restore('--table', 'orders', '--plan');
  assert.match(chosen.stderr, new RegExp(`Passed over, .*: Backup ${newest} does not have every table`));
  const nowhere = await restore('--table', 'invoices', '--plan');
  assert.equal(nowhere.code, 2);
  assert.doesNotMatch(nowhere.stderr, /has it/);
});
