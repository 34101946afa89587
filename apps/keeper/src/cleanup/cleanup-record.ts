import type { CleanupRun } from '@holdfast/database/cleanup';
import { createLineFile, type LineFile, parseLines } from '../records/line-file.ts';

/** One attempt of the daily cleanup, as it is kept and shown. */
export interface CleanupRecord {
  /** ISO 8601, by the keeper's clock: when it ended. */
  readonly at: string;
  /** `busy`: another one was cleaning up the same database. `failed`: not at all, or not all of it. */
  readonly outcome: 'done' | 'busy' | 'failed';
  readonly durationMs: number;
  /** What went, by policy; policies that had nothing to do are left out. */
  readonly rows: Readonly<Record<string, number>>;
  readonly reason: string | null;
}

const MAX_BYTES = 1_000_000;

/** The records of the last cleanups: an append-only file of JSON lines. */
export function openCleanupRecords(path: string, onTrouble: (error: unknown) => void): LineFile {
  return createLineFile({ path, maxBytes: MAX_BYTES, onTrouble });
}

export async function readLastCleanup(file: LineFile): Promise<CleanupRecord | undefined> {
  return parseLines<CleanupRecord>((await file.read()).slice(-1)).at(-1);
}

/** The last cleanup on record in a state directory; undefined when there was none. */
export function readCleanup(path: string): Promise<CleanupRecord | undefined> {
  return readLastCleanup(createLineFile({ path, maxBytes: MAX_BYTES }));
}

/** What there is to remember of a run. */
export function recordOf({ results, durationMs }: CleanupRun, at: string): CleanupRecord {
  const rows: Record<string, number> = {};
  const reasons: string[] = [];
  for (const { name, outcome } of results) {
    if (outcome.kind === 'failed') reasons.push(`${name}: ${outcome.reason}`);
    if (outcome.kind === 'stopped') reasons.push(`${name}: the keeper was stopped`);
    if (outcome.kind !== 'skipped' && outcome.kind !== 'unconfirmed' && outcome.rows > 0)
      rows[name] = outcome.rows;
  }
  const reason = reasons.length === 0 ? null : reasons.join('; ');
  return { at, outcome: reason === null ? 'done' : 'failed', durationMs, rows, reason };
}
