import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, HoldfastError, isHoldfastError } from '@holdfast/core';
import { formatLsn, historyName, segmentName } from '@holdfast/postgres';
import { type HeldSegment, PARTIAL_ENDING, readContent } from './archive-content.ts';
import { type ArchiveName, type ArchivePlace, holdsPartials, partialsDirectory } from './archive-place.ts';
import {
  type ArchiveRecord,
  comparePositions,
  listArchives,
  positionOf,
  type RecordedBeginning,
  readRecord,
  writeRecord,
} from './archive-record.ts';
import { openPartialSegment, type PartialSegment } from './partial-segment.ts';
import { describeSegment, storeSegment } from './stored-segment.ts';
import { gatherPartials, removeStoredPartial, storePartial } from './unfinished-segment.ts';

/** Where the archive goes on. */
export interface ResumePoint {
  readonly timeline: number;
  /** The beginning of a segment. */
  readonly lsn: bigint;
  /** The end of what it has already. */
  readonly heldTo: bigint;
}

/** The end of what the archive has of one timeline. */
export interface HeldEnd extends ResumePoint {
  /** Whether what it has of the last segment is here, so that what comes can be compared with it. */
  readonly canCompare: boolean;
}

/** The archive of one cluster, for the one process that writes it. */
export interface ArchiveWriter {
  readonly name: ArchiveName;
  readonly segmentBytes: number;
  /** Undefined for an archive without anything. */
  resumePoint(): Promise<ResumePoint | undefined>;
  /** Undefined when it has nothing of this timeline. */
  heldOn(timeline: number): Promise<HeldEnd | undefined>;
  /** Whether this is what is stored as the history of a timeline. */
  hasHistory(timeline: number, content: Buffer): Promise<boolean>;
  /** Puts on record that a range begins, before its first byte is asked for. */
  begin(
    beginning: Omit<RecordedBeginning, 'at' | 'lsn' | 'forkLsn'> & {
      readonly lsn: bigint;
      readonly fork?: bigint;
    },
  ): Promise<void>;
  openSegment(timeline: number, start: bigint): Promise<PartialSegment>;
  /** Stores a complete segment and removes its local file. */
  seal(name: string, path: string): Promise<void>;
  /** Stores complete segments whose sealing was interrupted, and removes local files that are stored already. */
  sealLeftovers(): Promise<void>;
  storeHistory(timeline: number, content: Buffer): Promise<void>;
  /** Stores the segment being written as far as it is, where it is beside the archive; its local file goes on. */
  storeUnfinished(): Promise<void>;
}

/** Opens the newest archive of a cluster, or makes one; with `another`, one beside those that are there. */
export async function openArchiveWriter(
  place: ArchivePlace,
  cluster: { readonly systemIdentifier: string; readonly segmentBytes: number },
  { another, clock }: { readonly another: boolean; readonly clock: Clock },
): Promise<ArchiveWriter> {
  const { systemIdentifier, segmentBytes } = cluster;
  const all = await listArchives(place.destination);
  const newest = all.filter(archive => archive.systemIdentifier === systemIdentifier).at(-1);
  const branch = another ? (newest?.branch ?? 0) + 1 : (newest?.branch ?? 1);
  const name = { systemIdentifier, branch };
  const found = await readRecord(place.destination, name);
  if (found !== undefined && found.segmentBytes !== segmentBytes) throw otherSize(found, segmentBytes);
  const record: ArchiveRecord = found ?? {
    archive: 'holdfast-wal',
    version: 1,
    systemIdentifier,
    segmentBytes,
    beginnings: [],
  };
  await gatherPartials(place, name);
  return toWriter({ place, name, directory: partialsDirectory(place, name), record, clock });
}

function otherSize({ segmentBytes }: ArchiveRecord, now: number): HoldfastError {
  const message = `The archive has segments of ${segmentBytes} bytes and the database now has such of ${now}. Move the archive elsewhere to begin a new one`;
  return new HoldfastError('wal_archive_failed', message);
}

interface WriterState {
  readonly place: ArchivePlace;
  readonly name: ArchiveName;
  readonly directory: string;
  record: ArchiveRecord;
  readonly clock: Clock;
}

