import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '@holdfast/core';
import {
  type ArchivePlace,
  directoryDestination,
  openWalArchive,
  type ReceiveWalOptions,
  receiveWal,
  type WalArchive,
  type WalEvent,
} from '@holdfast/database/backup';
import { type Connection, connect, openReplication, parseLsn, sql } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';

/** A place for WAL in a directory that is gone after the test. */
export async function archivePlace(t: TestContext): Promise<ArchivePlace> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-wal-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return placeIn(directory);
}

export function placeIn(directory: string): ArchivePlace {
  return {
    destination: directoryDestination(directory),
    compression: 'zstd',
    encryption: undefined,
    decryption: undefined,
    spool: undefined,
  };
}

export function receiveOptions(
  url: string,
  place: ArchivePlace,
  signal: AbortSignal,
  onEvent: (event: WalEvent) => void,
): ReceiveWalOptions {
  return {
    open: () => openReplication({ url }),
    place,
    slot: 'holdfast_test',
    signal,
    onEvent,
    clock: systemClock,
    random: Math.random,
    syncIntervalMs: 20,
    reserveBytes: 0,
  };
}

export interface RunningReceiver {
  readonly events: readonly WalEvent[];
  /** Waits until everything up to this position is durable. */
  reached(lsn: string): Promise<void>;
  stop(): Promise<void>;
}

export function startReceiver(
  t: TestContext,
  url: string | (() => string),
  place: ArchivePlace,
  options: Partial<ReceiveWalOptions> = {},
): RunningReceiver {
  const events: WalEvent[] = [];
  const stopping = new AbortController();
  const urlNow = typeof url === 'string' ? () => url : url;
  const running = receiveWal({
    ...receiveOptions('', place, stopping.signal, event => events.push(event)),
    open: () => openReplication({ url: urlNow() }),
    ...options,
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  t.after(stop);
  return { events, stop, reached: lsn => reached(events, lsn) };
}

async function reached(events: readonly WalEvent[], lsn: string): Promise<void> {
  const target = parseLsn(lsn);
  const isReached = (event: WalEvent): boolean =>
    event.kind === 'progress' && parseLsn(event.durableLsn) >= target;
  try {
    await eventually(() => events.some(isReached), { timeoutMs: 30_000 });
  } catch (error) {
    throw new Error(`not reached ${lsn}: ${JSON.stringify(events.slice(-5))}`, { cause: error });
  }
}

export async function flushedLsn(db: Connection): Promise<string> {
  const { lsn } = await db.one(sql<{ lsn: string }>`
    select pg_logical_emit_message(false, 'holdfast', 'end')::text as written, pg_current_wal_insert_lsn()::text as lsn
  `);
  await db.script('checkpoint');
  return lsn;
}

export async function systemIdentifier(db: Connection): Promise<string> {
  const { id } = await db.one(
    sql<{ id: string }>`select system_identifier::text as id from pg_control_system()`,
  );
  return id;
}

export async function openArchiveOf(db: Connection, place: ArchivePlace): Promise<WalArchive> {
  const archive = await openWalArchive(place, await systemIdentifier(db));
  assert.ok(archive !== undefined, 'there is no archive');
  return archive;
}

export async function contentOf(archive: WalArchive, name: string): Promise<Buffer> {
  return Buffer.concat(await (await archive.open(name)).toArray());
}

/** Compares every whole segment of the archive, and the durable beginning of the partial one, with the server's files. */
export async function assertSameAsServer(
  archive: WalArchive,
  walDirectory: string,
  timeline = '',
): Promise<number> {
  let compared = 0;
  for (const { name } of await archive.list()) {
    if (name.endsWith('.history') || !name.startsWith(timeline)) continue;
    const held = await contentOf(archive, name);
    const file = await readFile(join(walDirectory, name.replace('.partial', '')));
    assert.equal(sha256(held), sha256(file.subarray(0, held.length)), name);
    if (!name.endsWith('.partial')) assert.equal(held.length, file.length, name);
    compared += 1;
  }
  return compared;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A connection of its own, closed after the test. */
export async function openConnection(t: TestContext, url: string): Promise<Connection> {
  const db = await connect({ url });
  t.after(() => db.close());
  return db;
}
