import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { isHoldfastError, systemClock } from '@holdfast/core';
import { connect, type SqlQuery, sql } from '@holdfast/postgres';
import { throwawayHome } from '@holdfast/testing';
import { readContent } from '../../src/backup/content/index.ts';
import type { BackupProblem, BackupValidation } from '../../src/backup/manifest.ts';
import { type DrillResult, runDrill } from '../../src/restore/drill/run-drill.ts';
import { installedVersions, startSystemPostgres } from '../system-postgres.ts';
import { type SimpleBackup, simpleBackup, takeSimpleBackup } from './cold-backup.ts';

const run = promisify(execFile);

interface Place {
  readonly root: string;
  readonly url: string;
  readonly backup: SimpleBackup;
}

const SCHEMA = [
  sql`create table parents (id int primary key, name text not null)`,
  sql`create table children (id int primary key, parent_id int not null references parents, note text)`,
  sql`create index children_note on children (note)`,
  sql`create index children_brin on children using brin (id)`,
  sql`insert into parents select g, 'parent number ' || g from generate_series(1, 2000) g`,
  sql`insert into children select g, g, 'unmistakable-' || g from generate_series(1, 2000) g`,
  sql`checkpoint`,
];

async function execute(url: string, statements: readonly SqlQuery[]): Promise<void> {
  const connection = await connect({ url });
  for (const statement of statements) await connection.query(statement);
  await connection.close();
}

async function place(t: TestContext, url: string, prepare: readonly SqlQuery[] = []): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'hf-drill-'));
  await chmod(root, 0o755);
  t.after(() => rm(root, { recursive: true, force: true }));
  await execute(url, [...SCHEMA, ...prepare]);
  const signal = new AbortController().signal;
  const backup = await takeSimpleBackup(url, join(root, 'backup'), 'plain', async () => [
    await readContent({ url, jobs: 1, holds: 'physical', signal, onProgress: () => undefined }),
  ]);
  return { root, url, backup };
}

async function fileOf({ url, backup }: Place, relation: string): Promise<string> {
  const connection = await connect({ url });
  const { path } = await connection.one(
    sql<{ path: string }>`select pg_relation_filepath(${relation}::regclass) as path`,
  );
  await connection.close();
  return join(backup.directory, 'data', path);
}

async function drill(at: Place, backup: SimpleBackup): Promise<BackupValidation> {
  return (await drillWhole(at, backup)).validation;
}

async function drillWhole(
  { root }: Place,
  backup: SimpleBackup,
  onStep: (step: string) => void = () => undefined,
): Promise<DrillResult> {
  const recorded: BackupValidation[] = [];
  const repository = {
    ...backup.repository,
    destination: { name: 'test' },
    recordValidation: async (_id: string, validation: BackupValidation) => void recorded.push(validation),
  } as unknown as SimpleBackup['repository'];
  const result = await runDrill({
    ...backup,
    repository,
    directory: join(root, 'scratch'),
    systemUser: undefined,
    sharedDir: join(root, 'shared'),
    binDir: undefined,
    programs: { binDir: undefined, path: [] },
    jobs: 2,
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress: ({ step }) => onStep(step),
  });
  assert.deepEqual(recorded, [result.validation]);
  return result;
}

function codes(problems: readonly BackupProblem[]): string[] {
  return [...new Set(problems.map(({ code }) => code))].sort();
}

/** Drills a copy of the backup to which something has been done. */
async function drillDamaged(
  at: Place,
  damage: (directory: string) => Promise<void>,
): Promise<readonly BackupProblem[]> {
  const directory = join(at.root, 'damaged');
  await run('cp', ['-a', at.backup.directory, directory]);
  await damage(directory);
  const { manifest } = at.backup.backup;
  const files = manifest.files.filter(({ path }) => existsSync(join(directory, path)));
  const validation = await drill(at, simpleBackup(directory, { ...manifest, files }));
  await rm(directory, { recursive: true });
  assert.equal(validation.result, 'damaged');
  return validation.problems;
}

function moved(at: Place, path: string, directory: string): string {
  return path.replace(at.backup.directory, directory);
}

async function flipByte(path: string, value: string): Promise<void> {
  const at = (await readFile(path)).indexOf(value);
  assert.ok(at > 0, `${value} is in ${path}`);
  const file = await open(path, 'r+');
  await file.write(Buffer.from([value.charCodeAt(0) ^ 1]), 0, 1, at);
  await file.close();
}

async function zeroPage(path: string, page: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(8_192), 0, 8_192, page * 8_192);
  await file.close();
}

