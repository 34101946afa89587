import type { WalArchive, WalRange } from '../wal-archive.ts';
import type { FoundRange } from './find-ranges.ts';
import { commitsIn } from './list-commits.ts';

/** How many segments at an end are read in search of a commit; a quiet database may have none in them. */
const SEARCHED_SEGMENTS = 4;

/** Finds the commits at both ends of each range. */
export async function withTimes(
  archive: WalArchive,
  found: readonly FoundRange[],
): Promise<readonly WalRange[]> {
  const ranges: WalRange[] = [];
  for (const { range, segments } of found) {
    const names = segments.map(({ name, whole }) => (whole ? name : `${name}.partial`));
    const fromTime = await firstTime(archive, names.slice(0, SEARCHED_SEGMENTS));
    const toTime = fromTime === null ? null : await lastTime(archive, names);
    ranges.push({ ...range, fromTime, toTime });
  }
  return ranges;
}

async function firstTime(archive: WalArchive, names: readonly string[]): Promise<string | null> {
  for await (const { at } of commitsIn(archive, names)) return at;
  return null;
}

/** From the last segment backwards. A record that goes over into the next is read with the one where it begins. */
async function lastTime(archive: WalArchive, names: readonly string[]): Promise<string | null> {
  const tail = names.slice(-SEARCHED_SEGMENTS);
  for (let index = tail.length - 1; index >= 0; index -= 1) {
    let last: string | null = null;
    for await (const { at } of commitsIn(archive, tail.slice(index))) last = at;
    if (last !== null) return last;
  }
  return null;
}
