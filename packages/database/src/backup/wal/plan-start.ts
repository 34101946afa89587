import { HoldfastError } from '@holdfast/core';
import { formatLsn, parseLsn, type ReplicationSession, segmentStart, sqlState } from '@holdfast/postgres';
import type { ArchiveWriter, HeldEnd, ResumePoint } from './archive-writer.ts';
import { parseTimelineHistory, type TimelineEnd } from './timeline-history.ts';

/** From where to stream, on a server that is known. */
export interface StreamStart {
  readonly timeline: number;
  readonly lsn: bigint;
}

export interface ServerPosition {
  readonly timeline: number;
  readonly lsn: bigint;
}

const IN_USE = '55006';
const UNDEFINED_FILE = '58P01';

/** What became of the slot since the last time. `lost`: it was there, but had let go of its WAL. */
export type SlotState = { readonly state: 'found' | 'made' | 'lost'; readonly restart: bigint };

/** The slot from which the server keeps WAL; made when there is none, made anew when it holds nothing any more. */
export async function ensureSlot(session: ReplicationSession, name: string): Promise<SlotState> {
  const found = await session.readSlot(name);
  if (found?.restartLsn != null) return { state: 'found', restart: parseLsn(found.restartLsn) };
  if (found !== undefined) await dropSlot(session, name);
  await session.createPhysicalSlot(name, { temporary: false, reserveWal: true });
  const made = await session.readSlot(name);
  if (made?.restartLsn == null) throw new HoldfastError('wal_archive_failed', `Slot ${name} keeps no WAL`);
  return { state: found === undefined ? 'made' : 'lost', restart: parseLsn(made.restartLsn) };
}

async function dropSlot(session: ReplicationSession, name: string): Promise<void> {
  try {
    await session.dropSlot(name);
  } catch (error) {
    throw sqlState(error) === IN_USE ? slotInUse(name, error) : error;
  }
}

export function slotInUse(name: string, cause: unknown): HoldfastError {
  const message = `Replication slot ${name} is in use by another connection. When that is the receiver of a process that has just died, it ends by itself within wal_sender_timeout; another archive needs a slot of its own`;
  return new HoldfastError('wal_archive_failed', message, { cause, retryAfter: 10 });
}

/** Decides where streaming goes on, and puts on record when that is not simply where the archive ends. */
export async function planStart(
  session: ReplicationSession,
  writer: ArchiveWriter,
  server: ServerPosition,
  slot: SlotState,
): Promise<StreamStart> {
  const resume = await writer.resumePoint();
  if (resume === undefined) {
    if (server.timeline > 1) await storeHistoryOf(session, writer, server.timeline);
    const reason = 'the archive was made';
    return beginAt(writer, { kind: 'first', timeline: server.timeline, at: slot.restart, reason });
  }
  if (resume.timeline === server.timeline) {
    if (resume.heldTo > server.lsn) throw serverIsBehind(server, resume);
    return resume;
  }
  const held = await writer.heldOn(server.timeline);
  if (held !== undefined) return comeBack(session, writer, server, held);
  if (resume.timeline > server.timeline) throw serverIsBehind(server, resume);
  return followTimeline(session, writer, server, resume);
}

/**
 * The server is again on a timeline that the archive knows: a restore was undone. It goes on in the segment where that one ended, of
 * which what is there already is compared; where there is nothing to compare, another database may have that timeline.
 */
async function comeBack(
  session: ReplicationSession,
  writer: ArchiveWriter,
  server: ServerPosition,
  held: HeldEnd,
): Promise<StreamStart> {
  const { timeline, lsn } = held;
  if (!held.canCompare || held.heldTo > server.lsn) throw serverIsBehind(server, held);
  if (timeline > 1) {
    const { content } = await session.timelineHistory(timeline);
    if (!(await writer.hasHistory(timeline, content))) throw serverIsBehind(server, held);
  }
  const reason = `the database is on timeline ${timeline} again: a restore was undone`;
  return beginAt(writer, { kind: 'return', timeline, at: lsn, reason });
}

async function storeHistoryOf(
  session: ReplicationSession,
  writer: ArchiveWriter,
  timeline: number,
): Promise<void> {
  const { content } = await session.timelineHistory(timeline);
  await writer.storeHistory(timeline, content);
}

