import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql, sqlState } from '@holdfast/postgres';
import type { Stack } from '../stack.ts';
import { crc32c } from './crc32c.ts';
import { damage, letOwnerCheckIndexes } from './data-injections.ts';
import type { FaultInjection } from './fault-injection.ts';

const DATABASE = 'holdfast';

/** A row gets into its table while an index takes none, as when the page that knew it was lost. */
export const indexDamaged: FaultInjection = {
  name: 'a row that the index roles_deleted_at does not know',
  inject: stack =>
    stack.asSuperuser(async db => {
      const take = (rows: boolean) =>
        db.query(
          sql`update pg_index set indisready = ${rows} where indexrelid = 'roles_deleted_at'::regclass`,
        );
      await take(false);
      await db.query(
        sql`insert into roles (id, name, deleted_at) values (gen_random_uuid(), 'unknown', now())`,
      );
      await take(true);
      await letOwnerCheckIndexes(db);
    }),
  heal: stack => stack.restoreDatabase(),
  expected: { code: 'index_damaged', layer: 'database', subject: 'index:roles_deleted_at' },
};

/** As after an update of the library that orders text: the database was built with another version of it. */
export const collationChanged: FaultInjection = {
  name: 'the database built with another version of its collation',
  inject: stack =>
    stack.asSuperuser(async db => {
      await db.query(sql`update pg_database set datcollversion = '0' where datname = ${DATABASE}`);
    }),
  heal: stack =>
    stack.asSuperuser(async db => {
      await db.query(sql`alter database ${sql.id(DATABASE)} refresh collation version`);
    }),
  expected: { code: 'collation_changed', layer: 'database', subject: 'database' },
};

/** 79 % of the way to wraparound, as far as the catalog tells. */
export const transactionIdsRunningOut: FaultInjection = damage(
  'the oldest transaction id 1,700,000,000 transactions old',
  { code: 'transaction_ids_running_out', layer: 'database', subject: 'database' },
  sql`
    update pg_database
    set datfrozenxid = ((pg_current_xact_id()::text::numeric + 4294967296 - 1700000000) % 4294967296)::text::xid
    where datname = ${DATABASE}
  `,
);

const PAGE_BYTES = 8_192;
const DATA_CORRUPTED = 'XX001';

/** One bit of a page changes while PostgreSQL is down, and somebody reads the page. */
export const storageDamagesPages: FaultInjection = {
  name: 'a bit of a page flipped on the disk',
  inject: async stack => {
    const path = await stack.asSuperuser(async db => {
      await db.query(
        sql`create table notes as select n, repeat('note ', 20) as text from generate_series(1, 200) n`,
      );
      const { file } = await db.one(sql<{ file: string }>`select pg_relation_filepath('notes') as file`);
      return join(stack.cluster.dataDir, file);
    });
    await stack.stopDatabase('fast');
    await flipBit(path, PAGE_BYTES / 2);
    await stack.startDatabase();
    await stack.server.ready();
    const state = await stack
      .asSuperuser(db => db.query(sql`select sum(length(text)) from notes`))
      .then(() => 'none', sqlState);
    if (state !== DATA_CORRUPTED) throw new Error(`the page was not refused for its checksum: ${state}`);
  },
  heal: stack => stack.restoreDatabase(),
  expected: { code: 'storage_damages_pages', layer: 'database', subject: 'database' },
};

async function flipBit(path: string, position: number): Promise<void> {
  await using file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  await file.write(Buffer.from([byte.readUInt8() ^ 1]), 0, 1, position);
}

const GID = 'forgotten';
const AGE_SECONDS = 7_200n;

/** A two-phase commit was begun two hours ago and not ended; it has survived a restart. */
export const preparedTransactionForgotten: FaultInjection = {
  name: 'a transaction prepared two hours ago',
  inject: async stack => {
    await stack.asSuperuser(async db => {
      await db.query(sql`begin`);
      await db.query(sql`select pg_current_xact_id()`);
      await db.query(sql`prepare transaction ${sql.literal(GID)}`);
    });
    await stack.stopDatabase('fast');
    await agePrepared(stack, AGE_SECONDS);
    await stack.startDatabase();
    await stack.server.ready();
  },
  heal: stack =>
    stack.asSuperuser(async db => {
      await db.query(sql`rollback prepared ${sql.literal(GID)}`);
    }),
  expected: { code: 'prepared_transaction_forgotten', layer: 'database', subject: 'database' },
};

/** Where `prepared_at`, in microseconds, is in a file of pg_twophase (TwoPhaseFileHeader); its CRC is at the end. */
const PREPARED_AT = 16;
const CRC_BYTES = 4;

/** Sets back when the prepared transactions of a stopped PostgreSQL were prepared. */
async function agePrepared({ cluster }: Stack, seconds: bigint): Promise<void> {
  const directory = join(cluster.dataDir, 'pg_twophase');
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const state = await readFile(path);
    const end = state.length - CRC_BYTES;
    state.writeBigInt64LE(state.readBigInt64LE(PREPARED_AT) - seconds * 1_000_000n, PREPARED_AT);
    state.writeUInt32LE(crc32c(state.subarray(0, end)), end);
    await writeFile(path, state);
  }
}
