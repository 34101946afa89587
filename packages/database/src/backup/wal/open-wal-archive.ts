import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { formatLsn, historyName, parseLsn } from '@holdfast/postgres';
import type { Destination } from '../backup-repository.ts';
import type { WalArchive } from '../wal-archive.ts';
import { type ArchiveContent, type HeldSegment, PARTIAL_ENDING, readContent } from './archive-content.ts';
import { type ArchiveName, type ArchivePlace, holdsPartials, storedName } from './archive-place.ts';
import { type ArchiveRecord, listArchives, readRecord } from './archive-record.ts';
import { type FoundRange, findRanges } from './find-ranges.ts';
import { withTimes } from './range-times.ts';
import { DESCRIPTION_ENDING, describeSegment, openSegment } from './stored-segment.ts';
import { parseTimelineHistory } from './timeline-history.ts';
import { removeStoredPartial } from './unfinished-segment.ts';

interface OpenArchive {
  readonly place: ArchivePlace;
  readonly archive: ArchiveName;
  readonly record: ArchiveRecord;
}

/**
 * The archive of a cluster at a destination, for reading; undefined when there is none. Where a copy of the cluster has
 * gone another way there are several, and this is the newest, unless a branch is named.
 */
export async function openWalArchive(
  place: ArchivePlace,
  systemIdentifier: string,
  branch?: number,
): Promise<WalArchive | undefined> {
  const archives = await listArchives(place.destination);
  const own = archives.filter(archive => archive.systemIdentifier === systemIdentifier);
  const archive = branch === undefined ? own.at(-1) : own.find(candidate => candidate.branch === branch);
  const record = archive === undefined ? undefined : await readRecord(place.destination, archive);
  return archive === undefined || record === undefined ? undefined : toArchive({ place, archive, record });
}

/** The clusters of which a destination has WAL. */
export async function archivedSystems(destination: Destination): Promise<readonly string[]> {
  const archives = await listArchives(destination);
  return [...new Set(archives.map(({ systemIdentifier }) => systemIdentifier))];
}

function toArchive(opened: OpenArchive): WalArchive {
  const { place, archive, record } = opened;
  const { systemIdentifier, segmentBytes } = record;
  const content = (): Promise<ArchiveContent> => readContent(place, archive, segmentBytes);
  const reader: WalArchive = {
    systemIdentifier,
    segmentBytes,
    ranges: async ({ times = true } = {}) => {
      const held = await content();
      const { segments } = await sized(opened, held);
      const found = await Promise.all(
        findRanges(segments, record.beginnings, segmentBytes).map(range => withStored(opened, range)),
      );
      const ranges = times ? await withTimes(reader, found) : found.map(({ range }) => range);
      const lineage = await lineageOf(opened, held);
      return ranges.map(range => (lineage(range.timeline) ? range : { ...range, abandoned: true as const }));
    },
    list: async () => listed(opened, await sized(opened, await content())),
    open: name => openByName(opened, name),
    removeBefore: async lsn => removeBefore(opened, await content(), parseLsn(lsn)),
  };
  return reader;
}

/** Says up to where the place itself has a range of which the end is in a local file beside it. */
async function withStored({ place, archive }: OpenArchive, found: FoundRange): Promise<FoundRange> {
  const last = found.segments.at(-1);
  if (last?.path === undefined || holdsPartials(place)) return found;
  const stored = await describeSegment(place, archive, fileName(last)).catch(ignoreMissing);
  const bytes = stored?.bytes ?? 0;
  if (bytes >= last.bytes) return found;
  return { ...found, range: { ...found.range, storedToLsn: formatLsn(last.start + BigInt(bytes)) } };
}

