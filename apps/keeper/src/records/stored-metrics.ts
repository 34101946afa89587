import type { HealthReport, StoredSample } from '@holdfast/database/health';
import { createLineFile, type LineFile, parseLines } from './line-file.ts';

const MAX_BYTES = 8_000_000;
/** Closer together they tell trends nothing new. */
const APART_MS = 10 * 60_000;
const KEPT = 500;
const TABLES = 20;

/** The health metrics of the last days: an append-only file of JSON lines, bounded by rotation. */
export function openStoredMetrics(path: string, onTrouble?: (error: unknown) => void): LineFile {
  return createLineFile({ path, maxBytes: MAX_BYTES, ...(onTrouble === undefined ? {} : { onTrouble }) });
}

/** The stored samples, oldest first, at least ten minutes apart. Empty when there are none. */
export async function readStoredMetrics(file: LineFile): Promise<StoredSample[]> {
  const kept: StoredSample[] = [];
  for (const sample of parseLines<StoredSample>(await file.read())) keepSample(kept, sample);
  return kept;
}

/** The samples that a keeper of this file has stored, read without writing. */
export function readMetricsFile(path: string): Promise<StoredSample[]> {
  return readStoredMetrics(openStoredMetrics(path));
}

/** Adds a sample when it is far enough from the last one; forgets the oldest. */
export function keepSample(kept: StoredSample[], sample: StoredSample): void {
  const at = Date.parse(sample.at);
  if (Number.isNaN(at) || typeof sample.metrics !== 'object') return;
  const last = kept.at(-1);
  if (last !== undefined && at - Date.parse(last.at) < APART_MS) return;
  kept.push(sample);
  if (kept.length > KEPT) kept.shift();
}

/** What is worth storing of a report; undefined when the database could not be reached. */
export function sampleOf({ at, connection, entries, tables }: HealthReport): StoredSample | undefined {
  if (!connection.ok) return undefined;
  const metrics: Record<string, Record<string, number>> = {};
  for (const entry of entries)
    if (Object.keys(entry.metrics).length > 0) metrics[entry.id] = { ...entry.metrics };
  if (Array.isArray(tables) && tables.length > 0) {
    metrics.tables = Object.fromEntries(
      tables
        .slice(0, TABLES)
        .flatMap(({ schema, name, bytes }) => (bytes === null ? [] : [[`${schema}.${name}_bytes`, bytes]])),
    );
  }
  return { at, metrics };
}
