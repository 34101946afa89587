import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HoldfastError } from '@holdfast/core';
import type { BackupPlaces } from '../src/backup/backup-places.ts';
import { findOrigin } from '../src/restore/find-origin.ts';
import { noticingDamage } from '../src/restore/met-damage.ts';
import type { RestoreContext } from '../src/restore/restore-options.ts';
import { repositoryOf, storeBackup } from './store-backup.ts';

test('the next backup to try is named with the options that were typed, and is none from before a repair', async t => {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-damage-'));
  t.after(() => rm(home, { recursive: true }));
  const server = { versionNumber: 150_019, systemIdentifier: null, url: 'postgresql://db.example/shop' };
  const sound = await storeBackup(home, 3, undefined, { server });
  await storeBackup(home, 2, undefined, { server, label: 'before a repair' });
  const damaged = await storeBackup(home, 1, undefined, { server });
  const places = { repositories: [await repositoryOf(home)] } as unknown as BackupPlaces;
  const options = { table: 'orders', rows: 'id = 1', mode: 'overwrite', yes: true, mask: true } as const;
  const work = noticingDamage(
    {
      context: { options, flags: {} } as unknown as RestoreContext,
      places,
      origin: await findOrigin(places, damaged, { kind: 'backup' }),
      signal: new AbortController().signal,
      isolated: true,
    },
    () => Promise.reject(new HoldfastError('backup_damaged', 'it is torn')),
  );
  await assert.rejects(work, (error: Error) => {
    const command = `holdfast restore ${sound} --table orders --rows 'id = 1' --mode overwrite --mask --plan`;
    assert.ok(error.message.endsWith(command), error.message);
    return true;
  });
});
