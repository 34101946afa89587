import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { parseLsn } from '@holdfast/postgres';
import type { Destination } from '../backup-repository.ts';
import { readText, textData } from '../store/collect.ts';
import { isInteger, isText, isTime, listOf, matches, nullOr, oneOf, withMembers } from '../store/shape.ts';
import type { RangeBeginning } from '../wal-archive.ts';
import { type ArchiveName, storedName } from './archive-place.ts';

const RECORD_FILE = 'archive.json';
const LIMIT_BYTES = 8 * 1024 ** 2;
const LSN = matches(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/, 'a position in the WAL');

/** Where a range begins, on record since before its first byte came. */
export interface RecordedBeginning extends Omit<RangeBeginning, 'kind'> {
  /** `return`: no range of its own; the database is on an earlier timeline again, because a restore was undone. */
  readonly kind: 'first' | 'timeline' | 'gap' | 'return';
  readonly timeline: number;
  readonly lsn: string;
  readonly at: string;
}

/** What `archive.json` holds. */
export interface ArchiveRecord {
  readonly archive: 'holdfast-wal';
  readonly version: 1;
  readonly systemIdentifier: string;
  readonly segmentBytes: number;
  /** In the order in which they came about: the last one is of the timeline that the database is on. */
  readonly beginnings: readonly RecordedBeginning[];
}

const shape = withMembers({
  archive: oneOf('holdfast-wal'),
  version: oneOf(1),
  systemIdentifier: matches(/^\d{1,20}$/, 'a system identifier'),
  segmentBytes: isInteger,
  beginnings: listOf(
    withMembers({
      kind: oneOf('first', 'timeline', 'gap', 'return'),
      timeline: isInteger,
      lsn: LSN,
      reason: isText,
      forkLsn: nullOr(LSN),
      at: isTime,
    }),
  ),
});

/** Undefined when there is no such archive. Throws `backup_damaged` when its record cannot be read. */
export async function readRecord(
  destination: Destination,
  archive: ArchiveName,
): Promise<ArchiveRecord | undefined> {
  const name = storedName(archive, RECORD_FILE);
  const value = await readJson(destination, name);
  if (value === undefined) return undefined;
  const problem = shape(value, '');
  const record = value as ArchiveRecord;
  if (problem === undefined && record.systemIdentifier === archive.systemIdentifier) return record;
  throw unreadable(destination, name, problem ?? 'it is of another cluster');
}

/** A small JSON file; undefined when there is none. */
export async function readJson(destination: Destination, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readText(destination, name, LIMIT_BYTES));
  } catch (error) {
    if (isHoldfastError(error, 'not_found')) return undefined;
    if (isHoldfastError(error) && error.code !== 'backup_damaged') throw error;
    throw unreadable(destination, name, 'it is no JSON', error);
  }
}

export async function writeRecord(
  destination: Destination,
  archive: ArchiveName,
  record: ArchiveRecord,
): Promise<void> {
  const text = `${JSON.stringify(record, undefined, 2)}\n`;
  await destination.write(storedName(archive, RECORD_FILE), textData(text));
}

/** All archives at a destination, the branches of a cluster in their order. */
export async function listArchives(destination: Destination): Promise<readonly ArchiveName[]> {
  const files = await destination.list('wal/');
  const found = files.flatMap(({ name }) => {
    const [, systemIdentifier, branch = '1'] = /^wal\/(\d{1,20})(?:-(\d+))?\/archive\.json$/.exec(name) ?? [];
    return systemIdentifier === undefined ? [] : [{ systemIdentifier, branch: Number(branch) }];
  });
  return found.sort(
    (one, other) => one.systemIdentifier.localeCompare(other.systemIdentifier) || one.branch - other.branch,
  );
}

/** Later on a timeline, or on a later timeline. */
export function comparePositions(
  one: { readonly timeline: number; readonly lsn: bigint },
  other: { readonly timeline: number; readonly lsn: bigint },
): number {
  return one.timeline - other.timeline || (one.lsn < other.lsn ? -1 : one.lsn > other.lsn ? 1 : 0);
}

export function positionOf({ timeline, lsn }: RecordedBeginning): { timeline: number; lsn: bigint } {
  return { timeline, lsn: parseLsn(lsn) };
}

function unreadable(destination: Destination, name: string, why: string, cause?: unknown): HoldfastError {
  const message = `${name} at ${destination.name} cannot be read: ${why}. Its WAL is still there; move the directory ${archiveDirectoryOf(name)} elsewhere to begin a new archive`;
  return new HoldfastError('backup_damaged', message, { cause });
}

function archiveDirectoryOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}