/**
 * The server is on a later timeline. Where it left ours behind what we have, streaming goes on on ours and comes to the
 * fork by itself; where it left before that (it was restored to an earlier moment) it goes on from the fork.
 */
async function followTimeline(
  session: ReplicationSession,
  writer: ArchiveWriter,
  server: ServerPosition,
  resume: ResumePoint,
): Promise<StreamStart> {
  const { content } = await session.timelineHistory(server.timeline);
  await writer.storeHistory(server.timeline, content);
  const history = parseTimelineHistory(content.toString('utf8'));
  const own = history.findIndex(({ timeline }) => timeline === resume.timeline);
  const left = own === -1 ? await lastHeld(writer, history) : own;
  const fork = history[left];
  if (fork === undefined) throw serverIsBehind(server, resume);
  if (own !== -1 && fork.lsn >= resume.heldTo) return { timeline: resume.timeline, lsn: resume.lsn };
  const timeline = history[left + 1]?.timeline ?? server.timeline;
  return beginTimeline(session, writer, { timeline, fork: fork.lsn, before: fork.timeline });
}

/** The latest ancestor of which the archive has everything up to where it was left; -1 without one. */
async function lastHeld(writer: ArchiveWriter, history: readonly TimelineEnd[]): Promise<number> {
  for (const [index, { timeline, lsn }] of [...history.entries()].toReversed()) {
    const held = await writer.heldOn(timeline);
    if (held !== undefined && held.heldTo >= lsn) return index;
  }
  return -1;
}

/** Puts a new timeline on record, with its history. One of that number that is there already is of another restore. */
export async function beginTimeline(
  session: ReplicationSession,
  writer: ArchiveWriter,
  { timeline, fork, before }: { readonly timeline: number; readonly fork: bigint; readonly before: number },
): Promise<StreamStart> {
  const held = await writer.heldOn(timeline);
  if (held !== undefined) throw serverIsBehind({ timeline, lsn: fork }, held);
  await storeHistoryOf(session, writer, timeline);
  const reason = `timeline ${timeline} left timeline ${before} at ${formatLsn(fork)}`;
  return beginAt(writer, { kind: 'timeline', timeline, at: fork, reason, fork });
}

interface Beginning {
  readonly kind: 'first' | 'timeline' | 'gap' | 'return';
  readonly timeline: number;
  readonly at: bigint;
  readonly reason: string;
  readonly fork?: bigint;
}

/** What is asked for begins with a segment, as the server's files do. */
export async function beginAt(
  writer: ArchiveWriter,
  { kind, timeline, at, reason, fork }: Beginning,
): Promise<StreamStart> {
  const lsn = segmentStart(at, writer.segmentBytes);
  await writer.begin({ kind, timeline, lsn, reason, ...(fork === undefined ? {} : { fork }) });
  return { timeline, lsn };
}

/** After the server said that it no longer has what should come next. */
export async function beginAfterGap(
  writer: ArchiveWriter,
  server: ServerPosition,
  slot: SlotState,
  wanted: StreamStart,
): Promise<StreamStart & { readonly reason: string }> {
  const isKept = slot.restart > wanted.lsn;
  const why = isKept ? SLOT_REASONS[slot.state] : 'its files were removed although the slot needed them';
  const reason = `the server no longer had the WAL from ${formatLsn(wanted.lsn)} on: ${why}`;
  const at = isKept ? slot.restart : server.lsn;
  return { ...(await beginAt(writer, { kind: 'gap', timeline: server.timeline, at, reason })), reason };
}

const SLOT_REASONS: Readonly<Record<SlotState['state'], string>> = {
  found: 'the replication slot had gone on without the archive',
  made: 'the replication slot had been dropped',
  lost: 'the replication slot had fallen behind by more than max_slot_wal_keep_size',
};

/** Whether an error of the stream says that the WAL asked for is gone. */
export function isWalGone(error: unknown): boolean {
  return sqlState(error) === UNDEFINED_FILE;
}

function serverIsBehind(server: ServerPosition, { timeline, heldTo }: ResumePoint): HoldfastError {
  const message = `The database is at ${formatLsn(server.lsn)} on timeline ${server.timeline}, the archive already at ${formatLsn(heldTo)} on timeline ${timeline}: the database was replaced by an older copy of itself`;
  return new HoldfastError('wal_archive_failed', message, { details: { diverged: true } });
}
