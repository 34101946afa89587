import type { Milestone } from '../aggregate/aggregate.ts';
import { cleanText } from '../redact-line.ts';
import type { SignalGroup } from './group-signals.ts';
import type { IncidentKind } from './incident.ts';
import { blamedDeployment, databaseEvent, eventOf } from './near-events.ts';

/** What an incident is, and what it rests on. */
export interface Naming {
  readonly kind: IncidentKind;
  /** The event that explains it. */
  readonly blamed: Milestone | undefined;
  readonly mechanism: string;
}

/** Names the incident whose root is this group. */
export function nameIncident(root: SignalGroup, events: readonly Milestone[]): Naming {
  switch (root.kind) {
    case 'server_errors':
      return root.isBroad ? nameOutage(root, events) : nameRoute(root, events);
    case 'route_errors':
      return nameRoute(root, events);
    case 'unauthorized':
      return root.isBroad ? nameExpiredKey(root, events) : nameRoute(root, events);
    case 'forbidden':
      return root.isBroad
        ? { kind: 'permissions_lost', blamed: undefined, mechanism: FORBIDDEN }
        : nameRoute(root, events);
    case 'refresh_failures':
      return { kind: 'refresh_broken', blamed: undefined, mechanism: REFRESH_BROKEN };
    case 'refresh_rate':
      return { kind: 'refresh_storm', blamed: undefined, mechanism: stormMechanism(root) };
    case 'rate_limited':
      return { kind: 'rate_limited_users', blamed: undefined, mechanism: RATE_LIMITED };
    case 'login_failures':
      return { kind: 'login_failures', blamed: undefined, mechanism: LOGIN_FAILURES };
    case 'error_messages':
      return { kind: 'error_messages', blamed: undefined, mechanism: errorMessages(root) };
    case 'slow':
      return nameSlow(root, events);
  }
}

const FORBIDDEN =
  'People who are signed in lack the permission on many routes at once: roles or grants were removed, or the policy changed.';
const REFRESH_BROKEN =
  'Refreshes are refused, so people are signed out one by one as their access tokens expire: the refresh tokens are gone, or their key or cookie changed.';
const RATE_LIMITED =
  'Many clients that otherwise behave are answered 429: the limit is too low for them, or it counts them all as one, such as the address of a proxy.';
const LOGIN_FAILURES =
  'Sign-ins of many people fail without more attempts than usual, so nobody is guessing: what checks their passwords has changed.';

function nameOutage(root: SignalGroup, events: readonly Milestone[]): Naming {
  const { main } = root;
  const database = databaseEvent(events, main.first);
  const connections = nameConnections(root, events);
  const tls = eventOf(events, 'tls_trouble');
  if (database !== undefined) {
    const mechanism = `The database was not there, so every route that needs it failed: "${words(database)}".`;
    return { kind: 'database_outage', blamed: database, mechanism };
  }
  const code = outageCode(root);
  if (code !== undefined && connections === undefined) {
    const mechanism = `The API itself says why its routes failed: ${code.code}.`;
    return { kind: code.kind, blamed: undefined, mechanism };
  }
  if (connections !== undefined) return connections;
  if (tls !== undefined) {
    return {
      kind: 'tls_failure',
      blamed: tls,
      mechanism: `The encrypted connection failed: "${words(tls)}".`,
    };
  }
  const byProxy = main.statuses.get('502') + main.statuses.get('504');
  if (byProxy >= main.lines * 0.6) {
    const mechanism =
      'The proxy answers 502 or 504 itself: whatever it forwards to was not reached or did not answer in time.';
    return {
      kind: 'upstream_down',
      blamed: eventOf(events, 'upstream_unreachable', 'process_end'),
      mechanism,
    };
  }
  const mechanism =
    'Most routes fail together, so it is something they share. A stopped database looks like this; no log of a database tells of one.';
  return { kind: 'outage', blamed: undefined, mechanism };
}

