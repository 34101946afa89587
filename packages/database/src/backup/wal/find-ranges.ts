import { formatLsn } from '@holdfast/postgres';
import type { RangeBeginning, WalRange } from '../wal-archive.ts';
import type { HeldSegment } from './archive-content.ts';
import { comparePositions, positionOf, type RecordedBeginning } from './archive-record.ts';

/** A range, and the segments that it is made of, in their order. */
export interface FoundRange {
  readonly range: WalRange;
  readonly segments: readonly HeldSegment[];
}

/** Segments that follow each other without a hole are a range; why it begins there is on record, or seen here. */
export function findRanges(
  segments: readonly HeldSegment[],
  beginnings: readonly RecordedBeginning[],
  segmentBytes: number,
): readonly FoundRange[] {
  const groups: HeldSegment[][] = [];
  for (const segment of segments) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group !== undefined && last !== undefined && follows(last, segment, segmentBytes))
      group.push(segment);
    else groups.push([segment]);
  }
  return groups.flatMap((group, index) => toRange(group, index === 0, beginnings));
}

function follows(one: HeldSegment, other: HeldSegment, segmentBytes: number): boolean {
  return one.whole && one.timeline === other.timeline && other.start === one.start + BigInt(segmentBytes);
}

function toRange(
  group: readonly HeldSegment[],
  isOldest: boolean,
  beginnings: readonly RecordedBeginning[],
): FoundRange[] {
  const [first] = group;
  const last = group.at(-1);
  if (first === undefined || last === undefined) return [];
  const range: WalRange = {
    timeline: first.timeline,
    fromLsn: formatLsn(first.start),
    toLsn: formatLsn(last.start + BigInt(last.bytes)),
    fromTime: null,
    toTime: null,
    beginning: beginningOf(first, isOldest, beginnings),
  };
  return [{ range, segments: group }];
}

function beginningOf(
  first: HeldSegment,
  isOldest: boolean,
  beginnings: readonly RecordedBeginning[],
): RangeBeginning {
  const start = { timeline: first.timeline, lsn: first.start };
  const recorded = beginnings.findLast(
    beginning => beginning.kind !== 'return' && comparePositions(positionOf(beginning), start) === 0,
  );
  if (recorded !== undefined && recorded.kind !== 'return') {
    const { kind, reason, forkLsn, at } = recorded;
    return { kind, reason, forkLsn, at };
  }
  return isOldest
    ? { kind: 'removed', reason: 'what was before it has been removed', forkLsn: null, at: null }
    : { kind: 'gap', reason: 'the segment before it is missing from the archive', forkLsn: null, at: null };
}
