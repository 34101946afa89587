import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { eventually } from './eventually.ts';
import { collect, type Finished, spawnHoldfast } from './run-holdfast.ts';
import { systemScene } from './system-scene.ts';

interface Scene {
  readonly home: string;
  readonly url: string;
  readonly db: Connection;
  /** Runs a command until somebody on the server waits for that, sends the signal, and waits for its end. */
  interrupted(args: readonly string[], waitsFor: string, signal: NodeJS.Signals): Promise<Finished>;
}

async function scene(t: TestContext): Promise<Scene | undefined> {
  const system = await systemScene(t);
  if (system === undefined) return undefined;
  const { home, superuserUrl } = system;
  const db = await connect({ url: superuserUrl });
  t.after(() => db.close());
  return {
    home,
    url: superuserUrl,
    db,
    interrupted: async (args, waitsFor, signal) => {
      const common = ['--no-env-file', '--home', home, '--database-url', superuserUrl];
      const child = spawnHoldfast([...common, ...args]);
      const output = collect(child);
      const ended = new Promise<Finished>(resolve => {
        child.once('close', (code, by) => resolve({ code, signal: by, ...output }));
      });
      await eventually('it is at it', async () => {
        const { found } = await db.one(sql<{ found: boolean }>`
          select exists (select from pg_stat_activity where wait_event = ${waitsFor} and pid <> pg_backend_pid()) as found`);
        return found;
      });
      child.kill(signal);
      return ended;
    },
  };
}

test('Ctrl-C ends a backup with 130, and nothing of it is left', { timeout: 120_000 }, async t => {
  const at = await scene(t);
  if (at === undefined) return;
  await at.db.script('create table held (id int)');
  const holder = await connect({ url: at.url });
  t.after(() => holder.close());
  await holder.script('begin; lock table held');
  const { code, stderr } = await at.interrupted(['backup'], 'relation', 'SIGINT');
  assert.equal(code, 130, stderr);
  assert.match(stderr, /error: Interrupted; nothing half-done is left\. The same command begins anew/);
  assert.deepEqual(await readdir(join(at.home, 'tmp')), []);
  assert.deepEqual(await readdir(join(at.home, 'backups')), []);
});

test('SIGTERM ends a restore with 143, and the database is the one of before', {
  timeout: 120_000,
}, async t => {
  const at = await scene(t);
  if (at === undefined) return;
  const file = join(at.home, 'slow.sql');
  await writeFile(file, 'create table t (id int);\nselect pg_sleep(600);\n');
  const { code, stderr } = await at.interrupted(['restore', file, '--yes'], 'PgSleep', 'SIGTERM');
  assert.equal(code, 143, stderr);
  assert.match(stderr, /error: Interrupted; nothing half-done is left/);
  const databases = await at.db.many(sql<{ name: string }>`
    select datname::text as name from pg_database where not datistemplate`);
  assert.deepEqual(databases, [{ name: 'postgres' }]);
});
