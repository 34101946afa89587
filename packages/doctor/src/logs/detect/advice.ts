import type { IncidentKind } from './incident.ts';

/** What to do about each kind of incident. */
export const ADVICE: Readonly<Record<IncidentKind, readonly string[]>> = {
  database_outage: [
    'See whether the database runs: holdfast detailed-health, or pg_isready.',
    'If it does not, start it and read the end of its own log first; disk space and memory are the usual reasons.',
    'Answer 503 with Retry-After while it is away, so that clients neither sign out nor repeat at once.',
  ],
  connections_exhausted: [
    'See who holds the connections: select state, count(*) from pg_stat_activity group by 1.',
    'Look for transactions that are idle, and make the pools of all replicas fit into max_connections.',
  ],
  connections_ended: [
    'See whether PostgreSQL was stopped or restarted then: its own log says so.',
    'If it was not, find out who ends sessions: pg_terminate_backend, a failover, a connection pooler.',
  ],
  outage: [
    'Run holdfast doctor while it lasts.',
    'Analyse the logs of the application and of PostgreSQL together with this one: they name what the routes share.',
  ],
  upstream_down: [
    'See whether the program behind the proxy runs and listens where the proxy looks for it.',
    'For 504: compare the timeout of the proxy with how long the slowest routes take.',
  ],
  tls_failure: ['Renew the certificate or mend its chain, then reload the proxy.'],
  deployment_regression: [
    'Go back to the version before, or switch the route off.',
    'Look at what the deployment changed in this route; the evidence lines have the requests to try.',
  ],
  route_failure: [
    'Try a request of the evidence lines and read the error in the log of the application.',
    'Look at what this route alone uses: a table, a grant, an index, an external service.',
  ],
  expired_key: [
    'Compare the key that signs with the one that verifies: its identifier, its expiry, the variable it comes from.',
    'Bring the earlier key back for verification, so that nobody has to sign in again; only then rotate.',
    'holdfast keys check does this for Holdfast.',
  ],
  permissions_lost: ['Compare roles and grants with a backup or the seeds, and put back what is missing.'],
  refresh_storm: [
    'Let a client have one refresh at a time (single flight), also across tabs, and back off when it fails.',
    'Make rotation tolerate a repeated token for some seconds, so that the second tab is no reuse.',
  ],
  refresh_broken: [
    'Look at the table of refresh tokens and at the key they are made with; compare with a backup.',
    'For browsers: see whether the cookie is still sent to the path of the refresh.',
  ],
  rate_limited_users: [
    'Raise the limit of these routes, or count by user instead of by address.',
    'Behind a proxy: see that the limiter uses the address of the client, not of the proxy.',
  ],
  login_failures: [
    'Try to sign in with an account that you know.',
    'See whether hashing parameters, pepper or the user table have changed.',
  ],
  error_messages: [
    'Read the evidence lines; --verbose lists the kinds of messages with their numbers.',
    'Analyse the access log together with this one: it shows who was affected.',
  ],
  slow_endpoint: [
    'Look for its slowest statement: pg_stat_statements, or log_min_duration_statement.',
    'See whether an index was dropped and whether somebody holds a lock.',
  ],
};
