import type { HealthEntry } from '../../entry.ts';
import { clockSkew } from './clock-skew.ts';
import { recoveryState } from './recovery-state.ts';
import { roundTrip } from './round-trip.ts';
import { tlsExpiry } from './tls-expiry.ts';
import { uptime } from './uptime.ts';

/** Entries 1 to 5: whether and how the server answers. */
export const CONNECTIVITY: readonly HealthEntry[] = [roundTrip, recoveryState, uptime, tlsExpiry, clockSkew];
