import type { Clock } from '@holdfast/core';
import type { WalEvent } from '@holdfast/database/backup';
import { oneLine } from '../process/log-reason.ts';
import type { Incidents } from '../records/incidents.ts';
import type { WalStatus } from './wal-status.ts';

/** Opens and closes the incident of one archive. */
export interface WalAlarm {
  note(event: WalEvent, status: WalStatus): void;
}

/** How long it may be interrupted before that is an incident. */
const PATIENCE_MS = 30_000;
/** A quarter of what the slot of the embedded PostgreSQL may keep: time to react is left. */
export const LAG_LIMIT_BYTES = 1024 ** 3;

interface AlarmState {
  readonly part: string;
  /** Monotonic; undefined while all is well. */
  interruptedAt: number | undefined;
}

/** An interruption is no incident of its own while the database itself has one. */
export function createWalAlarm(
  core: { readonly incidents: Incidents; readonly clock: Clock },
  destination: string,
): WalAlarm {
  const { incidents, clock } = core;
  const state: AlarmState = { part: `wal archive at ${destination}`, interruptedAt: undefined };
  return {
    note: (event, status) => {
      if (event.kind === 'gap') noteGap(incidents, state.part, 'WAL is missing', event.reason);
      if (event.kind === 'branch') noteGap(incidents, state.part, 'WAL begins anew', event.reason);
      if (event.kind === 'interrupted') {
        state.interruptedAt ??= clock.monotonic();
        const isLong = clock.monotonic() - state.interruptedAt >= PATIENCE_MS;
        if (isLong && incidents.openIncident('postgres') === undefined) {
          incidents.open(state.part, 'stalled', oneLine(event.reason));
        }
      }
      if (event.kind === 'progress') noteProgress(incidents, state, status);
    },
  };
}

/** What is missing stays missing: the incident is over as it begins. Scheduled backups make one at once. */
function noteGap(incidents: Incidents, part: string, what: string, reason: string): void {
  incidents.open(part, 'gap', `${what}; make a new backup. ${oneLine(reason)}`);
  incidents.act(part, 'began the archive anew');
  incidents.recover(part);
}

function noteProgress(incidents: Incidents, state: AlarmState, { lagBytes }: WalStatus): void {
  state.interruptedAt = undefined;
  const open = incidents.openIncident(state.part);
  const isBehind = (lagBytes ?? 0) > (open === undefined ? LAG_LIMIT_BYTES : LAG_LIMIT_BYTES / 2);
  if (!isBehind && open !== undefined) incidents.recover(state.part);
  if (isBehind && open?.kind !== 'behind') {
    incidents.open(state.part, 'behind', `the archive is ${lagBytes} bytes of WAL behind the database`);
  }
}
