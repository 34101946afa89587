import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { migrationsDirectory, seedsDirectory } from '@holdfast/database';
import {
  migrateDown,
  migrateUp,
  migrationStatus,
  readMigrations,
  verifyMigrations,
} from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import { connect, readCatalog, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { column, failure, migration, openConnection, stepwise } from './fixtures.ts';
import { installedVersions, type SystemPostgres, startSystemPostgres } from './system-postgres.ts';

const appVersion = '1.2.3';
const TESTED = ['14', '15', '16', '17', '18'];

/** A database that belongs to an ordinary role, in a server that has never heard of Holdfast. */
async function plainDatabase(t: TestContext, superuserUrl: string): Promise<string> {
  const adminUrl = new URL(superuserUrl);
  adminUrl.pathname = '/postgres';
  const admin = await connect({ url: adminUrl.href });
  const name = `plain_${process.pid}_${Date.now()}`;
  await admin.query(sql`create role ${sql.id(name)} login password 'plain'`);
  await admin.query(sql`create database ${sql.id(name)} owner ${sql.id(name)}`);
  t.after(async () => {
    await admin.query(sql`drop database ${sql.id(name)} with (force)`);
    await admin.query(sql`drop role ${sql.id(name)}`);
    await admin.close();
  });
  const url = new URL(superuserUrl);
  url.username = name;
  url.password = 'plain';
  url.pathname = `/${name}`;
  return url.href;
}

async function migratesAndSeeds(t: TestContext, superuserUrl: string): Promise<void> {
  const connection = await openConnection(t, await plainDatabase(t, superuserUrl));
  const migrations = await readMigrations(migrationsDirectory());
  const options = { connection, migrations, appVersion };
  await migrateUp(options);
  const catalog = await readCatalog(connection, { schemas: ['public'] });
  const seed = { connection, dir: seedsDirectory(), environment: 'test' } as const;
  await applySeed({ ...seed, name: 'built-in' });
  const first = await applySeed({ ...seed, name: 'development' });
  const second = await applySeed({ ...seed, name: 'development' });
  assert.deepEqual([second.inserted, second.unchanged], [0, first.inserted]);
  await failure(migrateDown({ ...options, to: '0' }), 'data_loss_refused');
  await migrateDown({ ...options, to: '0', acceptDataLoss: true });
  await migrateUp(options);
  assert.deepEqual(await readCatalog(connection, { schemas: ['public'] }), catalog);
  assert.equal((await migrationStatus(connection, migrations)).upToDate, true);
}

async function recoversConcurrentIndex(t: TestContext, superuserUrl: string): Promise<void> {
  const connection = await openConnection(t, await plainDatabase(t, superuserUrl));
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-migrations-'));
  t.after(() => rm(dir, { recursive: true }));
  const table = 'create table a (b int); insert into a values (1), (1);';
  await writeFile(join(dir, '0001_a.sql'), migration(table));
  const index = 'create unique index concurrently if not exists i on a (b);';
  await writeFile(join(dir, '0002_i.sql'), stepwise(index, 'drop index concurrently i;'));
  const options = { connection, migrations: await readMigrations(dir), appVersion };
  await failure(migrateUp(options), 'migration_failed');
  await connection.script('delete from a; insert into a values (1)');
  await migrateUp(options);
  assert.deepEqual(
    await column(connection, sql`select indisvalid from pg_index where indexrelid = to_regclass('i')`),
    [true],
  );
  await migrateDown({ ...options, to: '1' });
  assert.equal((await migrationStatus(connection, options.migrations)).version, '0001');
}

/** As superuser, who may create a database. */
async function verifies(superuserUrl: string): Promise<void> {
  const migrations = await readMigrations(migrationsDirectory());
  const { findings, verified } = await verifyMigrations({ url: superuserUrl, migrations, appVersion });
  assert.deepEqual([findings, verified.length], [[], migrations.length]);
}

describe('the embedded PostgreSQL, with an ordinary role', () => {
  it('migrates and seeds', async t => migratesAndSeeds(t, (await emptyDatabase(t)).superuserUrl));
  it('recovers a concurrent index', async t =>
    recoversConcurrentIndex(t, (await emptyDatabase(t)).superuserUrl));
});

const versions = await installedVersions();
const absent = TESTED.filter(version => !versions.includes(version));
process.stdout.write(
  `PostgreSQL of the system, tested: ${versions.join(', ') || 'none'}; not on this machine: ${absent.join(', ')}\n`,
);

for (const version of versions) {
  describe(`PostgreSQL ${version} of the system, with an ordinary role`, () => {
    let server: SystemPostgres | undefined;
    const url = (): string => server?.superuserUrl ?? assert.fail('not started');
    before(async () => {
      server = await startSystemPostgres(version);
    });
    after(() => server?.stop());
    it('migrates and seeds', t => migratesAndSeeds(t, url()));
    it('recovers a concurrent index', t => recoversConcurrentIndex(t, url()));
    it('verifies every way up and down', () => verifies(url()));
  });
}
