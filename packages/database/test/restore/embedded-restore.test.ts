import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isHoldfastError, systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { forgetTakeover, listTakeovers, lockHome, type Takeover } from '@holdfast/postgres/cluster';
import { damageOf } from '../../src/restore/drill/damage-of.ts';
import { prepareUndo } from '../../src/restore/embedded/prepare-undo.ts';
import { switchRestore } from '../../src/restore/embedded/switch-restore.ts';
import { execute, NEW, OLD, place, prepare, rows, type Scene, scene, signal } from './embedded-scene.ts';

async function takeOver(at: Scene, takeover: Takeover, epochs: string[]): Promise<void> {
  const lock = await lockHome(at.home);
  try {
    await switchRestore({
      home: at.home,
      takeover,
      cluster: await place(at),
      sharedDir: join(at.home, 'shared'),
      recordEpoch: async ({ ownerUrl, restoredTo, restoredAt, note }) => {
        assert.ok(restoredTo <= restoredAt);
        await execute(ownerUrl, sql`create table if not exists epochs (note text)`);
        epochs.push(note);
      },
      clock: systemClock,
      signal,
      onProgress: () => undefined,
    });
  } finally {
    await lock.release();
  }
}

test('a restore of the embedded database takes over, is undone, and that is undone', async t => {
  const at = await scene(t);
  const takeover = await prepare(at);
  assert.equal(await rows(at.cluster), OLD);
  await at.cluster.stop();
  const epochs: string[] = [];
  await takeOver(at, takeover, epochs);
  const restored = await at.start();
  assert.equal(await rows(restored), NEW);
  await execute(restored.appUrl, sql`select 1`);
  await restored.stop();
  for (const expected of [OLD, NEW]) {
    await takeOver(at, await prepareUndo(at.home, await place(at)), epochs);
    const again = await at.start();
    assert.equal(await rows(again), expected);
    await again.stop();
  }
  const restoredFrom = `backup ${at.backup.backup.manifest.id}`;
  assert.deepEqual(epochs, [
    restoredFrom,
    `the database from before ${restoredFrom}`,
    `the database restored from ${restoredFrom}`,
  ]);
  for (const done of await listTakeovers(at.home)) await forgetTakeover(at.home, done);
  assert.deepEqual(
    (await readdir(at.home)).filter(name => /^(postgres\.|restore-)/.test(name)),
    [],
  );
  await assert.rejects(prepareUndo(at.home, await place(at)), { code: 'restore_refused' });
});

test('it does not need the old database: its directory may be gone or not start', async t => {
  const at = await scene(t);
  await at.cluster.stop('immediate');
  await rm(join(at.cluster.dataDir, 'global'), { recursive: true });
  await takeOver(at, await prepare(at), []);
  const restored = await at.start();
  assert.equal(await rows(restored), NEW);
  await restored.stop();
  await rm(at.cluster.dataDir, { recursive: true });
  await rm(join(at.home, 'cluster.json'));
  await takeOver(at, await prepare(at), []);
  assert.equal(await rows(await at.start()), NEW);
});

test('a restore whose epoch cannot be recorded leaves the old database in service', async t => {
  const at = await scene(t);
  const takeover = await prepare(at);
  await at.cluster.stop();
  await assert.rejects(
    switchRestore({
      home: at.home,
      takeover,
      cluster: await place(at),
      sharedDir: join(at.home, 'shared'),
      recordEpoch: async () => {
        throw new Error('no journal');
      },
      clock: systemClock,
      signal,
      onProgress: () => undefined,
    }),
    { message: 'no journal' },
  );
  assert.equal(await rows(await at.start()), OLD);
});

for (const moment of ['comparing', 'checking']) {
  test(`when somebody ends the PostgreSQL beside while it is ${moment}, the error speaks of that one`, async t => {
    const at = await scene(t);
    const kill = (step: string): void => {
      if (!step.startsWith(moment)) return;
      const [beside = ''] = readdirSync(at.home).filter(name => name.startsWith('restore-'));
      const file = join(at.home, beside, 'data', 'postmaster.pid');
      process.kill(Number.parseInt(readFileSync(file, 'utf8'), 10), 'SIGKILL');
    };
    await assert.rejects(prepare(at, kill), error => {
      assert.ok(isHoldfastError(error, 'restore_failed'), String(error));
      const said =
        /^The PostgreSQL that was started beside.* was ended by SIGKILL\. Nothing was changed.* try again$/;
      assert.match(error.message, said);
      assert.equal(damageOf(error, 'any'), undefined);
      return true;
    });
    assert.equal(await rows(at.cluster), OLD);
    const left = await readdir(at.home);
    assert.deepEqual(
      left.filter(name => name.startsWith('restore-')),
      [],
    );
  });
}
