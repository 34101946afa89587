import { type Operation, operations } from '@holdfast/contract';
import type { Clock } from '@holdfast/core';
import { ask } from '../probes/ask.ts';

/** How fast one operation answered. Milliseconds, as seen from where the report is made. */
export interface OperationLatency {
  readonly operation: string;
  readonly samples: number;
  /** Requests without an answer, or with another status than the first one. */
  readonly failures: number;
  readonly status: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

export interface LatencyReading {
  readonly url: string;
  readonly operations: readonly OperationLatency[];
}

export interface LatencyOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** `GET` paths; the default is what the contract declares as public. */
  readonly paths?: readonly string[];
  /** Per path. Default 20. */
  readonly samples?: number;
}

const SAMPLES = 20;
const REQUEST_MS = 2_000;
/** A path that does not answer is not asked again and again, nor one that is slow. */
const MAX_FAILURES = 3;
const PATH_MS = 1_500;

/**
 * Asks paths that only read, without credentials, one request after another: what a single user meets who has the API for
 * himself. Never rejects; once the signal is aborted, no further request begins.
 */
export async function measureLatency(url: string, options: LatencyOptions): Promise<LatencyReading> {
  const { paths = publicPaths(), signal } = options;
  const { origin } = new URL(url);
  const measured: OperationLatency[] = [];
  for (const path of paths) {
    if (signal.aborted) break;
    measured.push(await measurePath(origin, path, options));
  }
  return { url: origin, operations: measured };
}

/** Readiness looks at the database itself, which is what it is for, and so tells more than a liveness answer. */
function publicPaths(): string[] {
  return Object.values<Pick<Operation, 'method' | 'access' | 'path'>>(operations)
    .filter(({ method, access, path }) => method === 'GET' && access === 'public' && !path.includes('{'))
    .map(({ path }) => path);
}

async function measurePath(
  origin: string,
  path: string,
  { clock, signal, samples = SAMPLES }: LatencyOptions,
): Promise<OperationLatency> {
  const times: number[] = [];
  let status: number | null = null;
  let failures = 0;
  const end = clock.monotonic() + PATH_MS;
  for (let round = 0; round < samples && failures < MAX_FAILURES && !signal.aborted; round += 1) {
    if (round > 0 && clock.monotonic() > end) break;
    const answer = await ask({ url: `${origin}${path}`, timeoutMs: REQUEST_MS }, { clock, signal });
    const answered = answer.result === 'answered';
    if (answered) status ??= answer.status;
    if (answered && answer.status === status) times.push(answer.milliseconds);
    else failures += 1;
  }
  times.sort((a, b) => a - b);
  const [p50, p95, max] = [quantile(times, 0.5), quantile(times, 0.95), times.at(-1) ?? null];
  return { operation: `GET ${path}`, samples: times.length, failures, status, p50, p95, max };
}

/** The smallest value that at least this share of the values does not exceed. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