test('a whole backup passes; what weaker validations miss does not (PostgreSQL 18)', async t => {
  const { start } = await throwawayHome(t);
  const { superuserUrl } = await start();
  const at = await place(t, superuserUrl);
  assert.deepEqual((await drill(at, at.backup)).problems, []);
  const children = await fileOf(at, 'children');
  await t.test('zeroed pages, which page checksums pass', async () => {
    const found = await drillDamaged(at, directory => zeroPage(moved(at, children, directory), 1));
    assert.ok(codes(found).includes('wrong_row_count'));
  });
  await t.test('a flipped byte in a page with a checksum', async () => {
    const found = await drillDamaged(at, directory =>
      flipByte(moved(at, children, directory), 'unmistakable-77'),
    );
    assert.ok(codes(found).includes('corrupt_table'));
    assert.ok(codes(found).includes('unreadable_table'));
  });
  await t.test('a page of an index that amcheck does not know', async () => {
    const brin = await fileOf(at, 'children_brin');
    const found = await drillDamaged(at, async directory => {
      const file = await open(moved(at, brin, directory), 'r+');
      await file.write(Buffer.from('broken'), 0, 6, 5_000);
      await file.close();
    });
    assert.deepEqual(codes(found), ['corrupt_index']);
  });
  await t.test('a table whose file is missing', async () => {
    const found = await drillDamaged(at, directory => rm(moved(at, children, directory)));
    assert.ok(codes(found).includes('unreadable_table'));
  });
  await t.test('a control file that is cut off', async () => {
    const found = await drillDamaged(at, async directory => {
      const control = await open(join(directory, 'data', 'global', 'pg_control'), 'r+');
      await control.truncate(100);
      await control.close();
    });
    assert.deepEqual(codes(found), ['does_not_restore']);
  });
});

test('a recovery that somebody kills says nothing against the backup', async t => {
  const { start } = await throwawayHome(t);
  const { superuserUrl } = await start();
  const at = await place(t, superuserUrl);
  const pidFile = join(at.root, 'scratch', 'data', 'postmaster.pid');
  const killer = setInterval(() => {
    const pid = existsSync(pidFile) ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10) : Number.NaN;
    if (Number.isNaN(pid)) return;
    clearInterval(killer);
    process.kill(pid, 'SIGKILL');
  }, 1);
  t.after(() => clearInterval(killer));
  // a drill that comes to a judgement notes it with the backup
  await assert.rejects(
    drill(at, at.backup),
    error =>
      isHoldfastError(error, 'restore_refused') &&
      /says nothing of the backup.*by SIGKILL/s.test(error.message),
  );
  assert.deepEqual((await drill(at, at.backup)).problems, []);
});

test('the same without page checksums, on the versions that are installed', async t => {
  for (const version of await installedVersions()) {
    const server = await startSystemPostgres(version);
    t.after(() => server.stop());
    const at = await place(t, server.superuserUrl);
    assert.deepEqual((await drill(at, at.backup)).problems, []);
    const children = await fileOf(at, 'children');
    await t.test('a flipped byte in a value, which amcheck passes', async () => {
      const found = await drillDamaged(at, directory =>
        flipByte(moved(at, children, directory), 'unmistakable-1234'),
      );
      // the index on the value has the right one still, so it does not fit the table any more
      assert.deepEqual(codes(found), ['corrupt_index', 'wrong_checksum']);
    });
    await t.test('and in one without an index', async () => {
      const parents = await fileOf(at, 'parents');
      const found = await drillDamaged(at, directory =>
        flipByte(moved(at, parents, directory), 'parent number 42'),
      );
      assert.deepEqual(codes(found), ['wrong_checksum']);
    });
  }
});

test('damage that the database had when it was backed up is found as well', async t => {
  const { start } = await throwawayHome(t);
  const { superuserUrl } = await start();
  const at = await place(t, superuserUrl, [
    sql`update pg_index set indisready = false where indexrelid = 'children_note'::regclass`,
    sql`insert into children values (5000, 1, 'not in the index')`,
    sql`update pg_index set indisready = true where indexrelid = 'children_note'::regclass`,
    sql`set session_replication_role = replica`,
    sql`delete from parents where id = 7`,
  ]);
  const { problems } = await drill(at, at.backup);
  assert.deepEqual(codes(problems), ['corrupt_index', 'orphans']);
  assert.match(
    problems.find(({ code }) => code === 'orphans')?.message ?? '',
    /^1 row refers to a row of public\.parents/,
  );
});

test('tables whose rows the backup does not describe are said to be uncompared', async t => {
  const [installed] = await installedVersions();
  if (installed === undefined) return t.skip('no PostgreSQL of the system is installed');
  const server = await startSystemPostgres(installed);
  t.after(() => server.stop());
  const at = await place(t, server.superuserUrl);
  const { manifest } = at.backup.backup;
  const databases = manifest.databases.map(database => ({
    ...database,
    tables: database.tables.map(table =>
      table.name === 'children' ? { ...table, rows: 0, checksum: null, unread: 'it was locked' } : table,
    ),
  }));
  const steps: string[] = [];
  const backup = simpleBackup(at.backup.directory, { ...manifest, databases });
  const { validation, examination } = await drillWhole(at, backup, step => steps.push(step));
  assert.equal(validation.result, 'valid');
  const [database] = databases;
  assert.equal(examination?.tables, 2);
  assert.equal(examination?.comparedTables, 1);
  assert.ok(examination?.unchecked.includes(`rows of ${database?.name}: public.children: it was locked`));
  assert.ok(steps.includes(`comparing the rows of 1 of 2 tables of ${database?.name}`));
  assert.deepEqual(
    steps.filter(step => step.startsWith('comparing every row')),
    [],
  );
});
