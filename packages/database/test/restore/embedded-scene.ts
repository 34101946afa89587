import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect, type SqlQuery, sql } from '@holdfast/postgres';
import { type Cluster, placeRestore, type Takeover } from '@holdfast/postgres/cluster';
import { type ThrowawayHome, throwawayHome } from '@holdfast/testing';
import { readContent } from '../../src/backup/content/index.ts';
import { prepareRestore } from '../../src/restore/embedded/prepare-restore.ts';
import { type SimpleBackup, takeSimpleBackup } from './cold-backup.ts';

export const signal = new AbortController().signal;

export async function execute(url: string, ...statements: SqlQuery[]): Promise<void> {
  const connection = await connect({ url });
  for (const statement of statements) await connection.query(statement);
  await connection.close();
}

export async function rows({ ownerUrl }: Cluster): Promise<string> {
  const connection = await connect({ url: ownerUrl });
  try {
    const { text } = await connection.one(
      sql<{ text: string }>`select count(*) || ' rows to ' || max(id) as text from t`,
    );
    return text;
  } finally {
    await connection.close();
  }
}

export interface Scene extends ThrowawayHome {
  readonly cluster: Cluster;
  readonly backup: SimpleBackup;
}

export const OLD = '501 rows to 9999';
export const NEW = '500 rows to 500';

/** A cluster with a row more than its backup. */
export async function scene(t: TestContext): Promise<Scene> {
  const place = await throwawayHome(t);
  const cluster = await place.start();
  await execute(cluster.ownerUrl, sql`create table t as select g as id from generate_series(1, 500) g`);
  const root = await mkdtemp(join(tmpdir(), 'hf-backup-'));
  await chmod(root, 0o755);
  t.after(() => rm(root, { recursive: true, force: true }));
  const url = new URL(cluster.superuserUrl);
  url.pathname = '/holdfast';
  const backup = await takeSimpleBackup(cluster.superuserUrl, join(root, 'backup'), 'tar', async () => [
    await readContent({ url: url.href, jobs: 1, holds: 'physical', signal, onProgress: () => undefined }),
  ]);
  await execute(cluster.ownerUrl, sql`insert into t values (9999)`);
  return { ...place, cluster, backup };
}

export function place({ home }: Scene): Promise<Awaited<ReturnType<typeof placeRestore>>> {
  return placeRestore({ home, systemUser: undefined, sharedDir: join(home, 'shared') });
}

export async function prepare(
  at: Scene,
  onProgress: (step: string) => void = () => undefined,
): Promise<Takeover> {
  const { takeover, examination } = await prepareRestore({
    ...at.backup,
    archive: undefined,
    target: { kind: 'backup' },
    home: at.home,
    cluster: await place(at),
    sharedDir: join(at.home, 'shared'),
    programs: { binDir: undefined, path: [] },
    jobs: 1,
    acceptProblems: false,
    signal,
    onProgress: ({ step }) => onProgress(step),
  });
  assert.equal(examination.tables, 1);
  return takeover;
}
