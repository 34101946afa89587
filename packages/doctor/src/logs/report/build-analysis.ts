import type { Aggregate } from '../aggregate/aggregate.ts';
import type { Endpoint } from '../aggregate/endpoint-table.ts';
import { ERROR_CLASSES, type ErrorClass } from '../aggregate/error-class.ts';
import type { LatencyHistogram } from '../aggregate/latency-histogram.ts';
import type { ClientReport, EndpointReport, LogAnalysis, SourceReport, TemplateReport } from '../analysis.ts';
import type { Judged } from '../detect/judge-incidents.ts';
import type { SourceScan } from '../read/scan.ts';
import { cleanText, redactLine } from '../redact-line.ts';
import { patternsOf } from './patterns.ts';

const TOP_ENDPOINTS = 30;
const TOP_CLIENTS = 20;
const TOP_TEMPLATES = 30;
const TOP_EVENTS = 50;
const SEVERITIES = ['unknown', 'info', 'warning', 'error', 'fatal'] as const;

const iso = (time: number): string => new Date(time).toISOString();

/** Puts everything together in the form it is published in. */
export function buildAnalysis(
  aggregate: Aggregate,
  scans: readonly SourceScan[],
  { incidents, noise }: Judged,
): LogAnalysis {
  const { window, all, requests, messages, outside } = aggregate;
  const seen = requests + messages > 0;
  const isOpen = incidents.some(({ state }) => state === 'open');
  const fileOf = (source: number): string => scans[source]?.name ?? '';
  return {
    schemaVersion: 1,
    status: seen ? (isOpen ? 'incidents' : 'clean') : 'not_examined',
    window: { from: iso(window.from), to: iso(window.to), bucketSeconds: window.bucketMs / 1_000 },
    totals: {
      lines: sum(scans.map(({ lines }) => lines)),
      unreadable: sum(scans.map(({ unreadable }) => unreadable)),
      outside,
      requests,
      messages,
      clients: aggregate.clients.size,
      users: aggregate.users.size,
      ...quantilesOf(all.latency),
    },
    statuses: statusesOf(aggregate),
    classes: Object.fromEntries(
      ERROR_CLASSES.map((name, index) => [name, all.errors[index]?.sum ?? 0]),
    ) as Record<ErrorClass, number>,
    incidents,
    noise,
    patterns: patternsOf(aggregate),
    endpoints: endpointsOf(aggregate),
    clients: clientsOf(aggregate),
    codes: Object.fromEntries(aggregate.codes.top(20).map(([code, count]) => [cleanText(code, 60), count])),
    templates: templatesOf(aggregate, fileOf),
    events: eventsOf(aggregate, fileOf),
    sources: scans.map(sourceOf),
    limits: limitsOf(aggregate),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function quantilesOf(latency: LatencyHistogram) {
  const at = (share: number): number | null => latency.quantile(share) ?? null;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function statusesOf({ statuses }: Aggregate): Record<string, number> {
  return Object.fromEntries(
    [...statuses].map((count, status) => [status, count]).filter(([, count]) => count),
  );
}

function endpointsOf({ table }: Aggregate): EndpointReport[] {
  const errorsOf = ({ errors }: Endpoint): number => sum(errors.map(series => series?.sum ?? 0));
  return [...table.endpoints.values(), table.others, table.strangers]
    .filter(({ total }) => total.sum > 0)
    .sort((a, b) => errorsOf(b) - errorsOf(a) || b.total.sum - a.total.sum || (a.name < b.name ? -1 : 1))
    .slice(0, TOP_ENDPOINTS)
    .map(({ name, total, errors, latency }) => ({
      endpoint: cleanText(name),
      requests: total.sum,
      errors: Object.fromEntries(
        ERROR_CLASSES.flatMap((error, index) =>
          errors[index] === undefined ? [] : [[error, errors[index].sum]],
        ),
      ),
      ...quantilesOf(latency),
    }));
}

function clientsOf({ clients, clientErrors }: Aggregate): ClientReport[] {
  const failing = clientErrors.top(TOP_CLIENTS).map(([client]) => client);
  const names = [...new Set([...failing, ...clients.top(TOP_CLIENTS).map(([client]) => client)])];
  return names.slice(0, TOP_CLIENTS).map(client => ({
    client: cleanText(client, 60),
    requests: clients.get(client),
    errors: clientErrors.get(client),
  }));
}

function templatesOf({ miner }: Aggregate, fileOf: (source: number) => string): TemplateReport[] {
  return miner.templates
    .toSorted((a, b) => b.severity - a.severity || b.count - a.count)
    .slice(0, TOP_TEMPLATES)
    .map(({ tokens, count, severity, firstAt, lastAt, source, line }) => ({
      template: cleanText(tokens.join(' ')),
      count,
      severity: SEVERITIES[severity],
      first: iso(firstAt),
      last: iso(lastAt),
      at: `${fileOf(source)}:${line}`,
    }));
}

function eventsOf({ milestones }: Aggregate, fileOf: (source: number) => string): LogAnalysis['events'] {
  return milestones
    .toSorted((a, b) => a.time - b.time)
    .slice(-TOP_EVENTS)
    .map(({ time, kind, label, source, line }) => ({
      time: iso(time),
      kind,
      what: cleanText(label),
      at: source === undefined ? null : `${fileOf(source)}:${line}`,
    }));
}

function sourceOf(scan: SourceScan): SourceReport {
  const { name, format, bytes, lines, unreadable, continuations, samples, first, last, problem } = scan;
  return {
    file: name,
    format: format ?? 'unknown',
    bytes,
    lines,
    unreadable,
    continuations,
    unreadableSamples: samples.map(({ line, text }) => ({ at: `${name}:${line}`, text: redactLine(text) })),
    first: Number.isNaN(first) ? null : iso(first),
    last: Number.isNaN(last) ? null : iso(last),
    problem: problem ?? null,
  };
}

/** Where a bound was reached. */
function limitsOf({ clients, clientErrors, users, strangePaths, table, miner }: Aggregate): string[] {
  const counters = { clients, 'failing clients': clientErrors, users, 'unknown paths': strangePaths };
  const lossy = Object.entries(counters)
    .filter(([, { error }]) => error > 0)
    .map(
      ([name, { error, size }]) =>
        `More ${name} than are kept (${size}): each count can be too low by up to ${error}.`,
    );
  const others = table.others.total.sum;
  if (others > 0)
    lossy.push(`More than 500 endpoints: ${others} requests are counted as "(other endpoints)".`);
  if (miner.dropped > 0)
    lossy.push(`More than 1,000 kinds of messages: ${miner.dropped} messages belong to none.`);
  return lossy;
}
