import { type Keyring, purgeSessions, reencryptFields, sessionRetention } from '@holdfast/auth';
import { type Clock, isHoldfastError } from '@holdfast/core';
import { connect, type Pool, withAdvisoryLock } from '@holdfast/postgres';
import type { Logger } from 'pino';

export interface MaintenanceOptions {
  readonly pool: Pool;
  /** Where the lock is taken, on a connection of its own; without it there is no maintenance. */
  readonly databaseUrl: string | undefined;
  readonly keyring: () => Keyring;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a refresh token is good when it is not used; ended sessions are kept for at least as long. */
  readonly refreshTtlMs: number;
  readonly accessTtlMs: number;
  /** The mean time between two runs. */
  readonly intervalMs?: number;
  readonly random?: () => number;
}

export interface Maintenance {
  /** Does what there is to do now; `skipped` when another replica is at it. */
  run(): Promise<MaintenanceReport | 'skipped'>;
  close(): Promise<void>;
}

export interface MaintenanceReport {
  readonly reencrypted: number;
  readonly purged: number;
}

const LOCK = 'holdfast maintenance';
const INTERVAL_MS = 10 * 60_000;
/** A changed keyring is noticed within this time. */
const LOOK_MS = 5_000;
const RETENTION_MS = 7 * 24 * 60 * 60_000;
const BATCH = 500;
const MAX_BATCHES = 200;

/**
 * Cleans up in the background, at one replica at a time: fields under former encryption keys are encrypted anew, ended
 * sessions purged. Runs at jittered intervals, and soon after the keyring was replaced.
 */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const stop = new AbortController();
  const run = (): Promise<MaintenanceReport | 'skipped'> => runOnce(options, stop.signal);
  const running = options.databaseUrl === undefined ? undefined : repeat(options, run, stop.signal);
  return {
    run,
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

/** The first run comes after a random part of the interval, so that replicas that start together do not work together. */
async function repeat(options: MaintenanceOptions, run: Maintenance['run'], signal: AbortSignal) {
  const { clock, keyring, logger, intervalMs = INTERVAL_MS, random = Math.random } = options;
  let due = clock.monotonic() + random() * intervalMs;
  let seen = keyring();
  while (!signal.aborted) {
    await clock.sleep(Math.min(LOOK_MS, intervalMs), signal).catch(() => undefined);
    const changed = keyring() !== seen;
    if (signal.aborted || (!changed && clock.monotonic() < due)) continue;
    const current = keyring();
    due = clock.monotonic() + (0.5 + random()) * intervalMs;
    try {
      const report = await run();
      if (report !== 'skipped') {
        seen = current;
        if (report.purged + report.reencrypted > 0) logger.info(report, 'maintenance done');
      }
    } catch (err) {
      logger.warn({ err }, 'maintenance interrupted; it goes on next time');
    }
  }
}

async function runOnce(
  options: MaintenanceOptions,
  signal: AbortSignal,
): Promise<MaintenanceReport | 'skipped'> {
  if (options.databaseUrl === undefined) return 'skipped';
  const connection = await connect({ url: options.databaseUrl, applicationName: 'holdfast-maintenance' });
  try {
    return await withAdvisoryLock(connection, LOCK, { timeoutMs: 0 }, async () => ({
      reencrypted: await reencryptFields(options.pool, options.keyring()),
      purged: await purgeAll(options, signal),
    }));
  } catch (error) {
    if (isHoldfastError(error, 'lock_timeout')) return 'skipped';
    throw error;
  } finally {
    await connection.close();
  }
}

/**
 * An ended session is kept until none of its tokens could be mistaken for one that a restore has lost: a refresh token
 * that is older than its lifetime has expired, whatever the database knows.
 */
async function purgeAll({ pool, ...lifetimes }: MaintenanceOptions, signal: AbortSignal): Promise<number> {
  const retentionMs = Math.max(RETENTION_MS, sessionRetention(lifetimes).ms);
  let purged = 0;
  for (let batch = 0; batch < MAX_BATCHES && !signal.aborted; batch += 1) {
    const count = await pool.transaction(tx => purgeSessions(tx, retentionMs, BATCH));
    purged += count;
    if (count < BATCH) break;
  }
  return purged;
}
