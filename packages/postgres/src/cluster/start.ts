import type { Clock } from '@holdfast/core';
import type { Binaries } from './binaries.ts';
import type { Placement } from './placement.ts';
import { type ClusterRecord, toState, writeRecord } from './state-file.ts';

/** All that the steps of one start need to know. */
export interface Start {
  readonly home: string;
  readonly requestedPort: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly onProgress: (step: string) => void;
  readonly clock: Clock;
  readonly placement: Placement;
  readonly binaries: Binaries;
  /** There was no cluster.json. */
  readonly isNew: boolean;
  record: ClusterRecord;
}

/** Changes cluster.json. */
export async function remember(start: Start, changes: Partial<ClusterRecord>): Promise<void> {
  start.record = { ...start.record, ...changes };
  await writeRecord(start.home, start.record);
}

export function superuserUrl({ home, record }: Start): string {
  return toState(home, record).superuserUrl;
}
