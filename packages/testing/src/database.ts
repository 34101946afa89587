import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { after, type TestContext } from 'node:test';
import { type Connection, connect, createPool, type Pool, type PoolOptions, sql } from '@holdfast/postgres';
import { grantDatabase } from '@holdfast/postgres/cluster';
import { atProcessEnd } from './process-end.ts';
import { ensureTemplate } from './template-database.ts';
import { type TestClusterUrls, testCluster, withDatabase } from './test-cluster.ts';

/** What node:test knows of a test in its `after` hooks; its type lacks it. */
type FinishedTest = TestContext & { readonly passed: boolean };

/** A database of its own for a test file, or for one test. */
export interface TestDatabase {
  readonly name: string;
  /** As the application role, which reads and writes rows. */
  readonly url: string;
  /** As the role that owns the tables. */
  readonly ownerUrl: string;
  /** As superuser, for tests that inject faults. */
  readonly superuserUrl: string;
  /** A pool of the application role. */
  readonly pool: Pool;
  /** Closes the pool. Called by itself at the end of the test or suite. */
  close(): Promise<void>;
}

/**
 * A database with all migrations and the built-in seed, cloned from a template. Given a test it is dropped after that;
 * else at the end of the process. The database of a failed test is kept, and its URL printed.
 */
export function testDatabase(t?: TestContext, options: Partial<PoolOptions> = {}): Promise<TestDatabase> {
  return provide(async cluster => createDatabase(cluster, await ensureTemplate(cluster)), t, options);
}

/** Like {@link testDatabase}, but with nothing in it except the rights of the two roles. */
export function emptyDatabase(t?: TestContext, options: Partial<PoolOptions> = {}): Promise<TestDatabase> {
  return provide(createEmptyDatabase, t, options);
}

function provide(
  create: (cluster: TestClusterUrls) => Promise<string>,
  t: TestContext | undefined,
  options: Partial<PoolOptions>,
): Promise<TestDatabase> {
  const opening = open(create, options);
  // before anything is awaited: node:test tells by the asynchronous context whose hook it is, and that can change
  if (t !== undefined) t.after(() => finish(opening, !(t as FinishedTest).passed));
  else {
    after(() => closeOpened(opening));
    atProcessEnd(failed => finish(opening, failed));
  }
  return opening;
}

async function open(
  create: (cluster: TestClusterUrls) => Promise<string>,
  options: Partial<PoolOptions>,
): Promise<TestDatabase> {
  const cluster = await testCluster();
  const name = await create(cluster);
  const url = withDatabase(cluster.appUrl, name);
  const pool = createPool({ ...options, url });
  return {
    name,
    url,
    ownerUrl: withDatabase(cluster.ownerUrl, name),
    superuserUrl: withDatabase(cluster.superuserUrl, name),
    pool,
    close: () => pool.close(),
  };
}

/** Undefined when it could not be opened, which the test has seen. */
async function closeOpened(opening: Promise<TestDatabase>): Promise<TestDatabase | undefined> {
  const database = await opening.catch(() => undefined);
  await database?.close();
  return database;
}

async function finish(opening: Promise<TestDatabase>, failed: boolean): Promise<void> {
  const database = await closeOpened(opening);
  if (database === undefined) return;
  if (failed) process.stderr.write(`The database of the failed test is kept: ${database.superuserUrl}\n`);
  else await dropDatabase(await testCluster(), database.name);
}

async function createEmptyDatabase(cluster: TestClusterUrls): Promise<string> {
  const name = await createDatabase(cluster, 'template0');
  await grantDatabase(withDatabase(cluster.superuserUrl, name));
  return name;
}

async function createDatabase(cluster: TestClusterUrls, template: string): Promise<string> {
  const name = databaseName();
  await asSuperuser(cluster, async admin => {
    await admin.query(
      sql`create database ${sql.id(name)} template ${sql.id(template)} owner holdfast_owner strategy wal_log`,
    );
  });
  return name;
}

async function dropDatabase(cluster: TestClusterUrls, name: string): Promise<void> {
  await asSuperuser(cluster, async admin => {
    await admin.query(sql`drop database ${sql.id(name)} with (force)`);
  });
}

/** `test_<file>_<random>`, so that a kept one tells where it comes from. */
function databaseName(): string {
  const file = basename(process.argv[1] ?? '', '.ts').replaceAll(/[^a-z0-9]+/gi, '_');
  return `test_${file.toLowerCase().slice(0, 40)}_${randomBytes(4).toString('hex')}`;
}

async function asSuperuser<T>(cluster: TestClusterUrls, work: (admin: Connection) => Promise<T>): Promise<T> {
  const admin = await connect({ url: cluster.superuserUrl, applicationName: 'holdfast tests' });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
