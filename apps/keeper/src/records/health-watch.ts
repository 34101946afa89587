import type { Clock } from '@holdfast/core';
import {
  type HealthOptions,
  type HealthReport,
  type HealthSources,
  runHealth,
  type StoredSample,
  type ThresholdOverrides,
} from '@holdfast/database/health';
import type { LineFile } from './line-file.ts';
import { keepSample, readStoredMetrics, sampleOf } from './stored-metrics.ts';

export interface HealthWatchOptions {
  /** Where the database is at this moment; undefined while that is not known. */
  readonly url: () => Promise<string | undefined>;
  readonly sources: () => Promise<HealthSources>;
  readonly thresholds: ThresholdOverrides;
  readonly file: LineFile;
  /** How often the quick entries run, and how often all do. */
  readonly intervalMs: number;
  readonly detailedIntervalMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onTrouble: (error: unknown) => void;
}

/** Examines the database again and again. */
export interface HealthWatch {
  /** The last examination: entries of an older one that the last left out, together with its own. */
  readonly latest: HealthReport | undefined;
  readonly done: Promise<void>;
}

/** Stores the metrics of every examination. A database that is away, or trouble of our own, only costs samples. */
export function startHealthWatch(options: HealthWatchOptions): HealthWatch {
  const { clock, signal, intervalMs, onTrouble } = options;
  const state: WatchState = { latest: undefined, samples: [], detailedAt: Number.NEGATIVE_INFINITY };
  const run = async (): Promise<void> => {
    state.samples = await readStoredMetrics(options.file).catch(() => []);
    for (;;) {
      await clock.sleep(intervalMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await examineOnce(options, state).catch(onTrouble);
    }
  };
  return {
    get latest() {
      return state.latest;
    },
    done: run(),
  };
}

interface WatchState {
  latest: HealthReport | undefined;
  samples: StoredSample[];
  detailedAt: number;
}

async function examineOnce(options: HealthWatchOptions, state: WatchState): Promise<void> {
  const { clock, file, signal, thresholds } = options;
  const url = await options.url();
  if (url === undefined) return;
  const detailed = clock.monotonic() - state.detailedAt >= options.detailedIntervalMs;
  const common: HealthOptions = {
    ...{ url, thresholds, clock, signal },
    sources: { ...(await options.sources()), samples: state.samples },
  };
  const report = await runHealth({ ...common, quickOnly: !detailed, overview: detailed });
  if (signal.aborted) return;
  if (detailed && report.connection.ok) state.detailedAt = clock.monotonic();
  state.latest = detailed ? report : withOlder(report, state.latest);
  const sample = sampleOf(report);
  if (sample === undefined) return;
  file.append(JSON.stringify(sample));
  keepSample(state.samples, sample);
}

/** What only the detailed examination looks at is shown until it is looked at again; not while nothing answers. */
function withOlder(report: HealthReport, former: HealthReport | undefined): HealthReport {
  if (former === undefined || !report.connection.ok) return report;
  const fresh = new Set(report.entries.map(({ id }) => id));
  const entries = [...report.entries, ...former.entries.filter(({ id }) => !fresh.has(id))];
  return {
    ...report,
    entries: entries.sort((a, b) => a.number - b.number),
    ...(former.tables === undefined ? {} : { tables: former.tables }),
  };
}
