import { cleanText } from '../redact-line.ts';
import type { SignalGroup } from './group-signals.ts';
import type { IncidentKind } from './incident.ts';
import type { SignalKind } from './signal.ts';

/** One line for a person who has never seen the project. */
export function titleOf(kind: IncidentKind, { endpoints, main }: SignalGroup): string {
  const routes = namesOf(endpoints);
  const statuses = main.statuses
    .top(2)
    .map(([status]) => status)
    .join(' and ');
  const titles: Readonly<Record<IncidentKind, string>> = {
    database_outage: `The database was away: ${statuses} on ${endpoints.length} routes`,
    connections_exhausted: `No database connection was left: ${statuses} on ${endpoints.length} routes`,
    connections_ended: `Database connections were ended: ${statuses} on ${endpoints.length} routes`,
    outage: `Most of the API failed: ${statuses} on ${endpoints.length} routes`,
    upstream_down: `The proxy got no answer from the API: ${statuses} on ${endpoints.length} routes`,
    tls_failure: `An encrypted connection failed: ${statuses} on ${endpoints.length} routes`,
    deployment_regression: `${routes} fails with ${statuses} since a deployment`,
    route_failure: `${routes} fails with ${statuses}`,
    expired_key: 'Everybody is refused with 401: a key expired or was replaced',
    permissions_lost: 'People are refused with 403 on most routes: permissions were lost',
    refresh_storm: `Refresh storm on ${routes}`,
    refresh_broken: `Refreshes fail with ${statuses} on ${routes}`,
    rate_limited_users: `Rate limiting hits ordinary users on ${routes}`,
    login_failures: `Sign-ins fail with ${statuses} on ${routes}`,
    slow_endpoint: `${routes} is slow`,
    error_messages: `Errors: ${cleanText(main.texts.top(1)[0]?.[0] ?? '', 90)}`,
  };
  return titles[kind];
}

export function namesOf(endpoints: readonly string[]): string {
  const [first = 'an endpoint', second] = endpoints.map(name => cleanText(name, 60));
  if (endpoints.length <= 1) return first;
  return endpoints.length === 2 ? `${first} and ${second}` : `${first} and ${endpoints.length - 1} others`;
}

const FOLLOWS: Readonly<Record<SignalKind, string>> = {
  server_errors: 'server errors (5xx)',
  unauthorized: '401 on routes that need a sign-in',
  refresh_failures: 'refused refreshes',
  forbidden: '403',
  route_errors: '4xx on a route',
  slow: 'slow answers',
  refresh_rate: 'a storm of refreshes',
  rate_limited: '429 from the rate limit',
  login_failures: 'failed sign-ins',
  error_messages: 'errors in messages',
};

export function whatFollows({ kind, endpoints }: SignalGroup): string {
  return `${FOLLOWS[kind]} on ${namesOf(endpoints)}`;
}
