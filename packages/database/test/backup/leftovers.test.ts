import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { directoryDestination, markOwned, takeBackup } from '@holdfast/database/backup';
import { connect } from '@holdfast/postgres';
import { backupRequest, eventually } from '@holdfast/testing';
import { repositoryAt } from '../backup-fixtures.ts';
import { startSystemPostgres } from '../system-postgres.ts';
import { engineAt, workPlace } from './making.ts';

const PROCESS = join(import.meta.dirname, 'backup-process.ts');

test('the next backup removes what a killed one left, in its work directory and at the destination, and nothing else', {
  timeout: 120_000,
}, async t => {
  const place = await workPlace(t);
  const system = await startSystemPostgres('15');
  t.after(() => system.stop());
  const db = await connect({ url: system.superuserUrl });
  t.after(() => db.close());
  await db.script('create table held (id int); begin; lock table held');
  const [work, backups] = [join(place, 'work'), join(place, 'backups')];
  const args = ['--conditions=holdfast-source', PROCESS, 'logical', system.superuserUrl, backups, work];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  // pg_dump waits for the lock
  await eventually(async () => (await readdir(join(work, (await readdir(work))[0] ?? ''))).length === 2, {
    timeoutMs: 60_000,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await db.script('rollback');
  const [dump] = await readdir(work);
  const [half] = await readdir(backups);
  assert.match(dump ?? '', /^dump-/);
  const mark = join(place, 'mark.json');
  await copyFile(join(work, dump ?? '', 'owner.json'), mark);
  const kept = ['dump-elsewh', 'dump-nobody', 'dump-living'];
  const gone = ['pgbackrest-ABCDEF', 'decode-ABCDEF', 'dump-ABCDEF'];
  const leave = async (): Promise<void> => {
    for (const name of gone) {
      await mkdir(join(work, name));
      await copyFile(mark, join(work, name, 'owner.json'));
    }
  };
  for (const name of [...kept, 'other-ABCDEF']) await mkdir(join(work, name));
  await markOwned(join(work, 'dump-living'), new Date());
  const elsewhere = { host: 'another machine', pid: 1, begun: '1', at: new Date(0).toISOString() };
  await writeFile(join(work, 'dump-elsewh', 'owner.json'), JSON.stringify(elsewhere));
  const repository = repositoryAt(directoryDestination(backups));
  const { broken } = await repository.list();
  assert.deepEqual(
    broken.map(({ id, leftover }) => [id, leftover]),
    [[half, true]],
  );
  for (const engine of ['logical', 'physical'] as const) {
    await leave();
    const [outcome] = await takeBackup({
      engine: engineAt(place, engine),
      repositories: [repository],
      request: backupRequest(system.superuserUrl),
      clock: systemClock,
    });
    assert.equal(outcome?.kind, 'made');
    assert.deepEqual((await readdir(work)).sort(), [...kept, 'other-ABCDEF'].sort(), engine);
    if (engine === 'logical') {
      assert.deepEqual(await readdir(backups), outcome.kind === 'made' ? [outcome.manifest.id] : []);
    }
  }
});
