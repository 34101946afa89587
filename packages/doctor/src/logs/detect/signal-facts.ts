import { ERROR_SEVERITY } from '../aggregate/aggregate.ts';
import { BoundedCounter } from '../aggregate/bounded-counter.ts';
import type { Endpoint, EndpointTable } from '../aggregate/endpoint-table.ts';
import { classOf } from '../aggregate/error-class.ts';
import { maskValues } from '../aggregate/template-miner.ts';
import { type TimeWindow, timeOf } from '../aggregate/time-window.ts';
import type { Entry } from '../entry.ts';
import type { Stretch } from '../read/scan.ts';
import { CLASSES_OF } from './find-signals.ts';
import type { Signal } from './signal.ts';

/** A line that shows something, not yet redacted. */
export interface EvidenceLine {
  readonly source: number;
  readonly line: number;
  readonly text: string;
}

/** What the lines of a signal say besides their number. */
export interface SignalFacts {
  readonly signal: Signal;
  readonly stretch: Stretch;
  readonly clients: BoundedCounter;
  /** Ids of users, where the log has them. */
  readonly users: BoundedCounter;
  readonly endpoints: BoundedCounter;
  readonly statuses: BoundedCounter;
  readonly codes: BoundedCounter;
  /** Messages without their values. */
  readonly texts: BoundedCounter;
  /** Lines whose agent says that it is a program. */
  robots: number;
  lines: number;
  /** Milliseconds since the epoch of the first and the last line. */
  first: number;
  last: number;
  readonly evidence: EvidenceLine[];
}

const MAX_PEOPLE = 20_000;
const MAX_EVIDENCE = 3;
const MAX_TEXT = 400;
const ROBOT =
  /bot\b|crawl|spider|scan|nikto|sqlmap|masscan|zgrab|curl\/|wget|python-requests|go-http-client|libwww|nmap/i;

export function factsOf(signal: Signal, window: TimeWindow): SignalFacts {
  const { from, to } = signal.episode;
  return {
    signal,
    stretch: { from: timeOf(window, from), to: timeOf(window, to + 1) - 1 },
    clients: new BoundedCounter(MAX_PEOPLE),
    users: new BoundedCounter(MAX_PEOPLE),
    endpoints: new BoundedCounter(500),
    statuses: new BoundedCounter(100),
    codes: new BoundedCounter(100),
    texts: new BoundedCounter(200),
    robots: 0,
    lines: 0,
    first: Number.NaN,
    last: Number.NaN,
    evidence: [],
  };
}

/** Adds a line to the facts of every signal it belongs to. */
export function addToFacts(
  facts: readonly SignalFacts[],
  table: EndpointTable,
  entry: Entry,
  line: () => EvidenceLine,
): void {
  if (entry.status === 0) {
    addMessage(facts, entry, line);
    return;
  }
  let endpoint: Endpoint | undefined;
  for (const fact of facts) {
    const { from, to } = fact.stretch;
    if (entry.time < from || entry.time > to) continue;
    endpoint ??= table.lookUp(entry);
    if (belongs(fact.signal, entry, endpoint, table)) addLine(fact, entry, endpoint, line);
  }
}

function addMessage(facts: readonly SignalFacts[], entry: Entry, line: () => EvidenceLine): void {
  if (entry.message === '' || entry.severity < ERROR_SEVERITY) return;
  for (const fact of facts) {
    const { from, to } = fact.stretch;
    if (fact.signal.kind !== 'error_messages' || entry.time < from || entry.time > to) continue;
    fact.texts.add(maskValues(entry.message).slice(0, 160));
    noteLine(fact, entry, line);
  }
}

function belongs(
  { kind, endpoint: own, episode }: Signal,
  entry: Entry,
  endpoint: Endpoint,
  table: EndpointTable,
): boolean {
  if (own !== undefined && own !== endpoint) return false;
  if (kind === 'error_messages') return false;
  if (kind === 'slow') return entry.durationMs >= episode.hits / 2;
  if (kind === 'refresh_rate') return endpoint.role === 'refresh';
  if (!CLASSES_OF[kind].includes(classOf(entry.status))) return false;
  if (kind === 'server_errors') return true;
  if (endpoint === table.strangers) return false;
  if (kind === 'login_failures') return endpoint.role === 'login';
  if (kind === 'refresh_failures') return endpoint.role === 'refresh';
  return kind === 'route_errors' || kind === 'rate_limited' || endpoint.role === 'other';
}

/** What every line adds, request or not. */
function noteLine(fact: SignalFacts, entry: Entry, line: () => EvidenceLine): void {
  fact.lines += 1;
  if (!(entry.time >= fact.first)) fact.first = entry.time;
  if (!(entry.time <= fact.last)) fact.last = entry.time;
  if (entry.client !== '') fact.clients.add(entry.client);
  if (entry.user !== '') fact.users.add(entry.user);
  if (entry.code !== '') fact.codes.add(entry.code);
  if (fact.evidence.length < MAX_EVIDENCE) fact.evidence.push(line());
}

function addLine(fact: SignalFacts, entry: Entry, endpoint: Endpoint, line: () => EvidenceLine): void {
  noteLine(fact, entry, line);
  fact.endpoints.add(endpoint.name);
  fact.statuses.add(String(entry.status));
  if (entry.agent !== '' && ROBOT.test(entry.agent)) fact.robots += 1;
}

/** The text of a line as evidence keeps it. */
export function evidenceText(buffer: Buffer, start: number, end: number): string {
  return buffer.toString('utf8', start, Math.min(end, start + MAX_TEXT));
}

/** Whoever met the signal: users where the log names them, clients elsewhere. */
export function peopleOf({ users, clients }: SignalFacts): {
  readonly by: 'user' | 'client';
  readonly counter: BoundedCounter;
} {
  return users.size > 0 ? { by: 'user', counter: users } : { by: 'client', counter: clients };
}