/** None was left, or those that were there were ended: what most of the lines say, else what was said first. */
function nameConnections(root: SignalGroup, events: readonly Milestone[]): Naming | undefined {
  const exhausted = eventOf(events, 'connections_exhausted');
  const ended = eventOf(events, 'connections_ended');
  const kind = outageCode(root)?.kind;
  if (
    ended !== undefined &&
    (exhausted === undefined || kind === 'connections_ended' || isLater(exhausted, ended, kind))
  ) {
    const also = exhausted === undefined ? '' : ` Besides, none was left for others: "${words(exhausted)}".`;
    const mechanism = `Connections were ended while they were used: "${words(ended)}".${also}`;
    return { kind: 'connections_ended', blamed: ended, mechanism };
  }
  if (exhausted === undefined) return undefined;
  const also = ended === undefined ? '' : ` Besides, some were ended: "${words(ended)}".`;
  const mechanism = `All connections were taken, so requests found none: "${words(exhausted)}".${also}`;
  return { kind: 'connections_exhausted', blamed: exhausted, mechanism };
}

/** Where the codes do not tell. */
function isLater(one: Milestone, other: Milestone, told: IncidentKind | undefined): boolean {
  return told !== 'connections_exhausted' && one.time > other.time;
}

const OUTAGE_CODES: Readonly<Record<string, IncidentKind>> = {
  database_unavailable: 'database_outage',
  database_timeout: 'database_outage',
  ECONNREFUSED: 'database_outage',
  '57P01': 'connections_ended',
  '57P03': 'database_outage',
  '53300': 'connections_exhausted',
  pool_exhausted: 'connections_exhausted',
};

/** The code that most of the failed requests carry, where it says what was missing. */
function outageCode({ main }: SignalGroup): { code: string; kind: IncidentKind } | undefined {
  const [code, count] = main.codes.top(1)[0] ?? ['', 0];
  const kind = OUTAGE_CODES[code];
  return kind !== undefined && count >= main.lines / 2 ? { code, kind } : undefined;
}

function nameRoute(root: SignalGroup, events: readonly Milestone[]): Naming {
  const deployment = blamedDeployment(events, root);
  const which = root.endpoints.length === 1 ? 'This route fails' : 'These routes fail';
  const share = `${percent(root.main.signal.episode.hits / root.main.signal.episode.total)} of its requests, ${percent(root.main.signal.episode.usual)} before`;
  if (deployment === undefined) {
    const mechanism = `${which} (${share}) while the others go on as before, so it is in what they alone use.`;
    return { kind: 'route_failure', blamed: undefined, mechanism };
  }
  const mechanism = `${which} (${share}) since "${words(deployment)}" while the others go on as before, and the program itself answers: the new version handles it differently.`;
  return { kind: 'deployment_regression', blamed: deployment, mechanism };
}

function nameExpiredKey(root: SignalGroup, events: readonly Milestone[]): Naming {
  const key = eventOf(events, 'key_trouble');
  const codes = root.main.codes.top(1)[0]?.[0];
  const said =
    key === undefined
      ? codes === undefined
        ? ''
        : ` The code is ${codes}.`
      : ` The log says: "${words(key)}".`;
  const mechanism = `Tokens of everybody are refused on most routes from one moment to the next, which no user can cause: the key that signs or verifies them has expired or was replaced.${said}`;
  return { kind: 'expired_key', blamed: key, mechanism };
}

function stormMechanism({ main }: SignalGroup): string {
  const people = main.users.size > 0 ? main.users : main.clients;
  const each = main.lines / Math.max(1, people.size);
  const many = each >= 5 ? `${Math.round(each)} each` : 'all at once';
  return `Clients refresh far more often than usual (${many}): several tabs or requests each refresh on their own, or a refresh that does not help is repeated.`;
}

function errorMessages({ main }: SignalGroup): string {
  const { hits, total, usual } = main.signal.episode;
  return `${percent(hits / total)} of the messages are errors, ${percent(usual)} or less before; no request in these logs shows what came of it.`;
}

function nameSlow(root: SignalGroup, events: readonly Milestone[]): Naming {
  const { hits, usual } = root.main.signal.episode;
  const deployment = blamedDeployment(events, root);
  const since = deployment === undefined ? '' : ` It began with "${words(deployment)}".`;
  const mechanism = `Its requests take ${Math.round(hits)} ms on average, ${Math.round(usual)} ms before: a missing index, a lock, or something it calls has become slow.${since}`;
  return { kind: 'slow_endpoint', blamed: deployment, mechanism };
}

function words({ label }: Milestone): string {
  return cleanText(label, 120);
}

export function percent(share: number): string {
  return share < 0.1 ? `${Math.round(share * 1_000) / 10} %` : `${Math.round(share * 100)} %`;
}
