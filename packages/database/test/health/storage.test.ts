import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import { readDiskPlaces } from '../../src/health/entries/storage/disk-space.ts';
import { storageEntries } from '../../src/health/entries/storage/index.ts';
import type { StoredSample } from '../../src/health/sources.ts';
import { type EntryCase, testEntries } from './cases.ts';
import { damageByte, ownCluster, startStandby } from './clusters.ts';
import { entryOf, healthContext, open, read } from './health-context.ts';
import { createStage } from './stage.ts';

const ROWS = `
  create table items (id int primary key, code text, filler text);
  create unique index items_code on items (code);
  insert into items select i, 'code ' || i, repeat('x', 100) from generate_series(1, 2000) i;
  create extension amcheck;
`;
const stage = (t: TestContext) => createStage(t, ROWS);
const ownQuiet: EntryCase['quiet'] = async (t, entry) => read(await (await ownCluster(t)).context(), entry);

/** Hourly samples of one metric, the last of them now. */
function hourly(entry: string, metric: string, values: readonly number[]): StoredSample[] {
  const now = systemClock.now();
  return values.map((value, index) => ({
    at: new Date(now - (values.length - 1 - index) * 3_600_000).toISOString(),
    metrics: { [entry]: { [metric]: value } },
  }));
}

testEntries(storageEntries, {
  53: {
    fire: async (t, entry) => {
      const { cluster, context } = await ownCluster(t);
      // the real disk, and a limit below what is on it
      return read(await context({ dataDirectory: cluster.dataDir }), entry, {
        warnPercent: 0.1,
        criticalPercent: 101,
      });
    },
    expect: {
      level: 'warn',
      summary: /^data at [\d.]+%, [\d.]+ [MGT]iB free$/,
      evidence: { holds: 'data' },
      remedy: /^du -x .*\n.*pg_replication_slots/,
      metrics: {},
    },
    quiet: async (t, entry) => {
      const { cluster, context } = await ownCluster(t);
      return read(await context({ dataDirectory: cluster.dataDir }), entry, {
        warnPercent: 100.1,
        criticalPercent: 100.2,
      });
    },
  },
  54: {
    fire: async (t, entry) => {
      const own = await ownCluster(t);
      await own.db.script(`${ROWS} checkpoint;`);
      const { path } = await own.db.one(sql<{ path: string }>`select pg_relation_filepath('items') as path`);
      const damaged = await own.whileStopped(dataDir => damageByte(join(dataDir, path), 8_192 + 8_000));
      await assert.rejects(damaged.db.many(sql`select * from items`), /invalid page in block 1/);
      // the backend reports when it has nothing else to do
      return eventually(async () => {
        const reading = await read(await damaged.context(), entry);
        return reading.level === 'critical' && reading;
      });
    },
    expect: {
      level: 'critical',
      summary: /^1 page read failed the checksum in 1 database$/,
      evidence: { database: 'postgres', failures: 1 },
      remedy: /^-- stop the server and copy its data directory.*\npg_ctl stop .* cp -a/,
      metrics: { checksum_failures_total: 1, checksums_enabled: 1 },
    },
    quiet: ownQuiet,
  },
  55: {
    fire: async (t, entry) => {
      const { db, context } = await ownCluster(t, {
        wal_level: 'logical',
        max_slot_wal_keep_size: '16MB',
        max_wal_size: '32MB',
        min_wal_size: '32MB',
      });
      await db.query(sql`select pg_create_physical_replication_slot('gone', true)`);
      await db.query(sql`select pg_create_logical_replication_slot('feed', 'pgoutput')`);
      for (let segment = 0; segment < 5; segment += 1) {
        await db.script(
          `create table filler_${segment} as select i from generate_series(1, 50000) i; select pg_switch_wal()`,
        );
      }
      await db
        .script(`checkpoint; select pg_replication_slot_advance('feed', pg_current_wal_lsn())`)
        .catch(() => undefined);
      await db.script('checkpoint');
      return read(await context(), entry);
    },
    expect: {
      level: 'critical',
      summary: /^2 slots, 2 without a reader; up to /,
      evidence: { active: false, walStatus: 'lost' },
      remedy: /pg_drop_replication_slot\('(gone|feed)'\)[\s\S]*max_slot_wal_keep_size/,
      metrics: { replication_slots: 2, inactive_replication_slots: 2 },
    },
    quiet: async (t, entry) => {
      const { db, context } = await ownCluster(t);
      await db.query(sql`select pg_create_physical_replication_slot('standby', true)`);
      return read(await context(), entry);
    },
  },
  56: {
    fire: async (t, entry) => {
      const { primary, standby } = await startStandby(t, await ownCluster(t));
      await standby.query(sql`select pg_wal_replay_pause()`);
      await primary.db.script('create table moved as select i from generate_series(1, 100000) i');
      return eventually(async () => {
        const reading = await read(await primary.context(), entry, { warnBytes: 1_000_000 });
        return reading.level === 'warn' && reading;
      });
    },
    expect: {
      level: 'warn',
      summary: /^1 standby; follower is [\d.]+ MiB(, .*)? behind$/,
      evidence: { standby: 'follower', state: 'streaming', syncState: 'async', applies: true },
      remedy: /pg_wal_replay_resume\(\)/,
      metrics: { standbys: 1 },
    },
    quiet: async (t, entry) => {
      const { primary } = await startStandby(t, await ownCluster(t));
      return read(await primary.context(), entry);
    },
  },
  57: {
    fire: async (t, entry) => {
      const { db, context } = await ownCluster(t, { archive_mode: 'on', archive_command: 'false' });
      await db.script('create table written (i int); select pg_switch_wal()');
      return eventually(async () => {
        const reading = await read(await context(), entry);
        return reading.level === 'critical' && reading;
      });
    },
    expect: {
      level: 'critical',
      summary: /^archiving fails \([0-9A-F]{24}\), nothing was ever archived, 1 segment waiting$/,
      evidence: { lastArchived: null, waitingSegments: 1 },
      remedy: /pg_stat_archiver/,
      metrics: { archiving_enabled: 1, archiving_failing: 1, waiting_segments: 1 },
    },
    quiet: async (t, entry) => {
      const { db, context } = await ownCluster(t, { archive_mode: 'on', archive_command: 'true' });
      await db.script('create table written (i int); select pg_switch_wal()');
      return eventually(async () => {
        const reading = await read(await context(), entry);
        return reading.level === 'ok' && reading.metrics?.last_archived_seconds !== undefined && reading;
      });
    },
  },
  58: {
    fire: async (t, entry) => {
      const { db, context } = await ownCluster(t, { fsync: 'off' });
      await db.script(`alter system set wal_buffers = '8MB'`);
      await db.script('select pg_reload_conf()');
      return eventually(async () => {
        const reading = await read(await context(), entry);
        return reading.level === 'critical' && reading.metrics?.pending_restart_settings === 1 && reading;
      });
    },
    expect: {
      level: 'critical',
      summary: /^fsync off; 1 setting waiting for a restart$/,
      evidence: { name: 'fsync', setting: 'off', pendingRestart: false },
      remedy:
        /^alter system set fsync = on; select pg_reload_conf\(\);\n-- restart the server .*\nalter system reset wal_buffers;/,
      metrics: { unsafe_settings: 1, pending_restart_settings: 1 },
    },
    quiet: ownQuiet,
  },
  59: {
    fire: async (t, entry) => {
      const { db, look } = await stage(t);
      await db.script(`
        create collation german (provider = icu, locale = 'de');
        create table words (word text collate german primary key);
        update pg_collation set collversion = '1.0' where collname = 'german';
      `);
      return look(entry);
    },
    expect: {
      level: 'critical',
      summary: /^1 collation changed under 1 index$/,
      evidence: { name: 'public.german', kind: 'collation', recorded: '1.0', indexes: 1 },
      remedy: /reindex index concurrently[\s\S]*\nalter collation public\.german refresh version;$/,
      metrics: { changed_collations: 1, endangered_indexes: 1 },
    },
    quiet: async (t, entry) => (await stage(t)).look(entry),
  },
  60: {
    fire: async (t, entry) => {
      const { db, look } = await stage(t);
      // the index does not learn of a row
      await db.script(`
        update pg_index set indisready = false, indislive = false where indexrelid = 'items_code'::regclass;
        insert into items values (2001, 'unknown', null);
        update pg_index set indisready = true, indislive = true where indexrelid = 'items_code'::regclass;
      `);
      return look(entry);
    },
    expect: {
      level: 'critical',
      summary: /^1 of 2 checked indexes damaged$/,
      evidence: { index: 'public.items_code', table: 'public.items' },
      remedy: /reindex index concurrently public\.items_code;$/,
      metrics: { checked_indexes: 2, unchecked_indexes: 0, damaged_indexes: 1 },
    },
    quiet: async (t, entry) => (await stage(t)).look(entry),
  },
  61: {
    fire: async (t, entry) => {
      const { db, context } = await ownCluster(t, { shared_buffers: '1MB', autovacuum: 'off' });
      await db.script(`
        create table large as select i, repeat('x', 1000) as filler from generate_series(1, 20000) i;
        checkpoint;
      `);
      for (let scan = 0; scan < 5; scan += 1)
        await db.script('select count(*) from large; select pg_stat_force_next_flush()');
      return eventually(async () => {
        const reading = await read(await context(), entry);
        return reading.level === 'warn' && reading;
      });
    },
    expect: {
      level: 'warn',
      summary: /^[\d.]+% of \d+ blocks since the statistics began$/,
      evidence: { since: 'since the statistics began' },
      remedy: /pg_statio_user_tables[\s\S]*shared_buffers/,
      metrics: {},
    },
    quiet: async (t, entry) => {
      const { db, look } = await stage(t);
      for (let scan = 0; scan < 300; scan += 1)
        await db.script('select count(filler) from items; select pg_stat_force_next_flush()');
      return eventually(async () => {
        const reading = await look(entry);
        return reading.level !== 'skipped' && reading.metrics?.hit_percent !== undefined && reading;
      });
    },
  },
});

