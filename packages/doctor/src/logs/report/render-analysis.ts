import { styleText } from 'node:util';
import type { LogAnalysis, PatternReport } from '../analysis.ts';
import type { Incident, Noise } from '../detect/incident.ts';

export interface RenderAnalysisOptions {
  /** Shows every incident whole, templates, events and clients. */
  readonly verbose?: boolean;
  readonly color?: boolean;
}

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

const MAX_WHOLE = 3;
const FEW = 8;
const MANY = 30;
const MAX_NOISE = 4;
const MAX_ENDPOINTS = 6;

/** An analysis for the terminal, on one screen: incidents first, then noise, then the numbers. */
export function renderAnalysis(analysis: LogAnalysis, options: RenderAnalysisOptions = {}): string {
  const { verbose = false, color = false } = options;
  const style: Style = (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
  const { incidents, noise } = analysis;
  const whole = verbose ? incidents : openFirst(incidents).slice(0, MAX_WHOLE);
  const rest = openFirst(incidents).filter(incident => !whole.includes(incident));
  const sections = [
    headLines(analysis, style),
    ...whole.map(incident => incidentLines(incident, style)),
    rest.map(
      ({ title, onset, state }) => `${state === 'open' ? '!' : '-'} ${clock(onset)}  ${title} (${state})`,
    ),
    noiseLines(noise, verbose ? noise.length : MAX_NOISE, style),
    numberLines(analysis, style, verbose),
    patternLines(analysis.patterns),
    verbose || analysis.totals.requests === 0 ? templateLines(analysis, style, verbose ? MANY : FEW) : [],
    verbose ? eventLines(analysis, style) : [],
    sourceLines(analysis, style),
    analysis.limits,
  ];
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

function openFirst(incidents: readonly Incident[]): Incident[] {
  return incidents.toSorted((a, b) => Number(b.state === 'open') - Number(a.state === 'open'));
}

const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
const number = (value: number): string => value.toLocaleString('en-US');

function headLines({ status, incidents, window, totals }: LogAnalysis, style: Style): string[] {
  const open = incidents.filter(({ state }) => state === 'open').length;
  const recovered = incidents.length - open;
  const found = [
    ...(open > 0 ? [`${open} open`] : []),
    ...(recovered > 0 ? [`${recovered} recovered`] : []),
  ].join(', ');
  const line =
    status === 'not_examined'
      ? style(['bold', 'yellow'], 'Nothing could be read.')
      : incidents.length === 0
        ? style(['bold', 'green'], 'No incident.')
        : style(['bold', open > 0 ? 'red' : 'yellow'], `Incidents: ${found}.`);
  if (window === null) return [line];
  const span = `${clock(window.from)} to ${clock(window.to)} UTC`;
  return [`${line} ${number(totals.requests)} requests and ${number(totals.messages)} messages, ${span}.`];
}

function incidentLines(incident: Incident, style: Style): string[] {
  const { title, state, onset, end, endpoints, requests, affected, mechanism } = incident;
  const people =
    affected.count === 0
      ? 'nobody is named'
      : `${affected.atLeast ? 'at least ' : ''}${number(affected.count)} ${affected.by === 'user' ? 'users' : 'clients (the log names no users)'}`;
  const until = state === 'open' ? 'not over when the log ends' : `over at ${clock(end)}`;
  return [
    style(['bold', state === 'open' ? 'red' : 'yellow'], title),
    `  since ${clock(onset)}, ${until}; ${number(requests)} requests, ${people}`,
    ...(endpoints.length === 0
      ? []
      : [
          `  routes  ${endpoints.slice(0, MAX_ENDPOINTS).join(', ')}${endpoints.length > MAX_ENDPOINTS ? `, … (${endpoints.length})` : ''}`,
        ]),
    `  why     ${mechanism}`,
    ...incident.cascade.map(
      step => `  then    ${clock(step.onset)}  ${step.what} (${number(step.requests)})`,
    ),
    ...incident.events.map(
      ({ time, what, blamed }) => `  event   ${clock(time)}  ${what}${blamed ? '  ← the cause' : ''}`,
    ),
    ...incident.evidence.slice(0, 2).map(({ at, text }) => style('dim', `  ${at}  ${text}`)),
    ...incident.advice.map(step => `  to do   ${step}`),
  ];
}

function noiseLines(noise: readonly Noise[], most: number, style: Style): string[] {
  if (noise.length === 0) return [];
  const lines = noise
    .slice(0, most)
    .map(({ title, requests, onset }) => `  ${title}: ${number(requests)} requests since ${clock(onset)}`);
  const more = noise.length > most ? [`  … and ${noise.length - most} more (--verbose)`] : [];
  return [style('bold', 'No incidents of the system, but there:'), ...lines, ...more];
}

function numberLines(analysis: LogAnalysis, style: Style, verbose: boolean): string[] {
  const { totals, classes, endpoints, clients } = analysis;
  if (totals.requests === 0) return [];
  const errors = Object.entries(classes)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${number(count)}`);
  const latency =
    totals.p50 === null ? [] : [`p50 ${totals.p50} ms`, `p95 ${totals.p95} ms`, `p99 ${totals.p99} ms`];
  const failing = endpoints.filter(({ errors: own }) => Object.keys(own).length > 0);
  const rows = failing
    .slice(0, verbose ? failing.length : MAX_ENDPOINTS)
    .map(({ endpoint, requests, errors: own, p95 }) => {
      const counts = Object.entries(own).map(([name, count]) => `${name} ${number(count ?? 0)}`);
      return `  ${endpoint.padEnd(48)} ${number(requests).padStart(9)}  ${counts.join(', ')}${p95 === null ? '' : `  p95 ${p95} ms`}`;
    });
  const people = verbose
    ? clients.map(
        ({ client, requests, errors: own }) =>
          `  ${client.padEnd(48)} ${number(requests).padStart(9)}  ${own} errors`,
      )
    : [];
  return [
    `${style('bold', 'Errors:')} ${errors.length === 0 ? 'none' : errors.join(', ')}${latency.length === 0 ? '' : `; ${latency.join(', ')}`}`,
    ...rows,
    ...people,
  ];
}

function patternLines(patterns: readonly PatternReport[]): string[] {
  return patterns
    .filter(({ pattern }) => pattern === 'periodic')
    .map(
      item =>
        `${item.class} comes back every ${item.everyMinutes} minutes, ${item.peak} at ${clock(item.peakAt)}.`,
    );
}

function templateLines({ templates }: LogAnalysis, style: Style, most: number): string[] {
  const rows = templates
    .slice(0, most)
    .map(
      ({ template, count, severity, at }) =>
        `  ${number(count).padStart(9)}  ${severity.padEnd(7)}  ${template}  (${at})`,
    );
  return rows.length === 0 ? [] : [style('bold', 'Messages:'), ...rows];
}

function eventLines({ events }: LogAnalysis, style: Style): string[] {
  const rows = events.map(
    ({ time, kind, what }) => `  ${clock(time)}  ${kind.replaceAll('_', ' ')}: ${what}`,
  );
  return rows.length === 0 ? [] : [style('bold', 'Events:'), ...rows];
}

function sourceLines({ sources, totals }: LogAnalysis, style: Style): string[] {
  const troubled = sources.filter(({ problem, unreadable }) => problem !== null || unreadable > 0);
  const outside = totals.outside > 0 ? [`${number(totals.outside)} lines are outside of the window.`] : [];
  return [
    ...outside,
    ...troubled.flatMap(({ file, problem, unreadable, lines, unreadableSamples }) => [
      ...(problem === null ? [] : [style('yellow', `${file} could not be read to its end: ${problem}`)]),
      ...(unreadable === 0
        ? []
        : [`${file}: ${number(unreadable)} of ${number(lines)} lines could not be read, such as`]),
      ...unreadableSamples.slice(0, 1).map(({ at, text }) => style('dim', `  ${at}  ${text}`)),
    ]),
  ];
}
