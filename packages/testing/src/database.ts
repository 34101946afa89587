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
export async function testDatabase(
  t?: TestContext,
  options: Partial<PoolOptions> = {},
): Promise<TestDatabase> {
  const cluster = await testCluster();
  return openDatabase(cluster, await createDatabase(cluster, await ensureTemplate(cluster)), t, options);
}

/** Like {@link testDatabase}, but with nothing in it except the rights of the two roles. */
export async function emptyDatabase(
  t?: TestContext,
  options: Partial<PoolOptions> = {},
): Promise<TestDatabase> {
  const cluster = await testCluster();
  const name = await createDatabase(cluster, 'template1');
  await grantDatabase(withDatabase(cluster.superuserUrl, name));
  return openDatabase(cluster, name, t, options);
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

function openDatabase(
  cluster: TestClusterUrls,
  name: string,
  t: TestContext | undefined,
  options: Partial<PoolOptions>,
): TestDatabase {
  const superuserUrl = withDatabase(cluster.superuserUrl, name);
  const url = withDatabase(cluster.appUrl, name);
  const pool = createPool({ ...options, url });
  const close = (): Promise<void> => pool.close();
  const finish = async (failed: boolean): Promise<void> => {
    await close();
    if (failed) process.stderr.write(`The database of the failed test is kept: ${superuserUrl}\n`);
    else await dropDatabase(cluster, name);
  };
  if (t === undefined) {
    after(close);
    atProcessEnd(finish);
  } else t.after(() => finish(!(t as FinishedTest).passed));
  return { name, url, ownerUrl: withDatabase(cluster.ownerUrl, name), superuserUrl, pool, close };
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
