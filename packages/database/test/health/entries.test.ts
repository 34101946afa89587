import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrationsDirectory } from '@holdfast/database';
import { connect, sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { authEntries } from '../../src/health/entries/auth/index.ts';
import { constraintEntries } from '../../src/health/entries/constraints/index.ts';
import { dataEntries } from '../../src/health/entries/index.ts';
import { sequenceEntries } from '../../src/health/entries/sequences/index.ts';
import type { HealthReading } from '../../src/health/entry.ts';
import { installedVersions, startSystemPostgres } from '../system-postgres.ts';
import { type ContextOptions, healthContext, open, read } from './health-context.ts';

test('the entries are numbered from 33 to 69, each once, with ids that name thresholds and metrics', () => {
  assert.deepEqual(
    dataEntries.map(({ number }) => number).toSorted((a, b) => a - b),
    Array.from({ length: 37 }, (_, index) => 33 + index),
  );
  assert.equal(new Set(dataEntries.map(({ id }) => id)).size, dataEntries.length);
  for (const { id, title, meaning, thresholds } of dataEntries) {
    assert.match(id, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(title.length > 0 && meaning.length > 20, id);
    for (const name of Object.keys(thresholds)) assert.match(name, /^[a-z]+([A-Z][a-z]+)*$/);
  }
});

/** Everything a schema can hold that one of the entries looks at. */
const SCHEMA = `
  create table parents (id serial primary key, code text unique, kind int check (kind > 0));
  create table children (id bigint generated always as identity primary key, parent_id int references parents);
  create view names as select code from parents;
  create index children_parent on children (parent_id);
  insert into parents (code, kind) select 'code ' || i, 1 from generate_series(1, 500) i;
  insert into children (parent_id) select i from generate_series(1, 500) i;
`;
const BACKUP = {
  id: 'one',
  createdAt: new Date(Date.now() - 3_600_000).toISOString(),
  bytes: 1_000_000,
  validation: { level: 'drill', at: new Date().toISOString() },
  tables: [{ schema: 'public', name: 'parents', rows: 500 }],
} as const;
const SOURCES: ContextOptions = { backups: [BACKUP], encryptionKeys: { problem: () => undefined } };

for (const version of await installedVersions()) {
  test(`every statement is understood by PostgreSQL ${version}, whatever the search path`, async () => {
    const server = await startSystemPostgres(version);
    const db = await connect({ url: server.superuserUrl });
    try {
      await db.script(`${SCHEMA}; create extension amcheck;`);
      await db.script(`set search_path = ''; set default_transaction_read_only = on`);
      const base = await healthContext(db, server.superuserUrl, SOURCES);
      const expected = { catalog: await base.catalog(), source: 'itself' };
      const levels = new Map<number, string>();
      for (const entry of dataEntries) {
        const { level } = await read({ ...base, expected }, entry);
        const alone = await entry.check({ ...base, expected }, entry.thresholds);
        assert.equal(alone.level, level, `${entry.number} within and without a transaction`);
        // 53 depends on the disk of this machine, 61 on what a server that has just started has read so far
        if (level !== 'ok' && ![53, 61].includes(entry.number)) levels.set(entry.number, level);
      }
      // fsync is off and so are checksums, in tests alone; no migrations, not our tables
      const usual = {
        52: 'skipped',
        54: 'warn',
        58: 'critical',
        66: 'skipped',
        67: 'skipped',
        68: 'skipped',
        69: 'skipped',
      };
      assert.deepEqual(Object.fromEntries(levels), usual);
    } finally {
      await db.close();
      await server.stop();
    }
  });
}

test('no entry takes a lock stronger than ACCESS SHARE', async t => {
  const database = await testDatabase(t);
  const db = await open(t, database.superuserUrl);
  await db.script(
    `create schema other; set search_path = other; ${SCHEMA}; create extension amcheck schema public; reset search_path`,
  );
  const base = await healthContext(db, database.superuserUrl, SOURCES);
  const context = {
    ...base,
    expected: { catalog: await base.catalog(), source: 'itself' },
    migrationsDirectory: migrationsDirectory(),
  };
  for (const entry of dataEntries) {
    const locks = await db.transaction(
      async tx => {
        await entry.check({ ...context, db: tx }, entry.thresholds);
        return tx.many(sql<{ mode: string; relation: string }>`
          select mode, relation::regclass::text as relation from pg_locks
          where pid = pg_backend_pid() and locktype in ('relation', 'page', 'tuple') and mode <> 'AccessShareLock'
        `);
      },
      { readOnly: true },
    );
    assert.deepEqual(locks, [], `${entry.number} ${entry.id}`);
  }
});

test('whoever may see little is told so, and nothing fails', async t => {
  const database = await testDatabase(t);
  const db = await open(t, database.url);
  const context = await healthContext(db, database.url, SOURCES);
  const readings: Record<string, HealthReading> = {};
  for (const entry of dataEntries) {
    const outcome = await read(context, entry).catch((error: unknown) => String(error));
    if (typeof outcome === 'string') assert.match(outcome, /permission denied/, `${entry.number}`);
    else readings[entry.id] = outcome;
  }
  assert.equal(readings.orphans?.level, 'ok');
  assert.equal(readings.duplicates?.level, 'ok');
  assert.equal(readings['index-check']?.level, 'skipped');
});

test('on a database of Holdfast that nothing has happened to, nothing is wrong with its schema and rows', async t => {
  const database = await testDatabase(t);
  const db = await open(t, database.superuserUrl);
  const context = await healthContext(db, database.superuserUrl);
  for (const entry of [...constraintEntries, ...sequenceEntries, ...authEntries]) {
    const reading = await read(context, entry);
    assert.ok(reading.level === 'ok' || entry.number === 69, `${entry.number} ${JSON.stringify(reading)}`);
  }
});
