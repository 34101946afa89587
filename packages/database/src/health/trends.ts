import type { StoredSample } from './sources.ts';

/** Where one metric is heading, by a straight line through its samples. */
export interface Trend {
  readonly entry: string;
  readonly metric: string;
  readonly now: number;
  readonly per24Hours: number;
  readonly in24Hours: number;
  /** When a share that cannot exceed 100 % gets there; null when it does not within thirty days. */
  readonly fullInHours: number | null;
  readonly samples: number;
  /** The time that the samples cover. */
  readonly hours: number;
}

const HOUR_MS = 3_600_000;
const WINDOW_HOURS = 48;
/** Less than this says nothing about the next day. */
const MIN_SAMPLES = 12;
const MIN_HOURS = 3;
/** How much of the movement the line has to explain; a metric that swings has no trend. */
const MIN_EXPLAINED = 0.6;
const HORIZON_HOURS = 30 * 24;
/** Changes below this share of the value per day are standing still. */
const STEADY = 0.01;

/** Gauges that may grow until something is full; shares of a limit end at 100. */
const GROWING = /(_percent|(?<!total)_bytes|_rows|_xids)$/;
const SHARE_OF_A_LIMIT = /(used|age|full)_percent$/;

/**
 * The trends of all metrics that have one: at least twelve samples over at least three of the last 48 hours, on a line
 * that explains 60 % of the variance. What swings or stands still is left out. Soonest full first.
 */
export function findTrends(samples: readonly StoredSample[]): Trend[] {
  const last = Date.parse(samples.at(-1)?.at ?? '');
  const since = last - WINDOW_HOURS * HOUR_MS;
  const series = new Map<string, { entry: string; metric: string; points: Point[] }>();
  for (const { at, metrics } of samples) {
    const time = Date.parse(at);
    if (!(time >= since)) continue;
    for (const [entry, values] of Object.entries(metrics)) {
      for (const [metric, value] of Object.entries(values)) {
        const key = `${entry} ${metric}`;
        const one = series.get(key) ?? { entry, metric, points: [] };
        if (GROWING.test(metric)) one.points.push({ hours: (time - last) / HOUR_MS, value });
        series.set(key, one);
      }
    }
  }
  return [...series.values()]
    .flatMap(({ entry, metric, points }) => trendOf(entry, metric, points) ?? [])
    .sort((a, b) => (a.fullInHours ?? Infinity) - (b.fullInHours ?? Infinity));
}

/** An entry whose share of a limit grows says so in its summary. */
export function withPrediction<
  T extends { readonly id: string; readonly level: string; readonly summary: string },
>(entry: T, trends: readonly Trend[]): T {
  const trend = trends.find(one => one.entry === entry.id && one.fullInHours !== null);
  if (trend?.fullInHours == null || entry.level === 'skipped') return entry;
  const { in24Hours, fullInHours } = trend;
  const summary = `${entry.summary}; if it goes on, ${Math.round(in24Hours)} % in 24 h and full in about ${Math.round(fullInHours)} h`;
  return { ...entry, summary };
}

interface Point {
  readonly hours: number;
  readonly value: number;
}

function trendOf(entry: string, metric: string, points: readonly Point[]): Trend | undefined {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < MIN_SAMPLES) return undefined;
  const hours = last.hours - first.hours;
  if (hours < MIN_HOURS) return undefined;
  const line = fitLine(points);
  if (line === undefined || line.explained < MIN_EXPLAINED) return undefined;
  const per24Hours = line.perHour * 24;
  if (Math.abs(per24Hours) < STEADY * Math.abs(last.value)) return undefined;
  const share = SHARE_OF_A_LIMIT.test(metric);
  const in24Hours = Math.max(0, last.value + per24Hours);
  const left = share && line.perHour > 0 ? Math.max(0, 100 - last.value) / line.perHour : Infinity;
  return {
    entry,
    metric,
    now: last.value,
    per24Hours: round(per24Hours),
    in24Hours: round(share ? Math.min(100, in24Hours) : in24Hours),
    fullInHours: left <= HORIZON_HOURS ? round(left) : null,
    samples: points.length,
    hours: round(hours),
  };
}

/** Least squares; `explained` is the coefficient of determination. Undefined when nothing moves. */
function fitLine(points: readonly Point[]): { perHour: number; explained: number } | undefined {
  const meanX = mean(points.map(({ hours }) => hours));
  const meanY = mean(points.map(({ value }) => value));
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (const { hours, value } of points) {
    xx += (hours - meanX) ** 2;
    xy += (hours - meanX) * (value - meanY);
    yy += (value - meanY) ** 2;
  }
  if (xx === 0 || yy === 0) return undefined;
  return { perHour: xy / xx, explained: xy ** 2 / (xx * yy) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
