import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { directoryDestination } from '@holdfast/database/backup';
import { connect, sql } from '@holdfast/postgres';
import { eventually, throwawayHome } from '@holdfast/testing';
import { repositoryAt } from '../backup-fixtures.ts';
import { engineAt, workPlace } from './making.ts';

const PROCESS = join(import.meta.dirname, 'backup-process.ts');
const MOMENTS = 30;
const AT_ONCE = 5;

test('killed at any moment, a backup is whole or not listed, and the server is left as it was', {
  timeout: 400_000,
}, async t => {
  const place = await workPlace(t);
  const cluster = await (await throwawayHome(t)).start();
  const db = await connect({ url: cluster.superuserUrl });
  t.after(() => db.close());
  await db.query(
    sql`create table ballast as select g as id, repeat(md5(g::text), 10) as text from generate_series(1, 20000) g`,
  );
  const directory = join(place, 'backups');
  const start = () =>
    spawn(
      process.execPath,
      [
        '--conditions=holdfast-source',
        PROCESS,
        'physical',
        cluster.superuserUrl,
        directory,
        join(place, 'work'),
      ],
      { stdio: 'ignore' },
    );
  const begun = performance.now();
  const [code] = await once(start(), 'exit');
  assert.equal(code, 0);
  const whole = performance.now() - begun;
  const repository = repositoryAt(directoryDestination(directory));
  const decode = engineAt(place, 'physical').decode;
  for (let first = 0; first < MOMENTS; first += AT_ONCE) {
    const killed = Array.from({ length: AT_ONCE }, async (_, index) => {
      const child = start();
      const ended = once(child, 'exit');
      // those of one turn take longer than one alone
      await Promise.race([delay((whole * 1.5 * (first + index + 0.5)) / MOMENTS), ended]);
      child.kill('SIGKILL');
      await ended;
    });
    await Promise.all(killed);
    await eventually(async () => {
      const { busy } = await db.one(sql<{ busy: number }>`
        select (select count(*) from pg_replication_slots) + (select count(*) from pg_stat_replication)
          + (select count(*) from pg_stat_progress_basebackup)
          + (select count(*) from pg_stat_activity where application_name like 'holdfast-backup%') as busy`);
      return busy === 0 ? true : undefined;
    });
  }
  const { backups } = await repository.list();
  assert.ok(backups.length >= 1);
  for (const backup of backups) assert.deepEqual(await decode(repository, backup), []);
});
