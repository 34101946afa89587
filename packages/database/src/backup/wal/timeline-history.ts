import { HoldfastError } from '@holdfast/core';
import { parseLsn } from '@holdfast/postgres';

/** A timeline, and where the next one left it. */
export interface TimelineEnd {
  readonly timeline: number;
  readonly lsn: bigint;
}

/** The ancestors of a timeline, oldest first, from the text of its history file (manual, chapter "Continuous Archiving", section "Timelines"). */
export function parseTimelineHistory(text: string): readonly TimelineEnd[] {
  const ends: TimelineEnd[] = [];
  for (const line of text.split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, timeline, lsn] = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line) ?? [];
    const number = Number(timeline);
    if (lsn === undefined || number <= (ends.at(-1)?.timeline ?? 0)) {
      throw new HoldfastError(
        'replication_failed',
        `A timeline's history has a line that makes no sense: ${line}`,
      );
    }
    ends.push({ timeline: number, lsn: parseLsn(lsn) });
  }
  return ends;
}
