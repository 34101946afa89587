import { join } from 'node:path';
import { systemClock } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import { type DrillResult, runDrill } from '../../src/restore/drill/run-drill.ts';
import type { MadeBackup } from './making.ts';

export async function execute(url: string, text: string): Promise<void> {
  const connection = await connect({ url });
  try {
    await connection.script(text);
  } finally {
    await connection.close();
  }
}

/** Several sessions that change rows until they are stopped; resolves to how many transactions they committed. */
export function writeUntil(url: string, signal: AbortSignal): Promise<number[]> {
  return Promise.all(
    [1, 2, 3].map(async writer => {
      const connection = await connect({ url });
      let commits = 0;
      try {
        for (; !signal.aborted; commits += 1) {
          await connection.transaction(async tx => {
            await tx.execute(
              sql`insert into moves (writer, note) values (${writer}, ${`number ${commits}`})`,
            );
            await tx.execute(sql`update totals set moves = moves + 1 where writer = ${writer}`);
            if (commits % 5 === 0) await tx.execute(sql`delete from moves where id % 17 = ${commits % 17}`);
          });
        }
      } finally {
        await connection.close();
      }
      return commits;
    }),
  );
}

/** What the writers write to, and a table that takes a while to read. */
export const SCHEMA = `
  create table moves (id bigint generated always as identity primary key, writer int not null, note text);
  create table totals (writer int primary key, moves bigint not null);
  insert into totals values (1, 0), (2, 0), (3, 0);
  create table ballast as select g as id, repeat(md5(g::text), 8) as text from generate_series(1, 40000) g;
  create unlogged table scratch as select 1 as x;`;

/** Restores a backup beside and compares it. */
export async function drill(place: string, { repository, manifest }: MadeBackup): Promise<DrillResult> {
  return runDrill({
    repository,
    backup: await repository.find(manifest.id),
    directory: join(place, 'drill'),
    systemUser: undefined,
    sharedDir: join(place, 'shared'),
    jobs: 2,
    programs: { binDir: undefined, path: [] },
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}
