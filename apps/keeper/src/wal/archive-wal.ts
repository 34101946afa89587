import { join } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';
import {
  type ArchivePlace,
  encryptFor,
  openDestination,
  receiveWal,
  type WalEvent,
  walSlotName,
} from '@holdfast/database/backup';
import { openReplication, type ReplicationSession } from '@holdfast/postgres';
import { readClusterState } from '@holdfast/postgres/cluster';
import { backupDestinations } from '../backups/backup-destinations.ts';
import { writeJson } from '../home/run-file.ts';
import type { KeeperCore } from '../keeper-core.ts';
import { note } from '../managed-parts.ts';
import { oneLine } from '../process/log-reason.ts';
import { createWalAlarm } from './wal-alarm.ts';
import { newWalStatus, readWalStatus, type WalStatus, walStatusAfter } from './wal-status.ts';

/** The archiving of the embedded PostgreSQL's WAL to each destination of backups. */
export interface WalArchiving {
  readonly status: readonly WalStatus[];
  /** Ends it. PostgreSQL has to have ended before, for all that it has written to be there. */
  readonly stop: () => void;
  readonly done: Promise<void>;
}

/** How often what is shown of it is written down. */
const NOTE_MS = 5_000;

/**
 * Archives the WAL of the embedded PostgreSQL until it is told to stop, one receiver for each destination. It waits for the
 * database and goes on after any trouble; nothing waits for it. Never rejects.
 */
export function archiveWal(core: KeeperCore): WalArchiving {
  const { settings, options } = core;
  const isEmbedded = options.mode.kind === 'full' && settings.databaseUrl === undefined;
  if (!isEmbedded || settings.walArchive === 'off')
    return { status: [], stop: () => undefined, done: Promise.resolve() };
  const ending = new AbortController();
  const receivers: Receiver[] = [];
  const status = (): WalStatus[] => receivers.map(receiver => receiver.status);
  const write = (): void => note(core, () => writeJson(core.paths.walStatus, status()));
  receivers.push(...placesOf(core).map(place => startReceiver(core, place, ending.signal, write)));
  const timer = setInterval(write, NOTE_MS);
  return {
    get status() {
      return status();
    },
    stop: () => {
      clearInterval(timer);
      ending.abort();
    },
    done: Promise.all(receivers.map(({ done }) => done)).then(write),
  };
}

function placesOf(core: KeeperCore): readonly ArchivePlace[] {
  const { settings } = core;
  const { home } = core.options;
  try {
    const encryption = encryptFor(settings.backupRecipients);
    return backupDestinations(settings, home).map(text => ({
      destination: openDestination(text, '.'),
      compression: settings.backupCompression,
      encryption,
      decryption: undefined,
      spool: join(home, 'wal'),
    }));
  } catch (error) {
    core.tell(`WAL is not archived: ${oneLine(errorMessage(error))}`, 'trouble');
    return [];
  }
}

interface Receiver {
  readonly status: WalStatus;
  readonly done: Promise<void>;
}

function startReceiver(
  core: KeeperCore,
  place: ArchivePlace,
  signal: AbortSignal,
  onState: () => void,
): Receiver {
  const slot = walSlotName(core.options.home, place.destination.name);
  const alarm = createWalAlarm(core, place.destination.name);
  const shown = { status: newWalStatus(place.destination.name, slot, earlierStatus(core, slot)) };
  const done = receiveWal({
    open: () => openSession(core),
    place,
    slot,
    signal,
    clock: core.clock,
    random: Math.random,
    onEvent: event => {
      const before = shown.status.state;
      shown.status = walStatusAfter(shown.status, event, {
        now: new Date(core.clock.now()).toISOString(),
        isDatabaseAwaited: isDatabaseAwaited(core),
      });
      if (shown.status.state !== before || event.kind === 'gap' || event.kind === 'branch') onState();
      tellEvent(core, place, event);
      alarm.note(event, shown.status);
    },
  });
  return {
    get status() {
      return shown.status;
    },
    done: done.then(() => {
      shown.status = { ...shown.status, state: 'stopped' };
    }),
  };
}

function earlierStatus({ paths }: KeeperCore, slot: string): WalStatus | undefined {
  return readWalStatus(paths.walStatus).find(status => status.slot === slot);
}

async function openSession({ options }: KeeperCore): Promise<ReplicationSession> {
  const cluster = await readClusterState(options.home);
  if (cluster === undefined) throw new HoldfastError('database_unavailable', 'there is no database yet');
  return openReplication({ url: cluster.superuserUrl, applicationName: 'holdfast-wal' });
}

function isDatabaseAwaited({ stopping, supervisors, takeover }: KeeperCore): boolean {
  if (stopping.signal.aborted) return true;
  return takeover.request !== undefined || supervisors.get('postgres')?.state.kind === 'starting';
}

function tellEvent(
  { tell, logger, stopping }: KeeperCore,
  { destination: { name } }: ArchivePlace,
  event: WalEvent,
): void {
  if (event.kind === 'gap') {
    tell(`the WAL archive at ${name} starts anew at ${event.from}: ${event.reason}`, 'trouble');
  } else if (event.kind === 'branch') {
    tell(`the WAL goes to another archive at ${name}: ${event.reason}`, 'trouble');
  } else if (event.kind === 'unfinished') {
    const why = oneLine(errorMessage(event.error));
    tell(`the end of the WAL is on this machine alone, because ${name} could not take it: ${why}`, 'trouble');
  } else if (event.kind === 'interrupted' && !stopping.signal.aborted) {
    logger.warn({ err: event.error, destination: name }, 'the archiving of WAL was interrupted');
  } else if (event.kind !== 'progress') {
    logger.debug({ wal: event, destination: name }, 'WAL is archived');
  }
}
