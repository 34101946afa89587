import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { type Connection, sql } from '@holdfast/postgres';
import { backupEntries } from '../../src/health/entries/backup/index.ts';
import type { BackupFacts } from '../../src/health/sources.ts';
import { type EntryCase, testEntries } from './cases.ts';
import { entryOf } from './health-context.ts';
import { createStage } from './stage.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SCHEMA = `
  create table orders (id int primary key);
  create table countries (code text primary key);
  create table jobs (id int primary key);
  create schema other;
  create table other."Odd Name" (id int primary key);
  insert into orders select generate_series(1, 1000);
  insert into countries select chr(i) from generate_series(65, 90) i;
  insert into jobs select generate_series(1, 5);
  insert into other."Odd Name" select generate_series(1, 200);
  analyze;
`;
const TABLES = ['public.orders', 'public.countries', 'public.jobs', 'other.Odd Name'];

interface BackupOptions {
  readonly ageMs: number;
  readonly bytes?: number;
  readonly drilledAgeMs?: number;
}

/** What a manifest says of the database as it is now: real counts, and a checksum over the rows. */
async function backupNow(
  db: Connection,
  { ageMs, bytes = 10_000_000, drilledAgeMs }: BackupOptions,
): Promise<BackupFacts> {
  const tables: BackupFacts['tables'][number][] = [];
  for (const path of TABLES) {
    const [schema = '', name = ''] = path.split('.');
    const { rows, checksum } = await db.one(sql<{ rows: number; checksum: string }>`
      select count(*) as rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::text as checksum from ${sql.id(schema, name)} t
    `);
    tables.push({ schema, name, rows, checksum });
  }
  const now = systemClock.now();
  return {
    id: `backup-${Math.round(ageMs / HOUR_MS)}h`,
    createdAt: new Date(now - ageMs).toISOString(),
    bytes,
    ...(drilledAgeMs === undefined
      ? {}
      : { validation: { level: 'drill', at: new Date(now - drilledAgeMs).toISOString() } }),
    tables,
  };
}

/** Backups of a database, then what happens to it, then a look. */
function after(options: readonly BackupOptions[], script = 'select 1'): EntryCase['fire'] {
  return async (t, entry) => {
    const { db, look } = await createStage(t, SCHEMA);
    const backups: BackupFacts[] = [];
    for (const one of options) backups.push(await backupNow(db, one));
    await db.script(script);
    return look(entry, { backups });
  };
}

const nightly = (sizes: readonly number[]): BackupOptions[] =>
  sizes.map((bytes, index) => ({ ageMs: 5 * HOUR_MS + index * DAY_MS, bytes, drilledAgeMs: 2 * DAY_MS }));
const quiet = after(
  nightly([10e6, 9e6, 9e6, 8e6]),
  'insert into orders values (2000); delete from jobs where id = 1; insert into jobs values (9)',
);

testEntries(backupEntries, {
  62: {
    fire: after([{ ageMs: 60 * HOUR_MS }]),
    expect: {
      level: 'critical',
      summary: /^2\.5 d old; 1 backup$/,
      evidence: { backup: 'backup-60h', size: '9.5 MiB' },
      remedy: /^holdfast backup/,
      metrics: { backups: 1 },
    },
    quiet,
  },
  63: {
    fire: after([{ ageMs: HOUR_MS }, { ageMs: 20 * DAY_MS, drilledAgeMs: 10 * DAY_MS }]),
    expect: {
      level: 'warn',
      summary: /^10 d ago, of backup-480h$/,
      evidence: { backup: 'backup-480h' },
      remedy: /^holdfast backup drill backup-1h$/,
      metrics: { drilled_backups: 1 },
    },
    quiet,
  },
  64: {
    fire: after(
      nightly([1, 1, 1]),
      `delete from orders where id > 400; drop table other."Odd Name"; delete from jobs; insert into countries values ('xx')`,
    ),
    expect: {
      level: 'critical',
      summary: /^4 tables lost rows; 3 tables compared with backup-5h$/,
      evidence: { table: 'public.orders', problem: '60% of the rows are gone', inBackup: 1000, now: 400 },
      remedy:
        /^holdfast restore backup-5h --table '[^']*public\.orders[^']*other\.Odd Name[^']*' --with-parents # shows what would come back; add --yes to do it$/,
      metrics: { tables_with_losses: 4, lost_rows: 805, counted_tables: 3 },
    },
    // grown tables, a queue that was worked off and filled again
    quiet: after(
      nightly([1, 1]),
      'insert into orders values (2000); delete from jobs where id = 1; insert into jobs values (9)',
    ),
  },
  65: {
    fire: after(nightly([4e6, 10e6, 11e6, 9e6, 10e6])),
    expect: {
      level: 'warn',
      summary: /^3\.8 MiB, 40% of the usual 9\.5 MiB$/,
      evidence: { backup: 'backup-5h', size: '3.8 MiB' },
      remedy: /^holdfast list-backups\nholdfast backup drill backup-5h/,
      metrics: { last_backup_bytes: 4_000_000, usual_percent: 40 },
    },
    quiet,
  },
});

test('none of them is judged without a directory of backups; none at all is critical', async t => {
  const { look } = await stage(t);
  for (const entry of backupEntries) assert.equal((await look(entry)).level, 'skipped');
  const young = await look(entryOf(backupEntries, 62), { backups: [] });
  assert.ok(
    young.level === 'ok' && /^none yet; PostgreSQL was set up \d/.test(young.summary),
    JSON.stringify(young),
  );
  const clock = { ...systemClock, now: () => systemClock.now() + 60 * HOUR_MS };
  const reading = await look(entryOf(backupEntries, 62), { backups: [], clock });
  assert.ok(reading.level === 'critical' && reading.summary === 'there is no backup');
});

test('63: a backup that was never restored is a warning', async t => {
  const { db, look } = await stage(t);
  const reading = await look(entryOf(backupEntries, 63), {
    backups: [await backupNow(db, { ageMs: HOUR_MS })],
  });
  assert.ok(reading.level === 'warn' && /^none of the 1 backups was ever restored$/.test(reading.summary));
});

test('64 judges large tables by a sample, and then only what is plain', async t => {
  const { db, look } = await stage(t);
  await db.script('insert into orders select generate_series(10001, 400000); analyze orders');
  const backups = [await backupNow(db, { ageMs: HOUR_MS })];
  const clock = { ...systemClock, monotonic: () => 0 };
  const options = { backups, budgetMs: 60, clock };
  const entry = entryOf(backupEntries, 64);
  const whole = await look(entry, options);
  assert.ok(whole.level === 'ok' && whole.metrics?.counted_tables === 4, JSON.stringify(whole));
  // too small a part to judge by is no loss
  const hasty = await look(entry, { ...options, budgetMs: 1.3 });
  assert.ok(hasty.level === 'ok' && /could not be counted/.test(hasty.summary), JSON.stringify(hasty));
  await db.script('delete from orders where id % 5 <> 0');
  const reading = await look(entry, options);
  assert.ok(reading.level === 'warn', JSON.stringify(reading));
  assert.match(String(reading.evidence?.[0]?.problem), /^about (7\d|8\d)% of the rows are gone$/);
});

test('64 takes a restore for a new beginning: what it wrote into tables that never change is no loss', async t => {
  const { db, look } = await stage(t);
  const backups: BackupFacts[] = [];
  for (const { ageMs } of nightly([1, 1, 1])) backups.push(await backupNow(db, { ageMs }));
  await db.script(`
    create schema holdfast_recovery;
    create table holdfast_recovery.restore_epochs (restored_at timestamptz not null);
    insert into countries values ('xx');
  `);
  const entry = entryOf(backupEntries, 64);
  const problem = async () => {
    const reading = await look(entry, { backups });
    return 'evidence' in reading ? reading.evidence?.map(({ table }) => table) : reading.level;
  };
  assert.deepEqual(await problem(), ['public.countries']);
  await db.script(`insert into holdfast_recovery.restore_epochs values (now() - interval '1 year')`);
  assert.deepEqual(await problem(), ['public.countries']);
  await db.script('insert into holdfast_recovery.restore_epochs values (now())');
  assert.equal(await problem(), 'ok');
  // what is gone is gone, restored or not
  await db.script('delete from orders where id > 400');
  assert.deepEqual(await problem(), ['public.orders']);
});

test('64 never says that all rows are gone while one is left', async t => {
  const { db, look } = await stage(t);
  const backups = [await backupNow(db, { ageMs: HOUR_MS })];
  await db.script('delete from orders where id > 1');
  const reading = await look(entryOf(backupEntries, 64), { backups });
  assert.equal('evidence' in reading && reading.evidence?.[0]?.problem, '99% of the rows are gone');
});

const stage = (t: TestContext) => createStage(t, SCHEMA);
