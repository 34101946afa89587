import { createLineFile, type LineFile, parseLines } from '../records/line-file.ts';
import type { PlaceOutcome } from './backup-plan.ts';

export type RunKind = 'backup' | 'drill';

/** One scheduled backup or drill, as it is kept and shown. */
export interface RunRecord {
  readonly kind: RunKind;
  /** ISO 8601, by the keeper's clock: when it ended. */
  readonly at: string;
  readonly outcome: 'done' | 'failed';
  readonly durationMs: number;
  /** The id of the backup; null when there is none. */
  readonly backup: string | null;
  readonly reason: string | null;
  /** Each destination; missing in the records of former versions. */
  readonly places?: readonly PlaceOutcome[];
}

const MAX_BYTES = 1_000_000;

/** The records of backups and drills: an append-only file of JSON lines. */
export function openRunRecords(path: string, onTrouble: (error: unknown) => void): LineFile {
  return createLineFile({ path, maxBytes: MAX_BYTES, onTrouble });
}

/** The last attempts on record in a state directory. */
export async function readRuns(path: string): Promise<LastRuns> {
  return lastRuns(parseLines<RunRecord>(await createLineFile({ path, maxBytes: MAX_BYTES }).read()));
}

/** The last attempt of each kind, and the last good one. */
export interface LastRuns {
  readonly backup: LastRun;
  readonly drill: LastRun;
}

export interface LastRun {
  readonly last: RunRecord | null;
  readonly lastGood: RunRecord | null;
  readonly places: readonly PlaceRuns[];
}

/** The runs at one destination. */
export interface PlaceRuns {
  readonly destination: string;
  /** Whether the last run failed there. */
  readonly failed: boolean;
  /** ISO 8601; null when none went well there. */
  readonly lastGoodAt: string | null;
  /** Of that one, as it is stored there. */
  readonly bytes: number | null;
}

export function lastRuns(records: readonly RunRecord[]): LastRuns {
  const of = (kind: RunKind): LastRun => ({
    last: records.findLast(record => record.kind === kind) ?? null,
    lastGood: records.findLast(record => record.kind === kind && record.outcome === 'done') ?? null,
    places: placesOf(records.filter(record => record.kind === kind)),
  });
  return { backup: of('backup'), drill: of('drill') };
}

/** The destinations of the last run that came so far as to know them; one that failed before failed at all of them. */
function placesOf(records: readonly RunRecord[]): PlaceRuns[] {
  const known = records.findLast(({ places = [] }) => places.length > 0)?.places ?? [];
  const last = records.at(-1);
  return known.map(({ destination, failed }) => {
    const at = (record: RunRecord): PlaceOutcome | undefined =>
      record.places?.find(place => place.destination === destination);
    const good = records.findLast(record => at(record)?.failed === false);
    const early = last?.outcome === 'failed' && (last.places ?? []).length === 0;
    return {
      destination,
      failed: failed || early,
      lastGoodAt: good?.at ?? null,
      bytes: (good === undefined ? undefined : at(good)?.bytes) ?? null,
    };
  });
}