function toWriter(state: WriterState): ArchiveWriter {
  const { place, name, directory } = state;
  const { segmentBytes } = state.record;
  const pathOf = (segment: string): string => join(directory, `${segment}${PARTIAL_ENDING}`);
  const forget = async (segment: string, path: string): Promise<void> => {
    await removeStoredPartial(place, name, segment);
    await rm(path, { force: true });
  };
  const seal = async (segment: string, path: string): Promise<void> => {
    await storeSegment(place, name, segment, createReadStream(path, { highWaterMark: 1 << 20 }));
    await forget(segment, path);
  };
  return {
    name,
    segmentBytes,
    resumePoint: () => resumePoint(state),
    heldOn: timeline => heldOn(state, timeline),
    hasHistory: async (timeline, content) => {
      const stored = await describeSegment(place, name, historyName(timeline)).catch(ignoreMissing);
      return stored?.sha256 === createHash('sha256').update(content).digest('hex');
    },
    begin: beginning => begin(state, beginning),
    openSegment: (timeline, start) => {
      const segment = segmentName(timeline, start, segmentBytes);
      return openPartialSegment(segment, pathOf(segment), start);
    },
    seal,
    sealLeftovers: async () => {
      const { unsealed, segments } = await readContent(place, name, segmentBytes);
      const stored = new Set(segments.filter(({ whole }) => whole).map(segment => segment.name));
      for (const { name: segment, path } of unsealed) {
        if (path === undefined) continue;
        if (stored.has(segment)) await forget(segment, path);
        else await seal(segment, path);
      }
    },
    storeHistory: async (timeline, content) => {
      await storeSegment({ ...place, compression: 'none' }, name, historyName(timeline), once(content));
    },
    storeUnfinished: () => storeUnfinished(state),
  };
}

function ignoreMissing(error: unknown): undefined {
  if (!isHoldfastError(error, 'not_found')) throw error;
}

async function* once(content: Buffer): AsyncGenerator<Uint8Array> {
  yield content;
}

async function heldOn({ place, name, record }: WriterState, timeline: number): Promise<HeldEnd | undefined> {
  const { segments } = await readContent(place, name, record.segmentBytes);
  const last = segments.findLast(segment => segment.timeline === timeline);
  if (last === undefined) return undefined;
  const { bytes } =
    last.whole || last.path !== undefined ? last : await describeUnfinished(place, name, last);
  return {
    timeline,
    lsn: last.whole ? last.start + BigInt(bytes) : last.start,
    heldTo: last.start + BigInt(bytes),
    canCompare: !last.whole && last.path !== undefined,
  };
}

/** One whose description is no use has nothing. */
function describeUnfinished(
  place: ArchivePlace,
  archive: ArchiveName,
  segment: HeldSegment,
): Promise<Pick<HeldSegment, 'bytes'>> {
  return describeSegment(place, archive, `${segment.name}${PARTIAL_ENDING}`).catch(error => {
    if (isHoldfastError(error, 'not_found') || isHoldfastError(error, 'backup_damaged')) return { bytes: 0 };
    throw error;
  });
}

async function storeUnfinished({ place, name, record }: WriterState): Promise<void> {
  const { segments } = await readContent(place, name, record.segmentBytes);
  const timeline = record.beginnings.at(-1)?.timeline;
  const last = segments.findLast(segment => segment.timeline === timeline);
  if (holdsPartials(place) || last?.path === undefined || last.whole || last.bytes === 0) return;
  await storePartial(place, name, last.name, last.path);
}

async function resumePoint(state: WriterState): Promise<ResumePoint | undefined> {
  const last = state.record.beginnings.at(-1);
  if (last === undefined) return undefined;
  const begun = positionOf(last);
  const held = await heldOn(state, last.timeline);
  if (held !== undefined && comparePositions(begun, held) <= 0) return held;
  return { ...begun, heldTo: begun.lsn };
}

async function begin(
  state: WriterState,
  { kind, timeline, lsn, reason, fork }: Parameters<ArchiveWriter['begin']>[0],
): Promise<void> {
  const at = new Date(state.clock.now()).toISOString();
  const forkLsn = fork === undefined ? null : formatLsn(fork);
  const beginning: RecordedBeginning = { kind, timeline, lsn: formatLsn(lsn), reason, forkLsn, at };
  const record = { ...state.record, beginnings: [...state.record.beginnings, beginning] };
  await writeRecord(state.place.destination, state.name, record);
  state.record = record;
}