const disk = entryOf(storageEntries, 53);
const indexCheck = entryOf(storageEntries, 60);
const cacheHits = entryOf(storageEntries, 61);

test('53 predicts a full disk from the samples of the last day', async t => {
  const { cluster, context } = await ownCluster(t);
  const limits = { warnPercent: 100.1, criticalPercent: 90 };
  const samples = hourly('disk', 'used_percent', [10, 20, 30, 40, 50, 60, 70]);
  const options = { dataDirectory: cluster.dataDir, samples };
  const growing = await read(await context(options), disk, { ...limits, criticalPercent: 100.1 });
  assert.ok(growing.level === 'critical', JSON.stringify(growing));
  assert.match(growing.summary, /; full in [\d.]+ (h|min|d) at this pace$/);
  const steady = { ...options, samples: hourly('disk', 'used_percent', [10, 10, 10, 10, 10, 10, 10]) };
  assert.equal((await read(await context(steady), disk, { ...limits, criticalPercent: 100.1 })).level, 'ok');
  const few = { ...options, samples: samples.slice(-5) };
  assert.equal((await read(await context(few), disk, { ...limits, criticalPercent: 100.1 })).level, 'ok');
});

test('53 measures what df says', async () => {
  const found = await readDiskPlaces(tmpdir()).catch(() => undefined);
  assert.ok(found !== undefined && 'why' in found, 'a directory without pg_wal is no data directory');
  const home = await mkdtemp(join(tmpdir(), 'holdfast-disk-'));
  try {
    await mkdir(join(home, 'pg_wal'));
    const read = await readDiskPlaces(home);
    assert.ok('places' in read);
    const { stdout } = await promisify(execFile)('df', ['-P', '-k', home]);
    const [, , used = '', free = ''] = stdout.trim().split('\n').at(-1)?.split(/\s+/) ?? [];
    const percent = (Number(used) / (Number(used) + Number(free))) * 100;
    assert.deepEqual(
      read.places.map(({ holds, path }) => [holds, path]),
      [['data', home]],
    );
    assert.ok(Math.abs((read.places[0]?.usedPercent ?? 0) - percent) < 0.5);
    assert.ok(Math.abs((read.places[0]?.freeBytes ?? 0) / 1_024 - Number(free)) < 0.05 * Number(free));
  } finally {
    await rm(home, { recursive: true });
  }
});

