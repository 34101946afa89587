import type { WalEvent } from '@holdfast/database/backup';
import { parseLsn } from '@holdfast/postgres';
import { readJson } from '../home/run-file.ts';
import { oneLine } from '../process/log-reason.ts';

/** The archiving of WAL to one destination, as it is shown. Positions as PostgreSQL writes them, times ISO 8601. */
export interface WalStatus {
  readonly destination: string;
  readonly slot: string;
  readonly state: 'starting' | 'streaming' | 'interrupted' | 'stopped';
  /** Everything before it survives the loss of the database. */
  readonly durableLsn: string | null;
  readonly serverLsn: string | null;
  /** How much of what the database has written is not in the archive yet; null when it is not known. */
  readonly lagBytes: number | null;
  readonly lastReceivedAt: string | null;
  /** Why it is interrupted. */
  readonly reason: string | null;
  /** When the archive last began anew: no backup from before leads any further. Missing in what former versions wrote. */
  readonly begunAnewAt?: string;
}

export function newWalStatus(destination: string, slot: string, earlier?: WalStatus): WalStatus {
  const begun = earlier?.begunAnewAt === undefined ? {} : { begunAnewAt: earlier.begunAnewAt };
  return {
    ...begun,
    destination,
    slot,
    state: 'starting',
    durableLsn: null,
    serverLsn: null,
    lagBytes: null,
    lastReceivedAt: null,
    reason: null,
  };
}

function lagBetween(durableLsn: string, serverLsn: string): number {
  return Math.max(0, Number(parseLsn(serverLsn) - parseLsn(durableLsn)));
}

/** That the stream ends with a database that is being started or replaced is no trouble of the stream: it waits then. */
export function walStatusAfter(
  status: WalStatus,
  event: WalEvent,
  { now, isDatabaseAwaited }: { readonly now: string; readonly isDatabaseAwaited: boolean },
): WalStatus {
  switch (event.kind) {
    case 'streaming':
      return { ...status, state: 'streaming', reason: null };
    case 'progress': {
      const { durableLsn, serverLsn } = event;
      const lagBytes = lagBetween(durableLsn, serverLsn);
      return { ...status, state: 'streaming', durableLsn, serverLsn, lagBytes, lastReceivedAt: now };
    }
    case 'interrupted':
      return isDatabaseAwaited
        ? { ...status, state: 'starting', reason: null }
        : { ...status, state: 'interrupted', reason: oneLine(event.reason) };
    case 'gap':
    case 'branch':
      return { ...status, begunAnewAt: now };
    default:
      return status;
  }
}

/** What the keeper last wrote down about the archiving of WAL; empty when it does none. */
export function readWalStatus(path: string): readonly WalStatus[] {
  const value = readJson(path);
  return Array.isArray(value) ? (value as WalStatus[]) : [];
}
