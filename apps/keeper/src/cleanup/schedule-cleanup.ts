import { type Clock, errorMessage, isHoldfastError } from '@holdfast/core';
import type { CleanupRun } from '@holdfast/database/cleanup';
import type { LineFile } from '../records/line-file.ts';
import { type CleanupRecord, readLastCleanup, recordOf } from './cleanup-record.ts';
import { nextCleanup } from './next-cleanup.ts';

export interface CleanupScheduleOptions {
  /** The hour of the day in UTC; `off` for never. */
  readonly hour: string;
  /** One cleanup; `undefined` while it is not known where the database is. */
  readonly run: () => Promise<CleanupRun | undefined>;
  readonly file: LineFile;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Told of each attempt. */
  readonly onRecord: (record: CleanupRecord) => void;
}

/** The daily cleanup, as it is shown. */
export interface CleanupStatus {
  readonly last: CleanupRecord | null;
  /** ISO 8601; null when it is switched off. */
  readonly nextAt: string | null;
}

export interface CleanupSchedule {
  readonly status: CleanupStatus;
  readonly done: Promise<void>;
}

/** The wall clock may jump, so it is looked at again and again. */
const LOOK_MS = 60_000;

/** Cleans up once a day until the signal is aborted; what came of it is remembered across restarts. Never rejects. */
export function scheduleCleanup(options: CleanupScheduleOptions): CleanupSchedule {
  const state: { last: CleanupRecord | undefined; due: number | undefined } = {
    last: undefined,
    due: undefined,
  };
  return {
    get status() {
      return {
        last: state.last ?? null,
        nextAt: state.due === undefined ? null : new Date(state.due).toISOString(),
      };
    },
    done: repeat(options, state),
  };
}

async function repeat(
  options: CleanupScheduleOptions,
  state: { last: CleanupRecord | undefined; due: number | undefined },
): Promise<void> {
  const { clock, signal, file, hour } = options;
  state.last = await readLastCleanup(file);
  if (hour === 'off') return;
  while (!signal.aborted) {
    state.due = nextCleanup({
      hour: Number(hour),
      now: clock.now(),
      last: lastOf(state.last),
      random: options.random(),
    });
    while (!signal.aborted && clock.now() < state.due) {
      await clock.sleep(Math.min(LOOK_MS, state.due - clock.now()), signal).catch(() => undefined);
    }
    if (signal.aborted) return;
    state.last = await attempt(options);
    file.append(JSON.stringify(state.last));
    options.onRecord(state.last);
  }
}

function lastOf(record: CleanupRecord | undefined): { at: number; failed: boolean } | undefined {
  const at = Date.parse(record?.at ?? '');
  return record === undefined || Number.isNaN(at) ? undefined : { at, failed: record.outcome === 'failed' };
}

async function attempt({ run, clock }: CleanupScheduleOptions): Promise<CleanupRecord> {
  const begin = clock.monotonic();
  const failed = (outcome: 'busy' | 'failed', reason: string): CleanupRecord => ({
    at: new Date(clock.now()).toISOString(),
    outcome,
    durationMs: Math.round(clock.monotonic() - begin),
    rows: {},
    reason,
  });
  try {
    const done = await run();
    if (done === undefined) return failed('failed', 'it is not known where the database is');
    return recordOf(done, new Date(clock.now()).toISOString());
  } catch (error) {
    if (isHoldfastError(error, 'lock_timeout'))
      return failed('busy', 'another cleanup of this database runs');
    return failed('failed', errorMessage(error));
  }
}