/** Which timelines led to the one that the database is on; without a history that can be read, all that are older. */
async function lineageOf(
  { place, archive, record }: OpenArchive,
  { histories }: ArchiveContent,
): Promise<(timeline: number) => boolean> {
  const current = record.beginnings.at(-1)?.timeline;
  if (current === undefined) return () => true;
  const name = historyName(current);
  const text = histories.includes(name)
    ? await openSegment(place, archive, name)
        .then(readText)
        .catch(() => undefined)
    : undefined;
  if (text === undefined) return timeline => timeline <= current;
  const lineage = new Set([current, ...parseTimelineHistory(text).map(({ timeline }) => timeline)]);
  return timeline => lineage.has(timeline);
}

/** How much a stored partial segment has is in its description alone. One that has gone since is whole, or being replaced. */
async function sized({ place, archive }: OpenArchive, content: ArchiveContent): Promise<ArchiveContent> {
  const segments = content.segments.map(async segment => {
    if (segment.whole || segment.path !== undefined) return [segment];
    const partial = await describeSegment(place, archive, fileName(segment)).catch(ignoreMissing);
    if (partial !== undefined) return [{ ...segment, bytes: partial.bytes }];
    const whole = await describeSegment(place, archive, segment.name).catch(ignoreMissing);
    return whole === undefined ? [] : [{ ...segment, whole: true, bytes: whole.bytes }];
  });
  return { ...content, segments: (await Promise.all(segments)).flat() };
}

function ignoreMissing(error: unknown): undefined {
  if (!isHoldfastError(error, 'not_found')) throw error;
}

async function listed(
  { place, archive }: OpenArchive,
  { segments, histories }: ArchiveContent,
): Promise<{ name: string; bytes: number }[]> {
  const waiting = histories.map(async name => ({
    name,
    bytes: (await describeSegment(place, archive, name)).bytes,
  }));
  const names = segments.map(segment => ({ name: fileName(segment), bytes: segment.bytes }));
  return [...names, ...(await Promise.all(waiting))].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function fileName({ name, whole }: HeldSegment): string {
  return whole ? name : `${name}${PARTIAL_ENDING}`;
}

async function openByName({ place, archive, record }: OpenArchive, name: string): Promise<Readable> {
  if (!/^[0-9A-F]{24}(\.partial)?$|^[0-9A-F]{8}\.history$/.test(name)) {
    throw new HoldfastError('not_found', `${JSON.stringify(name)} is not the name of WAL`);
  }
  if (!name.endsWith(PARTIAL_ENDING)) return openSegment(place, archive, name);
  const { segments } = await readContent(place, archive, record.segmentBytes);
  const local = segments.find(segment => fileName(segment) === name)?.path;
  const file = local === undefined ? undefined : await openIfThere(local);
  // the receiver may be writing to it: what comes later is not of this reading
  if (file !== undefined) return file.createReadStream({ end: record.segmentBytes - 1 });
  // the receiver has completed it since its name was read
  const whole = name.slice(0, -PARTIAL_ENDING.length);
  const isSealed = segments.some(segment => fileName(segment) === whole) || local !== undefined;
  if (isSealed) return openSegment(place, archive, whole);
  return (await openSegment(place, archive, name).catch(ignoreMissing)) ?? openSegment(place, archive, whole);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The description goes first, so that an interrupted removal leaves no segment that cannot be read. */
async function removeBefore(
  { place, archive, record }: OpenArchive,
  { segments }: ArchiveContent,
  lsn: bigint,
): Promise<readonly string[]> {
  const { destination } = place;
  const old = segments.filter(({ start }) => start + BigInt(record.segmentBytes) <= lsn && start < lsn);
  const newest = new Set(segments.slice(-1));
  const removed: string[] = [];
  for (const segment of old) {
    if (newest.has(segment)) continue;
    const name = fileName(segment);
    removed.push(name);
    if (segment.path !== undefined) {
      await removeStoredPartial(place, archive, segment.name);
      await rm(segment.path, { force: true });
      continue;
    }
    const { stored } = await describeSegment(place, archive, name);
    await destination.remove(storedName(archive, `${name}${DESCRIPTION_ENDING}`));
    await destination.remove(storedName(archive, stored));
  }
  return removed;
}
