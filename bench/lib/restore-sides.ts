import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, sql } from '@holdfast/postgres';
import { type BackupBench, DATABASE, idOfBackup } from './backup-bench.ts';
import { dump, type Way } from './backup-sides.ts';
import { postgresUser, startDebianOn } from './debian-postgres.ts';
import { runProgram } from './usage.ts';

export const RESTORES = {
  extract: 'holdfast backup extract, recovery',
  drill: 'holdfast backup drill: restored, recovered, every row compared, every index and key examined',
  base: 'tar and zstd of pg_basebackup, recovery',
  pgbackrest: 'pgbackrest restore, two processes, recovery',
  logical: 'holdfast restore: restored beside, every row compared, every index and key examined, switched',
  dump: 'createdb, pg_restore -j 2',
} as const;

/** Makes the backups that are restored, and resolves to the ways. All but the drill end when a request is answered. */
export async function restoreWays(bench: BackupBench): Promise<Way[]> {
  const made = await makeBackups(bench);
  const holdfast = async (command: readonly string[], destination: string, ...more: readonly string[]) =>
    bench.holdfast(...command, await idOfBackup(destination), '--destination', destination, ...more);
  return [
    {
      name: RESTORES.extract,
      run: async directory => {
        const data = join(directory, 'data');
        const id = await idOfBackup(made.physical);
        await bench.holdfast('backup', 'extract', id, data, '--destination', made.physical);
        await serve(data);
      },
    },
    { name: RESTORES.base, run: directory => restoreBase(made.base, join(directory, 'data')) },
    {
      name: RESTORES.pgbackrest,
      run: async directory => {
        const data = join(directory, 'data');
        await mkdir(data, { mode: 0o700 });
        await own(data);
        await bench.pgbackrest.restore(data);
        await serve(data);
      },
    },
    { name: RESTORES.drill, run: () => holdfast(['backup', 'drill'], made.physical) },
    {
      name: RESTORES.logical,
      run: async () => {
        await holdfast(['restore'], made.logical, '--yes', '--database-url', bench.url);
        await answer(bench.url);
      },
      after: () => bench.holdfast('restore', '--forget', 'all', '--yes', '--database-url', bench.url),
    },
    {
      name: RESTORES.dump,
      run: async () => {
        await bench.client('createdb', 'restored');
        await bench.client('pg_restore', '-j', '2', '-d', 'restored', made.dump);
        await answer(bench.url.replace(DATABASE, 'restored'));
      },
      after: () => bench.client('dropdb', 'restored'),
    },
  ];
}

async function makeBackups(bench: BackupBench) {
  const [physical, logical, other] = [
    await bench.newDirectory(),
    await bench.newDirectory(),
    await bench.newDirectory(),
  ];
  const base = join(other, 'base');
  const made = { physical, logical, base, dump: join(other, 'dump') };
  for (const [engine, to] of [
    ['physical', physical],
    ['logical', logical],
  ] as const) {
    const args = ['backup', '--engine', engine, '--to', to, '--no-validate', '--database-url', bench.url];
    await bench.holdfast(...args);
  }
  const form = ['-Ft', '-X', 'stream', '-c', 'fast', '--compress=client-zstd:3'];
  await bench.client('pg_basebackup', '-D', base, ...form);
  await dump(bench, made.dump);
  return made;
}

/** What its manual says: unpack both archives, start. */
async function restoreBase(base: string, data: string): Promise<void> {
  await mkdir(data, { mode: 0o700 });
  await runProgram('tar', ['-x', '--zstd', '-f', join(base, 'base.tar.zst'), '-C', data]);
  await runProgram('tar', ['-x', '-f', join(base, 'pg_wal.tar'), '-C', join(data, 'pg_wal')]);
  await serve(data);
}

/** Starts a server on it, which recovers first, and ends it after the first answer. */
async function serve(data: string): Promise<void> {
  await own(data);
  const server = await startDebianOn(data, ['wal_level=logical', 'archive_mode=off']);
  try {
    await answer(Object.assign(new URL(server.url), { pathname: `/${DATABASE}` }).href);
  } finally {
    await server.stop();
  }
}

async function own(data: string): Promise<void> {
  const user = postgresUser();
  if (user) await runProgram('chown', ['-R', `${user.uid}:${user.gid}`, data]);
}

async function answer(url: string): Promise<void> {
  const connection = await connect({ url });
  try {
    const { there } = await connection.one(sql<{ there: boolean }>`select exists (select from one) as there`);
    if (!there) throw new Error(`Nothing was restored to ${url}.`);
  } finally {
    await connection.close();
  }
}
