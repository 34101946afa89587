import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { formatLsn, parseLsn, type WalMessage, type WalStream } from '@holdfast/postgres';
import type { ArchiveWriter } from './archive-writer.ts';
import type { PartialSegment } from './partial-segment.ts';
import type { StreamStart } from './plan-start.ts';

export interface StreamProgress {
  readonly receivedLsn: string;
  readonly durableLsn: string;
  readonly serverLsn: string;
}

export interface ReceiveStreamOptions {
  readonly stream: WalStream;
  readonly writer: ArchiveWriter;
  readonly start: StreamStart;
  /** How long WAL may wait to be made durable, in milliseconds. */
  readonly syncIntervalMs: number;
  /** Nothing more is written when less than this would stay free on the disk. */
  readonly reserveBytes: number;
  readonly onProgress: (progress: StreamProgress) => void;
  readonly onSealed: (name: string) => void;
}

interface Receiving {
  readonly options: ReceiveStreamOptions;
  segment: PartialSegment;
  serverLsn: string;
  durable: bigint;
  syncing: Promise<void> | undefined;
  timer: NodeJS.Timeout | undefined;
  sealing: Promise<void>;
  failure: { readonly error: unknown } | undefined;
}

/**
 * Writes a stream of WAL into the archive until it ends. What is confirmed to the server is durable; one complete segment
 * at most is being stored while the next one is received, so that a slow destination slows the stream.
 */
export async function receiveStream(options: ReceiveStreamOptions): Promise<void> {
  const { stream, writer, start } = options;
  const state: Receiving = {
    options,
    segment: await openSegment(options, start.lsn),
    serverLsn: formatLsn(start.lsn),
    durable: start.lsn,
    syncing: undefined,
    timer: undefined,
    sealing: Promise.resolve(),
    failure: undefined,
  };
  try {
    for await (const message of stream.messages()) {
      await accept(state, writer, message);
      if (state.failure !== undefined) throw state.failure.error;
    }
    await syncNow(state);
  } finally {
    clearTimeout(state.timer);
    await state.syncing?.catch(() => undefined);
    await state.segment.close();
    await state.sealing.catch(() => undefined);
  }
  if (state.failure !== undefined) throw state.failure.error;
}

async function openSegment(
  { writer, start, reserveBytes }: ReceiveStreamOptions,
  lsn: bigint,
): Promise<PartialSegment> {
  const segment = await writer.openSegment(start.timeline, lsn);
  const { bavail, bsize } = await statfs(dirname(segment.path));
  if (bavail * bsize >= reserveBytes + writer.segmentBytes) return segment;
  await segment.close();
  const message = `Only ${Math.floor((bavail * bsize) / 1024 ** 2)} MB are free at ${dirname(segment.path)}, and ${Math.ceil(reserveBytes / 1024 ** 2)} MB must stay free: no WAL is archived until there is room. The database keeps it up to max_slot_wal_keep_size`;
  throw new HoldfastError('wal_archive_failed', message, { retryAfter: 60 });
}

async function accept(state: Receiving, writer: ArchiveWriter, message: WalMessage): Promise<void> {
  state.serverLsn = message.serverLsn;
  let { data } = message;
  while (data.length > 0) {
    const end = state.segment.start + BigInt(writer.segmentBytes);
    const piece = data.subarray(0, Number(end - state.segment.written));
    await state.segment.write(piece);
    data = data.subarray(piece.length);
    if (state.segment.written === end) await nextSegment(state, writer, end);
  }
  // caught up, or asked for: the server may be waiting for us to end
  if (message.isUrgent) await syncNow(state);
  else if (state.segment.durable < state.segment.written) syncSoon(state);
  report(state);
}

async function nextSegment(state: Receiving, writer: ArchiveWriter, end: bigint): Promise<void> {
  const { options, segment } = state;
  await syncNow(state);
  await sealedInTime(state);
  await segment.close();
  state.sealing = writer.seal(segment.name, segment.path).then(() => options.onSealed(segment.name));
  state.sealing.catch(error => fail(state, error));
  state.segment = await openSegment(options, end);
}

/** A connection that reads nothing would keep the server from shutting down. */
async function sealedInTime({ sealing }: Receiving): Promise<void> {
  const late = new HoldfastError(
    'wal_archive_failed',
    `A segment of WAL could not be stored within ${SEALING_MS / 1_000} s: the destination is too slow, or does not answer`,
  );
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, SEALING_MS, late);
  });
  await Promise.race([sealing, timeout]).finally(() => clearTimeout(timer));
}

const SEALING_MS = 30_000;

function fail(state: Receiving, error: unknown): void {
  state.failure ??= { error };
  void state.options.stream.stop();
}

function syncSoon(state: Receiving): void {
  state.timer ??= setTimeout(() => {
    state.timer = undefined;
    syncNow(state).catch(error => fail(state, error));
  }, state.options.syncIntervalMs);
}

/** Makes durable what is written at this moment, and tells the server. */
async function syncNow(state: Receiving): Promise<void> {
  await state.syncing?.catch(() => undefined);
  state.syncing = confirmSynced(state);
  await state.syncing;
}

async function confirmSynced(state: Receiving): Promise<void> {
  const { segment } = state;
  await segment.sync();
  // of a segment that was there already the first bytes are compared again, and count as before
  if (segment.durable > state.durable) state.durable = segment.durable;
  state.options.stream.confirm(formatLsn(state.durable));
  report(state);
}

function report({ options, segment, serverLsn, durable }: Receiving): void {
  const received = formatLsn(segment.written);
  const server = parseLsn(serverLsn) > segment.written ? serverLsn : received;
  options.onProgress({ receivedLsn: received, durableLsn: formatLsn(durable), serverLsn: server });
}
