/** What a message can say about the life of the system. */
export const MILESTONES = [
  'deployment',
  'process_start',
  'process_end',
  'database_stop',
  'database_crash',
  'database_start',
  'database_unreachable',
  'connections_exhausted',
  'connections_ended',
  'upstream_unreachable',
  'tls_trouble',
  'key_trouble',
  'out_of_memory',
] as const;
export type MilestoneKind = (typeof MILESTONES)[number];

/** In this order: the more specific first. PostgreSQL's words are those of its manual, chapter "Error Reporting and Logging". */
const PATTERNS: readonly (readonly [MilestoneKind, RegExp])[] = [
  [
    'database_stop',
    /received (?:fast|smart|immediate) shutdown request|the database system is shutting down|database system is shut down|^postgres(?:ql)? (?:stopped|stop\b)/i,
  ],
  [
    'database_crash',
    /server process \(PID .*\) (?:was terminated|exited)|terminating any other active server processes|database system was (?:not properly shut down|interrupted)|all server processes terminated|^postgres(?:ql)? (?:exit|crash|hang|died)/i,
  ],
  ['database_start', /database system is ready to accept connections|starting PostgreSQL \d/i],
  [
    'connections_exhausted',
    /too many (?:clients|connections)|remaining connection slots|pool (?:is )?(?:exhausted|timeout)|timeout exceeded when trying to connect|pool_exhausted/i,
  ],
  ['connections_ended', /terminating connection due to administrator command/i],
  [
    'database_unreachable',
    /ECONNREFUSED.*:(?:5432|6432)\b|(?:postgres|database|db)\S*.*(?:connection refused|ECONNREFUSED|ECONNRESET|(?:un|not )available|unreachable|not reachable|cannot be reached|does not answer)|the database system is (?:starting up|in recovery mode|not accepting)|Connection terminated (?:unexpectedly|due to connection timeout)|could not connect to server|server closed the connection unexpectedly|database_unavailable/i,
  ],
  [
    'tls_trouble',
    /certificate (?:has )?expired|CERT_HAS_EXPIRED|SSL_do_handshake\(\) failed|certificate verify failed|unable to verify the first certificate|tls alert|ERR_TLS/i,
  ],
  [
    'key_trouble',
    /(?:signing|jwt|jwk|api|secret|encryption|public)[ _-]?keys?\b.*(?:expired|invalid|unknown|not found|revoked|mismatch)|(?:expired|unknown|no matching|revoked)\b.*\b(?:signing|api)?[ _-]?key\b|invalid signature|signature verification failed|JWSSignatureVerificationFailed|JWKSNoMatchingKey/i,
  ],
  [
    'upstream_unreachable',
    /upstream timed out|connect\(\) failed|no live upstreams|upstream prematurely closed|upstream_unavailable|bad gateway/i,
  ],
  ['out_of_memory', /out of memory|heap out of memory|oom-?kill/i],
  [
    'deployment',
    /\bdeploy(?:ed|ing|ment|s)?\b|\broll(?:ed|ing) ?out\b|\brollout\b|\breleas(?:ed|ing) v?\d|\bnew release\b/i,
  ],
  [
    'process_start',
    /^(?:server |app(?:lication)? )?(?:listening|started|starting|ready)\b|\b(?:server|app|application|service|worker)\b.{0,30}\b(?:started|starting|listening|is running)\b|Listening on|start worker process(?!es)|booted|restarted/i,
  ],
  [
    'process_end',
    /^(?:stopped|stopping|shutting down)\b|\b(?:server|app|application|service|worker|process)\b.{0,30}\b(?:stopped|stopping|exited|crashed|killed)\b|SIGTERM|SIGKILL|uncaught ?exception|gracefully shutting down/i,
  ],
];

/** What kind of event a message tells of; undefined for ordinary ones. */
export function milestoneOf(message: string): MilestoneKind | undefined {
  const text = message.slice(0, 500);
  return PATTERNS.find(([, pattern]) => pattern.test(text))?.[0];
}
