import type { Endpoint } from '../aggregate/endpoint-table.ts';
import type { Episode } from './change-point.ts';

/** What stands out in a stretch of time. */
export const SIGNAL_KINDS = [
  'server_errors',
  'unauthorized',
  'refresh_failures',
  'forbidden',
  'route_errors',
  'slow',
  'refresh_rate',
  'rate_limited',
  'login_failures',
  'error_messages',
] as const;
export type SignalKind = (typeof SIGNAL_KINDS)[number];

export interface Signal {
  readonly kind: SignalKind;
  /** Undefined when it is about all endpoints of the kind together. */
  readonly endpoint: Endpoint | undefined;
  readonly episode: Episode;
}
