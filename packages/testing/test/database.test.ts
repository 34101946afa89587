import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, sql } from '@holdfast/postgres';
import { startTestCluster } from '@holdfast/testing';

interface Outcome {
  readonly code: number;
  readonly database: string;
  readonly errors: string;
}

const cluster = await startTestCluster();
let stopped = false;
after(async () => {
  if (!stopped) await cluster.stop();
});
const urls = JSON.parse(Object.values(cluster.environment)[0] ?? '') as { readonly superuserUrl: string };

/** Runs database-user.ts on this cluster as a test run would. */
function runUser(...parameters: string[]): Promise<Outcome> {
  const program = join(import.meta.dirname, 'database-user.ts');
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  return new Promise(resolve => {
    execFile(
      process.execPath,
      ['--conditions=holdfast-source', program, ...parameters],
      { env: { ...environment, ...cluster.environment } },
      (error, stdout, stderr) => {
        const database = /DATABASE (\S+)/.exec(stdout)?.[1] ?? assert.fail(`${stdout}${stderr}`);
        resolve({ code: error === null ? 0 : Number(error.code), database, errors: stderr });
      },
    );
  });
}

async function databases(pattern: string): Promise<string[]> {
  const admin = await connect({ url: urls.superuserUrl });
  try {
    const rows = await admin.many(
      sql<{ name: string }>`select datname as name from pg_database where datname like ${pattern} order by 1`,
    );
    return rows.map(({ name }) => name);
  } finally {
    await admin.close();
  }
}

test('processes that start together share one template and no database', async () => {
  const outcomes = await Promise.all([runUser(), runUser(), runUser()]);
  assert.deepEqual(
    outcomes.map(({ code }) => code),
    [0, 0, 0],
  );
  assert.equal(new Set(outcomes.map(({ database }) => database)).size, 3);
  assert.equal((await databases('template\\_%')).length, 1);
  assert.deepEqual(await databases('test\\_%'), []);
});

test('the database of a failed test is kept and named, and so is its cluster', async () => {
  const outcome = await runUser('fail');
  assert.equal(outcome.code, 1);
  assert.match(outcome.errors, new RegExp(`is kept: postgresql://.*/${outcome.database}`));
  assert.deepEqual(await databases('test\\_%'), [outcome.database]);
  const directory = await cluster.stop();
  stopped = true;
  assert.ok(directory);
  await rm(directory, { recursive: true });
});
