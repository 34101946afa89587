import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { connect, type SqlQuery, sql } from '@holdfast/postgres';
import type { BackupRepository, StoredBackup } from '../../src/backup/backup-repository.ts';
import { takeLogical } from '../../src/backup/engines/logical/take-logical.ts';
import type { BackupProblem } from '../../src/backup/manifest.ts';
import { createRepository, directoryDestination, newBackupId } from '../../src/backup/store/index.ts';
import { runDrill } from '../../src/restore/drill/run-drill.ts';
import { materializeLogical } from '../../src/restore/logical/materialize-logical.ts';
import { installedVersions, startSystemPostgres } from '../system-postgres.ts';

const programs = { binDir: undefined, path: [] };

const SCHEMA = [
  sql`create role reporter`,
  sql`create table parents (id int primary key, name text not null)`,
  sql`create table children (id serial primary key, parent_id int not null references parents, note text)`,
  sql`create index on children (note)`,
  sql`grant select on children to reporter`,
  sql`create view families as select p.name, c.note from parents p join children c on c.parent_id = p.id`,
  sql`set allow_in_place_tablespaces = on`,
  sql`create tablespace "far away" location ''`,
  sql`create table far (id int primary key) tablespace "far away"`,
  sql`create table parts (id int) partition by range (id) tablespace "far away"`,
  sql`create table part partition of parts for values from (0) to (10)`,
  sql`create index on children (parent_id) tablespace "far away"`,
  sql`create materialized view counted tablespace "far away" as select count(*) as children from children`,
  sql`insert into parents select g, 'parent number ' || g from generate_series(1, 500) g`,
  sql`insert into children (parent_id, note) select g, 'unmistakable-' || g from generate_series(1, 500) g`,
];

async function execute(url: string, statements: readonly SqlQuery[]): Promise<void> {
  const connection = await connect({ url });
  for (const statement of statements) await connection.query(statement);
  await connection.close();
}

interface Scene {
  readonly root: string;
  readonly repository: BackupRepository;
  take(kind: { plain: boolean; compression: 'zstd' | 'none' }): Promise<StoredBackup>;
}

async function scene(t: TestContext, version: string): Promise<Scene> {
  const server = await startSystemPostgres(version);
  t.after(() => server.stop());
  await execute(server.superuserUrl, [sql`create database app`]);
  const url = server.superuserUrl.replace(/postgres$/, 'app');
  await execute(url, SCHEMA);
  const root = await mkdtemp(join(tmpdir(), 'hf-logical-'));
  await chmod(root, 0o755);
  t.after(() => rm(root, { recursive: true, force: true }));
  const repository = createRepository({
    destination: directoryDestination(join(root, 'backups')),
    compression: 'zstd',
    encryption: undefined,
    decryption: undefined,
    sealKey: undefined,
    clock: systemClock,
  });
  return {
    root,
    repository,
    take: async ({ plain, compression }) => {
      const writer = await repository.begin(newBackupId('logical', new Date()));
      const request = {
        url,
        databases: null,
        jobs: 2,
        plain,
        compression,
        toolVersion: 'test',
        signal: new AbortController().signal,
        onProgress: () => undefined,
      };
      const work = join(root, 'work');
      await writer.commit(
        await takeLogical(
          { programs, workDirectory: work },
          request as unknown as Parameters<typeof takeLogical>[1],
          writer,
        ),
      );
      return repository.find(writer.id);
    },
  };
}

async function drill(
  { root, repository }: Scene,
  backup: StoredBackup,
  change?: (path: string, content: Buffer) => Buffer,
): Promise<readonly BackupProblem[]> {
  const changed: BackupRepository = {
    ...repository,
    open: async (stored, path, form) => {
      const content = await repository.open(stored, path, form);
      return change === undefined ? content : Readable.from([change(path, await buffer(content))]);
    },
  };
  const { validation } = await runDrill({
    repository: changed,
    backup,
    directory: join(root, 'scratch'),
    systemUser: undefined,
    sharedDir: join(root, 'shared'),
    programs,
    jobs: 2,
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  assert.equal((await readdir(root)).includes('scratch'), false);
  assert.equal(validation.result, validation.problems.length === 0 ? 'valid' : 'damaged');
  return validation.problems;
}

function codes(problems: readonly BackupProblem[]): string[] {
  return [...new Set(problems.map(({ code }) => code))].sort();
}

function flip(content: Buffer, text: string): Buffer {
  const at = content.indexOf(text);
  if (at < 0) return content;
  const changed = Buffer.from(content);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

test('dumps come to life with their roles and are compared row by row', async t => {
  for (const version of await installedVersions()) {
    const at = await scene(t, version);
    const archive = await at.take({ plain: false, compression: 'none' });
    const plain = await at.take({ plain: true, compression: 'zstd' });
    assert.deepEqual(await drill(at, archive), []);
    assert.deepEqual(await drill(at, plain), []);
    assert.deepEqual(
      (await at.repository.find(plain.manifest.id)).validations.map(({ level, result }) => [level, result]),
      [['drill', 'valid']],
    );

    await t.test('a plain dump cut off between two statements, which psql loads with status 0', async () => {
      const found = await drill(at, plain, (_path, content) => {
        const end = content.indexOf('\n\\.\n');
        return content.subarray(0, end + 4);
      });
      assert.deepEqual(codes(found), ['does_not_restore']);
      assert.match(found[0]?.message ?? '', /cut off/);
    });
    await t.test('a flipped byte in a value of a plain dump', async () => {
      const found = await drill(at, plain, (_path, content) => flip(content, 'unmistakable-42'));
      assert.deepEqual(codes(found), ['wrong_checksum']);
    });
    await t.test('a flipped byte in the data of an archive, which pg_restore -l passes', async () => {
      const found = await drill(at, archive, (_path, content) => flip(content, 'unmistakable-42'));
      assert.deepEqual(codes(found), ['wrong_checksum']);
    });
    await t.test('a constraint that is not in the dump any more', async () => {
      const found = await drill(at, plain, (_path, content) =>
        Buffer.from(
          content
            .toString()
            .replace(/ALTER TABLE ONLY public\.children\s+ADD CONSTRAINT children_parent_id_fkey[^;]*;/, ''),
        ),
      );
      assert.deepEqual(codes(found), ['schema_differs']);
    });
  }
});

test('a cluster that is to take over has all in its data directory, and no tablespace', async t => {
  for (const version of await installedVersions()) {
    const at = await scene(t, version);
    const restored = await materializeLogical({
      repository: at.repository,
      backup: await at.take({ plain: false, compression: 'zstd' }),
      archive: undefined,
      target: { kind: 'backup' },
      directory: join(at.root, 'scratch'),
      purpose: 'takeover',
      systemUser: undefined,
      sharedDir: join(at.root, 'shared'),
      programs,
      jobs: 2,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    const connection = await connect({ url: restored.urlOf('app') });
    const left = await connection
      .many(sql<{ name: string }>`select spcname::text as name from pg_tablespace order by 1`)
      .finally(() => connection.close());
    await restored.discard();
    assert.deepEqual(
      left.map(({ name }) => name),
      ['pg_default', 'pg_global'],
    );
  }
});
