import type { Aggregate } from '../aggregate/aggregate.ts';
import type { BoundedCounter } from '../aggregate/bounded-counter.ts';
import { type Endpoint, errorsBetween } from '../aggregate/endpoint-table.ts';
import { timeOf } from '../aggregate/time-window.ts';
import { cleanText } from '../redact-line.ts';
import { CLASSES_OF } from './find-signals.ts';
import type { SignalGroup } from './group-signals.ts';
import type { Evidence, Noise, NoiseKind } from './incident.ts';
import { isOver } from './is-over.ts';
import type { SignalKind } from './signal.ts';
import { type EvidenceLine, peopleOf } from './signal-facts.ts';
import { namesOf } from './title.ts';

const ALWAYS_REAL: readonly SignalKind[] = ['server_errors', 'slow', 'refresh_rate', 'error_messages'];
const FEW_PEOPLE = 3;
const TOP_CLIENTS = 3;
const TOP_SHARE = 0.6;
const MORE_ATTEMPTS = 2.5;
const MOST = 5;
const BLIP_MS = 45_000;
const BLIP_REQUESTS = 200;

/** What a group is when it is no trouble of the system; undefined when it is. */
export function noiseOf(
  group: SignalGroup,
  aggregate: Aggregate,
  evidence: (line: EvidenceLine) => Evidence,
): Noise | undefined {
  const named = kindOf(group, aggregate);
  if (named === undefined) return undefined;
  const { main, endpoints } = group;
  return {
    kind: named.kind,
    title: named.title,
    onset: new Date(main.first).toISOString(),
    end: new Date(main.last).toISOString(),
    endpoints: endpoints.map(endpoint => cleanText(endpoint)),
    requests: main.lines,
    clients: main.clients.top(MOST).map(([client]) => cleanText(client, 60)),
    evidence: main.evidence.map(evidence),
  };
}

function kindOf(group: SignalGroup, aggregate: Aggregate): { kind: NoiseKind; title: string } | undefined {
  const { kind, main, endpoints } = group;
  const routes = namesOf(endpoints);
  const people = peopleOf(main).counter;
  const few =
    people.size < FEW_PEOPLE ||
    (main.clients.size > 0 && main.clients.size < FEW_PEOPLE && main.users.size === 0);
  if (kind === 'login_failures') {
    if (!isGuessing(group, aggregate)) return undefined;
    const from = main.clients.size === 0 ? 'unknown clients' : clientsText(main.clients);
    return { kind: 'brute_force', title: `Somebody guesses passwords on ${routes}, from ${from}; no outage` };
  }
  if (isBlip(group, aggregate)) {
    const seconds = Math.max(1, Math.round((main.last - main.first) / 1_000));
    return { kind: 'blip', title: `Failed for ${seconds} s on ${routes} and went on, as around a restart` };
  }
  if (ALWAYS_REAL.includes(kind)) return undefined;
  if (kind === 'rate_limited' && (few || shareOfTop(main.clients, TOP_CLIENTS) >= TOP_SHARE)) {
    return {
      kind: 'rate_limited_client',
      title: `The rate limit holds ${clientsText(main.clients)} back, as it should`,
    };
  }
  if (main.robots >= main.lines * 0.6)
    return { kind: 'bots', title: `Programs that look around on ${routes}` };
  if (few)
    return { kind: 'single_client', title: `${clientsText(main.clients)} alone is refused on ${routes}` };
  return undefined;
}

/** Server errors for less than a minute that were over by themselves and met few. */
function isBlip(group: SignalGroup, aggregate: Aggregate): boolean {
  const { kind, parts } = group;
  const first = Math.min(...parts.map(part => part.first));
  const last = Math.max(...parts.map(part => part.last));
  const requests = parts.reduce((sum, { lines }) => sum + lines, 0);
  const isShort = last - first < BLIP_MS && requests < BLIP_REQUESTS;
  return kind === 'server_errors' && isShort && isOver(group, aggregate);
}

function clientsText(clients: BoundedCounter): string {
  return clients.size === 1 ? cleanText(clients.top(1)[0]?.[0] ?? '', 60) : `${clients.size} clients`;
}

function shareOfTop(counter: BoundedCounter, count: number): number {
  const all = counter.top(counter.size).reduce((sum, [, amount]) => sum + amount, 0);
  const top = counter.top(count).reduce((sum, [, amount]) => sum + amount, 0);
  return all === 0 ? 0 : top / all;
}

/** Guessing is more attempts than usual, or a few clients that make most of the failures. */
function isGuessing({ from, to, main }: SignalGroup, aggregate: Aggregate): boolean {
  if (main.clients.size > 0 && shareOfTop(main.clients, TOP_CLIENTS) >= TOP_SHARE) return true;
  const logins = [...aggregate.table.endpoints.values()].filter(({ role }) => role === 'login');
  const attempts = rateOf(logins, from, to);
  const { firstBucket, lastBucket } = aggregate;
  const before =
    firstBucket < from ? rateOf(logins, firstBucket, from - 1) : rateOf(logins, to + 1, lastBucket);
  return attempts >= before * MORE_ATTEMPTS && failuresOf(logins, from, to) > 0;
}

function rateOf(endpoints: readonly Endpoint[], from: number, to: number): number {
  const sum = endpoints.reduce((total, endpoint) => total + endpoint.total.between(from, to), 0);
  return sum / Math.max(1, to - from + 1);
}

function failuresOf(endpoints: readonly Endpoint[], from: number, to: number): number {
  return endpoints.reduce((sum, item) => sum + errorsBetween(item, CLASSES_OF.login_failures, from, to), 0);
}

const LEAST_STRANGE = 30;
const LEAST_STRANGE_SHARE = 0.4;

/** Clients that mostly ask for what was never there. */
export function scannersOf(aggregate: Aggregate): Noise[] {
  const { clients, clientStrangers, table, window, strangePaths, firstBucket, lastBucket } = aggregate;
  const scanners = clientStrangers
    .top(100)
    .filter(
      ([client, count]) => count >= LEAST_STRANGE && count >= clients.get(client) * LEAST_STRANGE_SHARE,
    );
  if (scanners.length === 0) return [];
  const requests = scanners.reduce((sum, [, count]) => sum + count, 0);
  const first = table.strangers.total.firstFrom(firstBucket, lastBucket) ?? firstBucket;
  return [
    {
      kind: 'bots',
      title: `${scanners.length === 1 ? 'One client looks' : `${scanners.length} clients look`} for what was never there (404)`,
      onset: new Date(timeOf(window, first)).toISOString(),
      end: new Date(Math.min(window.to, timeOf(window, lastBucket + 1) - 1)).toISOString(),
      endpoints: strangePaths.top(MOST).map(([path]) => cleanText(path, 60)),
      requests,
      clients: scanners.slice(0, MOST).map(([client]) => cleanText(client, 60)),
      evidence: [],
    },
  ];
}