test('53 finds the files of a local server that it was not told of', async t => {
  const { look } = await createStage(t, 'select 1');
  const reading = await look(disk, {}, { ...disk.thresholds, warnPercent: 101, criticalPercent: 102 });
  assert.ok(reading.level === 'ok' && /^data at \d/.test(reading.summary), JSON.stringify(reading));
});

test('53 and 60 say why they cannot look', async t => {
  const { look, database } = await createStage(t, 'select 1');
  const own = await open(t, database.url);
  const denied = await read(await healthContext(own, database.url), disk);
  assert.ok(denied.level === 'skipped' && /may not see where .* grant pg_read_all_settings/.test(denied.why));
  const gone = await look(disk, { dataDirectory: '/nowhere' });
  assert.ok(gone.level === 'skipped' && /cannot be looked at: ENOENT/.test(gone.why));
  const reading = await look(indexCheck);
  assert.ok(reading.level === 'skipped' && /create extension amcheck;/.test(reading.why));
});

test('56 on the standby itself: paused, and without its primary', async t => {
  const { primary, standby, url } = await startStandby(t, await ownCluster(t));
  const entry = entryOf(storageEntries, 56);
  assert.equal((await read(await healthContext(standby, url), entry)).level, 'ok');
  await standby.query(sql`select pg_wal_replay_pause()`);
  const paused = await read(await healthContext(standby, url), entry);
  assert.ok(paused.level === 'warn' && /replay is paused/.test(paused.summary), JSON.stringify(paused));
  assert.match(paused.remedy ?? '', /^select pg_wal_replay_resume\(\);$/);
  await standby.query(sql`select pg_wal_replay_resume()`);
  await primary.db.close();
  await primary.cluster.stop('immediate');
  const alone = await eventually(async () => {
    const reading = await read(await healthContext(standby, url), entry);
    return reading.level === 'critical' && reading;
  });
  assert.match(alone.summary, /^no WAL receiver runs/);
});

