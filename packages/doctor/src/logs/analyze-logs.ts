import { type Clock, systemClock } from '@holdfast/core';
import { Aggregate, type Milestone } from './aggregate/aggregate.ts';
import { createRouteMatcher } from './aggregate/route-matcher.ts';
import { timeWindow } from './aggregate/time-window.ts';
import type { LogAnalysis } from './analysis.ts';
import { findSignals } from './detect/find-signals.ts';
import { judgeIncidents } from './detect/judge-incidents.ts';
import { addToFacts, evidenceText, factsOf, type SignalFacts } from './detect/signal-facts.ts';
import { type JsonFields, jsonFields } from './formats/json-fields.ts';
import type { FormatName } from './formats/line-parser.ts';
import { findNewest } from './read/find-newest.ts';
import type { LogSource } from './read/log-source.ts';
import { rescanSource, type ScanOptions, type SourceScan, scanSource } from './read/scan.ts';
import { buildAnalysis } from './report/build-analysis.ts';

export interface AnalyzeOptions {
  /** Milliseconds since the epoch. The default ends with the newest line, */
  readonly until?: number | undefined;
  /** and begins here, or `windowMs` before the end: seven days. */
  readonly since?: number | undefined;
  readonly windowMs?: number | undefined;
  /** Reads all lines as this; without it, each source is looked at. */
  readonly format?: FormatName | undefined;
  readonly fields?: JsonFields | undefined;
  /** Path templates of an OpenAPI document. */
  readonly routes?: readonly string[] | undefined;
  /** Deployments and other events that the logs may not tell of. */
  readonly events?: readonly Pick<Milestone, 'time' | 'kind' | 'label'>[] | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with the bytes read, of all that there are. */
  readonly onProgress?: ((bytes: number, all: number) => void) | undefined;
}

const WEEK_MS = 7 * 86_400_000;

/**
 * Reads logs and says what was wrong when, where and for whom. Each source is read once, and the stretches in which
 * something stands out once more. Memory is bounded whatever the size. Lines and sources that cannot be read are part of
 * the result; only an aborted signal rejects. The result is redacted.
 */
export async function analyzeLogs(
  sources: readonly LogSource[],
  options: AnalyzeOptions = {},
): Promise<LogAnalysis> {
  const { clock = systemClock, fields = jsonFields(), signal } = options;
  const parserOptions = { fields, now: clock.now(), format: options.format };
  const to = options.until ?? (await findNewest(sources, parserOptions, signal)) ?? clock.now();
  const from = options.since ?? to - (options.windowMs ?? WEEK_MS);
  const aggregate = new Aggregate(timeWindow(from, to), createRouteMatcher(options.routes));
  for (const event of options.events ?? []) aggregate.note(event);
  const scans = await scanAll(sources, { ...parserOptions, signal }, aggregate, options.onProgress);
  aggregate.milestones.sort((a, b) => a.time - b.time);
  const facts = await gatherFacts(sources, scans, aggregate, signal);
  const judged = judgeIncidents(aggregate, facts, source => scans[source]?.name ?? '');
  return buildAnalysis(aggregate, scans, judged);
}

async function scanAll(
  sources: readonly LogSource[],
  options: ScanOptions,
  aggregate: Aggregate,
  onProgress: AnalyzeOptions['onProgress'],
): Promise<SourceScan[]> {
  const all = sources.reduce((sum, { size }) => sum + size, 0);
  const scans: SourceScan[] = [];
  let done = 0;
  for (const [index, source] of sources.entries()) {
    const before = done;
    // compressed sources hold more than they take up
    const onBytes = (bytes: number) => onProgress?.(before + Math.min(bytes, source.size), all);
    const scan = await scanSource(source, { ...options, onBytes }, (entry, line) => {
      aggregate.add(entry, index, line);
    });
    scans.push(scan);
    done += source.size;
  }
  return scans;
}

/** Reads the stretches again in which something stands out. */
async function gatherFacts(
  sources: readonly LogSource[],
  scans: readonly SourceScan[],
  aggregate: Aggregate,
  signal: AbortSignal | undefined,
): Promise<SignalFacts[]> {
  const facts = findSignals(aggregate).map(found => factsOf(found, aggregate.window));
  const stretches = facts.map(({ stretch }) => stretch);
  if (facts.length === 0) return facts;
  for (const [index, source] of sources.entries()) {
    const scan = scans[index];
    if (scan === undefined) continue;
    await rescanSource(source, scan, stretches, signal, (entry, line, buffer, start, end) => {
      const evidence = () => ({ source: index, line, text: evidenceText(buffer, start, end) });
      addToFacts(facts, aggregate.table, entry, evidence);
    });
  }
  return facts;
}
