import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isHoldfastError, systemClock } from '@holdfast/core';
import { createEngine, validateByDecoding } from '@holdfast/database/backup';
import { connect, sql } from '@holdfast/postgres';
import { startSystemPostgres } from '../system-postgres.ts';
import { engineAt, makeBackup, workPlace } from './making.ts';

const run = promisify(execFile);

test('a disk that is too full to unpack a dump is no damage of the backup', async t => {
  const small = await mkdtemp(join(tmpdir(), 'hf-small-'));
  t.after(async () => {
    await run('umount', [small]).catch(() => undefined);
    await rmdir(small);
  });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'full-disk-test', small]);
  } catch {
    t.skip('needs root and mount: a disk of 64 kB');
    return;
  }
  const place = await workPlace(t);
  const system = await startSystemPostgres('15');
  t.after(() => system.stop());
  const db = await connect({ url: system.superuserUrl });
  await db.query(
    sql`create table noise as select md5(random()::text) as text from generate_series(1, 20000)`,
  );
  await db.close();
  const { repository, manifest } = await makeBackup(place, 'logical', system.superuserUrl);
  const cramped = createEngine('logical', {
    programs: { binDir: undefined, path: [] },
    workDirectory: join(small, 'work'),
  });
  await assert.rejects(
    validateByDecoding(cramped, repository, manifest.id, systemClock),
    error => isHoldfastError(error, 'backup_not_possible') && /ENOSPC/.test(error.message),
  );
  assert.deepEqual((await repository.find(manifest.id)).validations, []);
  const found = await validateByDecoding(engineAt(place, 'logical'), repository, manifest.id, systemClock);
  assert.equal(found.result, 'valid');
});
