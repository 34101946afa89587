import type { Clock } from '@holdfast/core';
import { residentMemory } from '../process/process-identity.ts';
import type { Reachability } from '../supervision/reachability.ts';
import { probeServer } from '../supervision/upstream.ts';
import type { HealthSample } from './health-samples.ts';
import type { LineFile } from './line-file.ts';

/** What a sampler looks at. */
export interface SampledSystem {
  readonly serverUrl: () => string | undefined;
  readonly serverPid: () => number | undefined;
  readonly database: () => Reachability;
  readonly databasePid: () => number | undefined;
}

export interface SamplerOptions extends SampledSystem {
  readonly file: LineFile;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Sampler {
  readonly latest: HealthSample | undefined;
  readonly done: Promise<void>;
}

const PROBE_TIMEOUT_MS = 2_000;

/** Takes a sample every `intervalMs` until the signal is aborted. */
export function startSampler(options: SamplerOptions): Sampler {
  let latest: HealthSample | undefined;
  const run = async (): Promise<void> => {
    for (;;) {
      await options.clock.sleep(options.intervalMs, options.signal).catch(() => undefined);
      if (options.signal.aborted) return;
      latest = await takeSample(options, options.clock);
      options.file.append(JSON.stringify(latest));
    }
  };
  return {
    get latest() {
      return latest;
    },
    done: run(),
  };
}

/** Looks at everything once. Never rejects. */
export async function takeSample(system: SampledSystem, clock: Clock): Promise<HealthSample> {
  const url = system.serverUrl();
  const [latencyMs, pool] = await Promise.all([serverLatency(url, clock), poolStats(url)]);
  const database = system.database();
  return {
    at: new Date(clock.now()).toISOString(),
    server: { up: latencyMs !== null, latencyMs, ...processFacts(system.serverPid()) },
    database: {
      up: database.kind === 'reachable',
      roundTripMs: database.kind === 'reachable' ? database.roundTripMs : null,
      ...processFacts(system.databasePid()),
      reason: database.kind === 'unreachable' ? database.reason : null,
    },
    pool,
    keeper: { pid: process.pid, rss: process.memoryUsage.rss() },
  };
}

function processFacts(pid: number | undefined): { readonly pid: number | null; readonly rss: number | null } {
  return { pid: pid ?? null, rss: pid === undefined ? null : (residentMemory(pid) ?? null) };
}

async function serverLatency(url: string | undefined, clock: Clock): Promise<number | null> {
  if (url === undefined) return null;
  const begin = clock.monotonic();
  return probeServer(url, AbortSignal.timeout(PROBE_TIMEOUT_MS)).then(
    () => Math.round((clock.monotonic() - begin) * 100) / 100,
    () => null,
  );
}

async function poolStats(url: string | undefined): Promise<HealthSample['pool']> {
  if (url === undefined) return null;
  try {
    const response = await fetch(new URL('/api/v1/health/database', url), {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    const body = (await response.json()) as { readonly pool?: HealthSample['pool'] };
    return response.ok ? (body.pool ?? null) : null;
  } catch {
    return null;
  }
}
