import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseSegmentName } from '@holdfast/postgres';
import { type ArchiveName, type ArchivePlace, partialsDirectories, storedName } from './archive-place.ts';
import { DESCRIPTION_ENDING } from './stored-segment.ts';

export const PARTIAL_ENDING = '.partial';
const HISTORY_NAME = /^[0-9A-F]{8}\.history$/;

/** A segment of which an archive has something. */
export interface HeldSegment {
  readonly name: string;
  readonly timeline: number;
  readonly start: bigint;
  readonly whole: boolean;
  /** Original bytes: those of a segment when it is whole. */
  readonly bytes: number;
  /** The file of a partial one that is kept locally. */
  readonly path: string | undefined;
}

export interface ArchiveContent {
  /** By timeline and position; one entry a segment, whole if there is a whole one. */
  readonly segments: readonly HeldSegment[];
  readonly histories: readonly string[];
  /** Local partial segments of which there is a whole one already, or that are complete. */
  readonly unsealed: readonly HeldSegment[];
}

/** What an archive holds, from the names alone: a segment counts from the moment on at which it is described. */
export async function readContent(
  place: ArchivePlace,
  archive: ArchiveName,
  segmentBytes: number,
): Promise<ArchiveContent> {
  // first: a segment that is stored meanwhile is in the list then, and missing in neither
  const local = await readPartials(place, archive, segmentBytes);
  const prefix = storedName(archive, '');
  const listed = await place.destination.list(prefix);
  const described = listed
    .map(({ name }) => name.slice(prefix.length))
    .filter(name => name.endsWith(DESCRIPTION_ENDING))
    .map(name => name.slice(0, -DESCRIPTION_ENDING.length));
  const stored = described.flatMap(name => toSegment(name, segmentBytes, 0, undefined));
  const best = new Map<string, HeldSegment>();
  for (const segment of [...stored, ...local]) {
    const other = best.get(segment.name);
    if (other === undefined || (!other.whole && rank(segment) > rank(other))) best.set(segment.name, segment);
  }
  return {
    segments: [...best.values()].sort(
      (one, other) => one.timeline - other.timeline || (one.start < other.start ? -1 : 1),
    ),
    histories: described.filter(name => HISTORY_NAME.test(name)).sort(),
    unsealed: local.filter(({ name, bytes }) => best.get(name)?.whole || bytes === segmentBytes),
  };
}

/** A stored partial segment is what was there when the archiving ended, and the local one has gone on since. */
function rank({ whole, path }: HeldSegment): number {
  return whole ? 2 : path === undefined ? 0 : 1;
}

/** Local ones; of two of the same segment the one that is written to is first. */
async function readPartials(
  place: ArchivePlace,
  archive: ArchiveName,
  segmentBytes: number,
): Promise<readonly HeldSegment[]> {
  const directories = partialsDirectories(place, archive);
  const found = directories.map(async directory => {
    const names = await readdir(directory).catch(() => []);
    const files = names.filter(name => name.endsWith(PARTIAL_ENDING)).map(name => join(directory, name));
    return Promise.all(files.map(path => describePartial(path, segmentBytes)));
  });
  return (await Promise.all(found)).flat(2);
}

async function describePartial(path: string, segmentBytes: number): Promise<HeldSegment[]> {
  const file = await stat(path).catch(() => undefined);
  return file === undefined ? [] : toSegment(basename(path), segmentBytes, file.size, path);
}

function toSegment(
  file: string,
  segmentBytes: number,
  partialBytes: number,
  path: string | undefined,
): HeldSegment[] {
  const whole = !file.endsWith(PARTIAL_ENDING);
  const name = whole ? file : file.slice(0, -PARTIAL_ENDING.length);
  const place = parseSegmentName(name, segmentBytes);
  if (place === undefined) return [];
  return [{ name, ...place, whole, bytes: whole ? segmentBytes : partialBytes, path }];
}
