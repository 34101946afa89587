import type { Incident, LogAnalysis, Noise } from '../../logs/index.ts';
import { millisecondsText, number, plural, timeText } from './blocks.ts';
import type { Block, Cell } from './document.ts';

const MAX_INCIDENTS = 12;
const MAX_NOISE = 8;
const MAX_ENDPOINTS = 25;
const FEW = 3;

/** Incidents that logs tell of, as a table; a sentence when there are none. */
export function incidentsTable(incidents: readonly Incident[], caption: string): Block {
  if (incidents.length === 0) return { kind: 'text', text: `${caption}: none.` };
  return {
    kind: 'table',
    caption:
      incidents.length > MAX_INCIDENTS ? `${caption}, ${MAX_INCIDENTS} of ${incidents.length}` : caption,
    columns: ['State', 'What', 'Since', 'Until', 'Affected', 'Why'].map(title => ({ title })),
    rows: incidents
      .slice(0, MAX_INCIDENTS)
      .map(({ state, title, onset, end, affected, mechanism }): Cell[] => [
        state === 'open' ? { text: 'open', tone: 'bad' } : { text: 'recovered', tone: 'good' },
        title,
        timeText(onset),
        state === 'open' ? 'not over when the log ends' : timeText(end),
        `${affected.atLeast ? 'at least ' : ''}${plural(affected.count, affected.by)}`,
        mechanism,
      ]),
  };
}

export function noiseTable(noise: readonly Noise[], caption: string): Block {
  if (noise.length === 0) return { kind: 'text', text: `${caption}: nothing.` };
  return {
    kind: 'table',
    caption,
    columns: [
      { title: 'What' },
      { title: 'Since' },
      { title: 'Until' },
      { title: 'Requests', numeric: true },
    ],
    rows: noise
      .slice(0, MAX_NOISE)
      .map(({ title, onset, end, requests }) => [title, timeText(onset), timeText(end), requests]),
  };
}

/** Endpoints as the logs show them; those that `wanted` asks for. */
export function endpointsTable(
  { endpoints, window }: LogAnalysis,
  caption: string,
  wanted: (endpoint: LogAnalysis['endpoints'][number]) => boolean,
): Block {
  const found = endpoints.filter(wanted);
  if (found.length === 0) return { kind: 'text', text: `${caption}: none.` };
  const shown = found.slice(0, MAX_ENDPOINTS);
  const span = window === null ? '' : `, ${timeText(window.from)} to ${timeText(window.to)}`;
  return {
    kind: 'table',
    caption: `${caption}${span}${found.length > shown.length ? ` (${shown.length} of ${found.length})` : ''}`,
    columns: [
      { title: 'Endpoint' },
      { title: 'Requests', numeric: true },
      { title: 'Errors' },
      { title: 'p50', numeric: true },
      { title: 'p95', numeric: true },
      { title: 'p99', numeric: true },
    ],
    rows: shown.map(({ endpoint, requests, errors, p50, p95, p99 }): Cell[] => [
      { text: endpoint, code: true },
      requests,
      errorsText(errors),
      ...[p50, p95, p99].map(millisecondsText),
    ]),
  };
}

export function errorsText(errors: LogAnalysis['endpoints'][number]['errors']): string {
  const parts = Object.entries(errors)
    .filter(([, amount]) => amount > 0)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, FEW)
    .map(([name, amount]) => `${number(amount)} × ${name}`);
  return parts.join(', ') || 'none';
}

/** How much was read, and of which time. */
export function logsText({ totals, window, sources }: LogAnalysis): string {
  const span = window === null ? '' : ` from ${timeText(window.from)} to ${timeText(window.to)}`;
  const unreadable =
    totals.unreadable === 0 ? '' : `; ${plural(totals.unreadable, 'line')} could not be read`;
  return `${plural(totals.requests, 'request')} and ${plural(totals.messages, 'message')}${span} were read from ${plural(sources.length, 'file')}${unreadable}.`;
}
