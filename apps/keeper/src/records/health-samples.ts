import { createLineFile, type LineFile, parseLines } from './line-file.ts';

/** One look at the whole system. Times in milliseconds, memory in bytes; null where nothing could be seen. */
export interface HealthSample {
  /** ISO 8601. */
  readonly at: string;
  readonly server: {
    readonly up: boolean;
    readonly latencyMs: number | null;
    readonly pid: number | null;
    readonly rss: number | null;
  };
  readonly database: {
    readonly up: boolean;
    readonly roundTripMs: number | null;
    readonly pid: number | null;
    readonly rss: number | null;
    readonly reason: string | null;
  };
  /** The server's connection pool, as it says itself. */
  readonly pool: {
    readonly max: number;
    readonly size: number;
    readonly checkedIn: number;
    readonly checkedOut: number;
    readonly waiting: number;
  } | null;
  readonly keeper: { readonly pid: number; readonly rss: number };
}

const MAX_BYTES = 8_000_000;

/** The samples of the last days: an append-only file of JSON lines, bounded by rotation. */
export function openHealthSamples(path: string, onTrouble: (error: unknown) => void): LineFile {
  return createLineFile({ path, maxBytes: MAX_BYTES, onTrouble });
}

/** The newest samples, oldest first. */
export async function readHealthSamples(file: LineFile, limit: number): Promise<readonly HealthSample[]> {
  return parseLines<HealthSample>((await file.read()).slice(-limit));
}
