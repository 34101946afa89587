/** What kinds of incidents there are, and what each is called. */
export const INCIDENT_KINDS = [
  'database_outage',
  'connections_exhausted',
  'connections_ended',
  'outage',
  'upstream_down',
  'tls_failure',
  'deployment_regression',
  'route_failure',
  'expired_key',
  'permissions_lost',
  'refresh_storm',
  'refresh_broken',
  'rate_limited_users',
  'login_failures',
  'slow_endpoint',
  'error_messages',
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export const NOISE_KINDS = ['brute_force', 'bots', 'rate_limited_client', 'single_client', 'blip'] as const;
export type NoiseKind = (typeof NOISE_KINDS)[number];

/** A line of a log, redacted. */
export interface Evidence {
  /** `file:line`. */
  readonly at: string;
  readonly text: string;
}

export interface Affected {
  /** What is counted: ids of users where the log has them, else addresses of clients. */
  readonly by: 'user' | 'client';
  readonly count: number;
  /** Whether there may have been more. */
  readonly atLeast: boolean;
  /** Those who met it most. */
  readonly most: readonly string[];
}

/** Something that broke for people. */
export interface Incident {
  readonly kind: IncidentKind;
  readonly title: string;
  /** open: not seen to end before the log ends. */
  readonly state: 'open' | 'recovered';
  /** ISO 8601: the first and the last line of it. */
  readonly onset: string;
  readonly end: string;
  /** Endpoints that show it, the worst first. */
  readonly endpoints: readonly string[];
  readonly requests: number;
  readonly affected: Affected;
  readonly mechanism: string;
  /** What followed, in the order in which it began. */
  readonly cascade: readonly { readonly onset: string; readonly what: string; readonly requests: number }[];
  /** Events near the onset; `blamed` when there is a mechanism that leads from it to the incident. */
  readonly events: readonly { readonly time: string; readonly what: string; readonly blamed: boolean }[];
  readonly statuses: Readonly<Record<string, number>>;
  readonly codes: readonly string[];
  readonly evidence: readonly Evidence[];
  readonly advice: readonly string[];
}

/** Something that looks like trouble and is none of the system's. */
export interface Noise {
  readonly kind: NoiseKind;
  readonly title: string;
  readonly onset: string;
  readonly end: string;
  readonly endpoints: readonly string[];
  readonly requests: number;
  readonly clients: readonly string[];
  readonly evidence: readonly Evidence[];
}
