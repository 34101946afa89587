import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from '@holdfast/postgres';
import type { DamageScene } from './damage.ts';

const PAGE_BYTES = 8_192;
/** Within the tuples, which grow from the end of a page: the header stays as it was. */
const FROM = 7_000;
const BYTES = 600;

/** Overwrites part of a page of a relation while PostgreSQL is stopped, as a failing disk does. */
export async function overwritePage(
  { system, database }: DamageScene,
  relation: string,
  page: number,
): Promise<void> {
  const path = await database.run(async connection => {
    await connection.query(sql`checkpoint`);
    const found = await connection.one(
      sql<{ path: string }>`select pg_relation_filepath(${relation}::regclass) as path`,
    );
    return found.path;
  });
  const file = join(await database.dataDir(), path);
  await system.stop();
  const handle = await open(file, 'r+');
  try {
    await handle.write(Buffer.alloc(BYTES, 0xa5), 0, BYTES, page * PAGE_BYTES + FROM);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await system.start();
}
