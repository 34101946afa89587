import { type Clock, errorMessage, formatDuration } from '@holdfast/core';
import type { Incidents } from '../records/incidents.ts';
import { type LineFile, parseLines } from '../records/line-file.ts';
import type { BackupPlan, BackupRun } from './backup-plan.ts';
import { nextRun } from './next-run.ts';
import { type LastRuns, lastRuns, type RunKind, type RunRecord } from './run-record.ts';

export interface BackupScheduleOptions {
  /** Undefined where nothing is to be backed up. */
  readonly plan: BackupPlan | undefined;
  readonly intervals: Readonly<Record<RunKind, number | 'off'>>;
  /** Whether there is a database to back up at this moment. A run that is due waits for it. */
  readonly isReady: () => boolean;
  /** ISO 8601: a backup has to begin after it to lead any further, so one is made at once; undefined where none has to. */
  readonly neededSince?: () => string | undefined;
  readonly file: LineFile;
  readonly incidents: Incidents;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Told of each attempt. */
  readonly onRecord: (record: RunRecord) => void;
}

/** Backups and drills as they are shown. */
export interface BackupStatus extends LastRuns {
  /** ISO 8601; null when it is switched off, or not known yet. */
  readonly nextBackupAt: string | null;
  readonly nextDrillAt: string | null;
}

export interface BackupSchedule {
  readonly status: BackupStatus;
  readonly done: Promise<void>;
}

interface ScheduleState {
  runs: LastRuns;
  readonly due: Partial<Record<RunKind, number>>;
  readonly since: number;
}

const KINDS = ['backup', 'drill'] as const;
/** The wall clock may jump, so it is looked at again and again. */
const LOOK_MS = 30_000;
/** So many intervals without a good run are an incident. */
const OVERDUE = 2;

/** Makes backups and drills, one after another, until the signal is aborted; what came of them is remembered. Never rejects. */
export function scheduleBackups(options: BackupScheduleOptions): BackupSchedule {
  const state: ScheduleState = { runs: lastRuns([]), due: {}, since: options.clock.now() };
  return {
    get status() {
      const next = (kind: RunKind): string | null => {
        const at = state.due[kind];
        return at === undefined ? null : new Date(at).toISOString();
      };
      return { ...state.runs, nextBackupAt: next('backup'), nextDrillAt: next('drill') };
    },
    done: repeat(options, state),
  };
}

async function repeat(options: BackupScheduleOptions, state: ScheduleState): Promise<void> {
  const { plan, clock, signal, file } = options;
  const records = parseLines<RunRecord>(await file.read().catch(() => []));
  state.runs = lastRuns(records);
  if (plan === undefined) return;
  for (const kind of KINDS) setDue(options, state, kind);
  while (!signal.aborted) {
    makeDueWhereNeeded(options, state);
    for (const kind of KINDS) {
      watchAge(options, state, kind);
      const due = state.due[kind];
      if (due === undefined || clock.now() < due || !isPossible(options, state, kind)) continue;
      const record = await attempt(options, plan, kind);
      if (signal.aborted) return;
      records.push(record);
      state.runs = lastRuns(records);
      file.append(JSON.stringify(record));
      options.onRecord(record);
      setDue(options, state, kind);
    }
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
}

function setDue(
  { intervals, clock, random }: BackupScheduleOptions,
  state: ScheduleState,
  kind: RunKind,
): void {
  const intervalMs = intervals[kind];
  if (intervalMs === 'off') return;
  const { last, lastGood } = state.runs[kind];
  state.due[kind] = nextRun({
    intervalMs,
    now: clock.now(),
    lastAt: last === null ? undefined : Date.parse(last.at),
    lastGoodAt: lastGood === null ? undefined : Date.parse(lastGood.at),
    random: random(),
  });
}

/** Once: when that one fails, it is tried again as any other. */
function makeDueWhereNeeded({ neededSince, clock }: BackupScheduleOptions, state: ScheduleState): void {
  const since = neededSince?.();
  const { last } = state.runs.backup;
  if (since === undefined || state.due.backup === undefined) return;
  const begun = last === null ? undefined : Date.parse(last.at) - last.durationMs;
  if (begun === undefined || begun < Date.parse(since))
    state.due.backup = Math.min(state.due.backup, clock.now());
}

/** A drill needs no database, but a backup. */
function isPossible({ isReady }: BackupScheduleOptions, { runs }: ScheduleState, kind: RunKind): boolean {
  return kind === 'backup' ? isReady() : runs.backup.lastGood !== null;
}

async function attempt(
  { clock, signal }: BackupScheduleOptions,
  plan: BackupPlan,
  kind: RunKind,
): Promise<RunRecord> {
  const begin = clock.monotonic();
  const run = await (kind === 'backup' ? plan.make(signal) : plan.drill(signal)).catch(
    (error: unknown): BackupRun => ({ backup: null, trouble: errorMessage(error), places: [] }),
  );
  return {
    kind,
    at: new Date(clock.now()).toISOString(),
    outcome: run.trouble === null ? 'done' : 'failed',
    durationMs: Math.round(clock.monotonic() - begin),
    backup: run.backup,
    reason: run.trouble,
    places: run.places,
  };
}

/** An incident is open for as long as there was no good run for too long; one that failed says why. */
function watchAge(
  { incidents, intervals, clock }: BackupScheduleOptions,
  { runs, since }: ScheduleState,
  kind: RunKind,
): void {
  const intervalMs = intervals[kind];
  if (intervalMs === 'off') return;
  const { last, lastGood } = runs[kind];
  const ageMs = clock.now() - (lastGood === null ? since : Date.parse(lastGood.at));
  if (ageMs <= OVERDUE * intervalMs) {
    incidents.recover(kind);
    return;
  }
  if (incidents.openIncident(kind) !== undefined) return;
  const age = formatDuration(Math.floor(ageMs / 60_000) * 60_000);
  const why = last?.reason == null ? '' : `; the last attempt: ${last.reason}`;
  const nothing = lastGood === null ? 'since the keeper was started' : `for ${age}`;
  incidents.open(kind, 'overdue', `there was no good ${kind} ${nothing}${why}`);
}
