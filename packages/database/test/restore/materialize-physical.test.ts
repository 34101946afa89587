import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, type SqlQuery, sql } from '@holdfast/postgres';
import { throwawayHome } from '@holdfast/testing';
import type { MaterializedBackup } from '../../src/restore/materialized-backup.ts';
import { materializePhysical } from '../../src/restore/physical/materialize-physical.ts';
import { installedVersions, startSystemPostgres } from '../system-postgres.ts';
import { type Layout, type SimpleBackup, takeSimpleBackup } from './cold-backup.ts';

async function scratchRoot(t: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'hf-restore-'));
  await chmod(root, 0o755);
  t.after(() => rm(root, { recursive: true, force: true }));
  return root;
}

async function servers(t: TestContext): Promise<{ name: string; url: string }[]> {
  const { start } = await throwawayHome(t);
  const embedded = await start();
  const found = [{ name: '18', url: embedded.superuserUrl }];
  for (const version of await installedVersions()) {
    const server = await startSystemPostgres(version);
    t.after(() => server.stop());
    found.push({ name: version, url: server.superuserUrl });
  }
  return found;
}

async function execute(url: string, ...statements: SqlQuery[]): Promise<void> {
  const connection = await connect({ url });
  for (const statement of statements) await connection.query(statement);
  await connection.close();
}

async function count(url: string): Promise<number> {
  const connection = await connect({ url });
  try {
    return (await connection.one(sql<{ n: number }>`select count(*)::int as n from t`)).n;
  } finally {
    await connection.close();
  }
}

function materialize(simple: SimpleBackup, directory: string): Promise<MaterializedBackup> {
  return materializePhysical({
    ...simple,
    archive: undefined,
    target: { kind: 'backup' },
    directory,
    purpose: 'drill',
    systemUser: undefined,
    sharedDir: join(directory, '..', 'shared'),
    jobs: 1,
    programs: { binDir: undefined, path: [] },
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

test('a physical backup comes to life as it was at its point, of every layout and version', async t => {
  for (const { name, url } of await servers(t)) {
    await execute(url, sql`create table t as select g as id from generate_series(1, 1000) g`);
    await execute(url, sql`alter system set log_line_prefix = 'of the original'`);
    const root = await scratchRoot(t);
    for (const layout of ['tar', 'plain'] satisfies Layout[]) {
      const before = await count(url);
      const simple = await takeSimpleBackup(url, join(root, `backup-${layout}`), layout);
      await execute(url, sql`insert into t values (0)`);
      const directory = join(root, `restored-${layout}`);
      const restored = await materialize(simple, directory);
      assert.equal(await count(restored.urlOf('postgres')), before, `${name} ${layout}`);
      assert.notEqual(restored.reached, null);
      await restored.discard();
      await restored.discard();
      assert.deepEqual(
        (await readdir(root)).filter(entry => entry.startsWith('restored')),
        [],
      );
    }
  }
});

test('a backup that cannot be unpacked leaves nothing', async t => {
  const { start } = await throwawayHome(t);
  const { superuserUrl } = await start();
  const root = await scratchRoot(t);
  const simple = await takeSimpleBackup(superuserUrl, join(root, 'backup'), 'plain');
  await rm(join(root, 'backup', 'data', 'global', 'pg_control'));
  const directory = join(root, 'restored');
  await mkdir(join(root, 'shared'));
  await assert.rejects(materialize(simple, directory));
  assert.equal((await readdir(root)).includes('restored'), false);
});
