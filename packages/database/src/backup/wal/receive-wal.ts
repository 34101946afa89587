import { createHash } from 'node:crypto';
import { type Clock, equalJitter, errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import {
  formatLsn,
  parseLsn,
  parseSegmentBytes,
  type ReplicationSession,
  sqlState,
  type WalStream,
} from '@holdfast/postgres';
import type { ArchivePlace } from './archive-place.ts';
import { type ArchiveWriter, openArchiveWriter } from './archive-writer.ts';
import {
  beginAfterGap,
  beginTimeline,
  ensureSlot,
  isWalGone,
  planStart,
  type ServerPosition,
  type SlotState,
  type StreamStart,
  slotInUse,
} from './plan-start.ts';
import { receiveStream, type StreamProgress } from './receive-stream.ts';

/** What happens to an archive, in the order in which it does. */
export type WalEvent =
  | {
      readonly kind: 'streaming';
      readonly systemIdentifier: string;
      readonly timeline: number;
      readonly from: string;
    }
  | ({ readonly kind: 'progress' } & StreamProgress)
  | { readonly kind: 'sealed'; readonly segment: string }
  /** WAL is missing before `from`. */
  | { readonly kind: 'gap'; readonly from: string; readonly reason: string }
  | { readonly kind: 'timeline'; readonly timeline: number; readonly from: string }
  /** The database was replaced by an older copy, and has an archive of its own from now on. */
  | { readonly kind: 'branch'; readonly branch: number; readonly reason: string }
  /** At the end: what could not be stored of the segment being written is in its local file. */
  | { readonly kind: 'unfinished'; readonly error: unknown }
  /** Tried again after the pause. */
  | {
      readonly kind: 'interrupted';
      readonly error: unknown;
      readonly reason: string;
      readonly retryInMs: number;
    };

export interface ReceiveWalOptions {
  readonly open: () => Promise<ReplicationSession>;
  readonly place: ArchivePlace;
  readonly slot: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: WalEvent) => void;
  readonly clock: Clock;
  readonly random: () => number;
  /** How long WAL may wait to be made durable. Default 100 ms. */
  readonly syncIntervalMs?: number;
  /** What stays free on the local disk. Default 1 GiB. */
  readonly reserveBytes?: number;
}

const SYNC_INTERVAL_MS = 100;
const RESERVE_BYTES = 1024 ** 3;
const RETRY = { baseMs: 500, maxMs: 30_000 };

/** The slot of the archive of a state directory at a destination. */
export function walSlotName(home: string, destination: string): string {
  return `holdfast_${createHash('sha256').update(`${home}\n${destination}`).digest('hex').slice(0, 8)}`;
}

interface Receiver {
  readonly options: ReceiveWalOptions;
  /** Failures in a row. */
  attempts: number;
  /** Whether the next archive is to be another one than those that are there. */
  another: boolean;
  writer: ArchiveWriter | undefined;
}

/**
 * Keeps the WAL of a cluster in an archive until it is told to stop: makes or resumes the slot, follows timelines, puts on
 * record what could not be had, and goes on after every trouble. Never rejects. Ends with the slot in place, so that
 * nothing is missing when it is called again, and with the segment being written stored as far as it is.
 */
export async function receiveWal(options: ReceiveWalOptions): Promise<void> {
  const receiver: Receiver = { options, attempts: 0, another: false, writer: undefined };
  const { signal, clock, random, onEvent } = options;
  while (!signal.aborted) {
    const error = await receiveOnce(receiver);
    if (signal.aborted) break;
    const retryInMs = Math.round(equalJitter(receiver.attempts, { ...RETRY, random }));
    receiver.attempts += 1;
    onEvent({ kind: 'interrupted', error, reason: errorMessage(error), retryInMs });
    await clock.sleep(retryInMs, signal).catch(() => undefined);
  }
  await storeInTime(receiver.writer).catch(error => onEvent({ kind: 'unfinished', error }));
}

const STORING_MS = 10_000;

/** Whoever stops waits for it, and a destination may not answer. */
async function storeInTime(writer: ArchiveWriter | undefined): Promise<void> {
  const late = new HoldfastError(
    'wal_archive_failed',
    `The segment of WAL being written could not be stored within ${STORING_MS / 1_000} s`,
  );
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, STORING_MS, late);
  });
  await Promise.race([writer?.storeUnfinished(), timeout]).finally(() => clearTimeout(timer));
}