test('56 knows a synchronous standby that commits wait for in vain', async t => {
  const { db, context } = await ownCluster(t, { synchronous_commit: 'local' });
  await db.script(`alter system set synchronous_standby_names = 'vault'`);
  await db.script(`alter database postgres set synchronous_commit = 'on'; select pg_reload_conf()`);
  const entry = entryOf(storageEntries, 56);
  assert.equal((await read(await context(), entry)).level, 'ok');
  await db.script(`set synchronous_commit = 'on'`);
  const reading = await eventually(async () => {
    const found = await read(await context(), entry);
    return found.level === 'critical' && found;
  });
  assert.match(reading.summary, /^commits wait for a synchronous standby \(vault\) that is not there$/);
});

test('57 forgets failures that were mended', async t => {
  const { db, context } = await ownCluster(t, { archive_mode: 'on' });
  const entry = entryOf(storageEntries, 57);
  const failing = async (command: string, settled: (level: string) => boolean): Promise<void> => {
    await db.script(`alter system set archive_command = '${command}'`);
    await db.script(
      `select pg_reload_conf(); create table if not exists w (i int); insert into w values (1); select pg_switch_wal()`,
    );
    await eventually(async () => settled((await read(await context(), entry)).level));
  };
  await failing('false', level => level === 'critical');
  await failing('true', level => level === 'ok');
  const { failures } = await db.one(
    sql<{ failures: number }>`select failed_count as failures from pg_stat_archiver`,
  );
  assert.ok(failures > 0);
});

test('60 goes on where the last round stopped, and finds a damaged page', async t => {
  const own = await ownCluster(t);
  await own.db.script(`${ROWS} checkpoint;`);
  const limited = { budgetMs: 12, clock: { ...systemClock, monotonic: steps(3) } };
  const first = await read(await own.context(limited), indexCheck);
  assert.ok(first.level === 'ok' && first.metrics !== undefined, JSON.stringify(first));
  const { next_position: next = -1, unchecked_indexes: unchecked } = first.metrics;
  assert.equal(unchecked, 1);
  assert.match(first.summary, /^1 index checked and sound; 1 not this time/);
  const samples = hourly('index-check', 'next_position', [next]);
  const second = await read(
    await own.context({ ...limited, clock: { ...systemClock, monotonic: steps(3) }, samples }),
    indexCheck,
  );
  assert.ok(second.level === 'ok');
  assert.equal(second.metrics?.next_position, (next + 1) % 2);

  const { path } = await own.db.one(sql<{ path: string }>`select pg_relation_filepath('items_code') as path`);
  const damaged = await own.whileStopped(dataDir => damageByte(join(dataDir, path), 8_192 + 8_000));
  const reading = await read(await damaged.context(), indexCheck);
  assert.ok(reading.level === 'critical', JSON.stringify(reading));
  assert.match(String(reading.evidence?.[0]?.problem), /invalid page in block 1/);
});

/** A clock that moves on by so many milliseconds whenever somebody looks. */
function steps(by: number): () => number {
  let now = 0;
  return () => {
    now += by;
    return now;
  };
}

test('61 judges by what was read since the last samples', async t => {
  const { db, look } = await stage(t);
  for (let scan = 0; scan < 300; scan += 1)
    await db.script('select count(filler) from items; select pg_stat_force_next_flush()');
  const at = new Date(systemClock.now() - 3_600_000).toISOString();
  const now = await eventually(async () => {
    const reading = await look(cacheHits);
    return reading.level === 'ok' && reading.metrics?.hit_percent !== undefined && reading.metrics;
  });
  // a sample from before all of it, and one whose counters were higher: reset meanwhile
  const before: StoredSample = {
    at,
    metrics: { 'cache-hits': { hit_blocks_total: 0, read_blocks_total: 0 } },
  };
  const reading = await look(cacheHits, { samples: [before] });
  assert.ok(
    reading.level === 'ok' && /blocks in the last 60 min$/.test(reading.summary),
    JSON.stringify(reading),
  );
  const reset: StoredSample = {
    at,
    metrics: {
      'cache-hits': {
        hit_blocks_total: Number(now.hit_blocks_total) * 10,
        read_blocks_total: -1_000_000_000,
      },
    },
  };
  const fallback = await look(cacheHits, { samples: [reset] });
  assert.ok(fallback.level === 'ok' && /since the statistics began$/.test(fallback.summary));
});