/** Resolves to why it ended. */
async function receiveOnce(receiver: Receiver): Promise<unknown> {
  let session: ReplicationSession | undefined;
  try {
    session = await receiver.options.open();
    await receiveFrom(receiver, session);
    return new HoldfastError(
      'database_unavailable',
      'The database ended the stream of WAL: it is shutting down',
    );
  } catch (error) {
    if (isHoldfastError(error) && error.details?.diverged === true) receiver.another = true;
    return error;
  } finally {
    await session?.close();
  }
}

async function receiveFrom(receiver: Receiver, session: ReplicationSession): Promise<void> {
  const { options } = receiver;
  const identity = await session.identifySystem();
  const segmentBytes = parseSegmentBytes(await session.show('wal_segment_size'));
  if (segmentBytes === undefined)
    throw new HoldfastError('replication_failed', 'wal_segment_size makes no sense');
  const { systemIdentifier, timeline } = identity;
  const { another } = receiver;
  const cluster = { systemIdentifier, segmentBytes };
  const writer = await openArchiveWriter(options.place, cluster, { another, clock: options.clock });
  receiver.writer = writer;
  if (another) announceBranch(receiver, writer);
  await writer.sealLeftovers();
  const server = { timeline, lsn: parseLsn(identity.xlogpos) };
  const slot = await ensureSlot(session, options.slot);
  let start = await planStart(session, writer, server, slot);
  receiver.another = false;
  while (!options.signal.aborted) {
    const next = await streamOnce({ receiver, session, writer, server, slot, start });
    if (next === undefined) return;
    const fork = parseLsn(next.from);
    start = await beginTimeline(session, writer, { timeline: next.timeline, fork, before: start.timeline });
    options.onEvent({ kind: 'timeline', timeline: start.timeline, from: formatLsn(start.lsn) });
  }
}

function announceBranch({ options }: Receiver, { name }: ArchiveWriter): void {
  const reason = 'the database was replaced by an older copy of itself';
  options.onEvent({ kind: 'branch', branch: name.branch, reason });
}

interface Streaming {
  readonly receiver: Receiver;
  readonly session: ReplicationSession;
  readonly writer: ArchiveWriter;
  readonly server: ServerPosition;
  readonly slot: SlotState;
  readonly start: StreamStart;
}

/** Streams one timeline; resolves to what follows it, or to undefined when the stream has ended. */
async function streamOnce(streaming: Streaming): Promise<WalStream['next']> {
  const { receiver, writer, server, slot, start } = streaming;
  try {
    return await streamInto(streaming);
  } catch (error) {
    if (!isWalGone(error)) throw error;
    // the error has ended the connection; the next one begins after the gap
    const after = await beginAfterGap(writer, server, slot, start);
    receiver.attempts = 0;
    receiver.options.onEvent({ kind: 'gap', from: formatLsn(after.lsn), reason: after.reason });
    throw error;
  }
}

async function streamInto({ receiver, session, writer, start }: Streaming): Promise<WalStream['next']> {
  const { signal, onEvent, slot, syncIntervalMs, reserveBytes } = receiver.options;
  const { timeline } = start;
  const stream = await openStream(session, slot, start);
  const stop = (): void => void stream.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const { systemIdentifier } = writer.name;
    onEvent({ kind: 'streaming', systemIdentifier, timeline, from: formatLsn(start.lsn) });
    await receiveStream({
      stream,
      writer,
      start,
      syncIntervalMs: syncIntervalMs ?? SYNC_INTERVAL_MS,
      reserveBytes: reserveBytes ?? RESERVE_BYTES,
      onProgress: progress => {
        receiver.attempts = 0;
        onEvent({ kind: 'progress', ...progress });
      },
      onSealed: segment => onEvent({ kind: 'sealed', segment }),
    });
    return stream.next;
  } finally {
    signal.removeEventListener('abort', stop);
    await stream.stop();
  }
}

const IN_USE = '55006';

async function openStream(session: ReplicationSession, slot: string, start: StreamStart): Promise<WalStream> {
  try {
    return await session.streamWal({ slot, timeline: start.timeline, from: formatLsn(start.lsn) });
  } catch (error) {
    throw sqlState(error) === IN_USE ? slotInUse(slot, error) : error;
  }
}
