import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { makeDirectory } from '@holdfast/postgres';
import { type HomeLock, isHomeInUse, lockHome, replaceFile } from '@holdfast/postgres/cluster';
import type { CheckState } from '../report/deliverables/repair-record.ts';
import { isSameDatabase } from './addresses.ts';
import type { PlannedStep, RepairPlan } from './repair-plan.ts';

/**
 * begun: it may have taken effect in part, or the server has not heard of it. committing: the server knows whether, by its
 * transaction. undoing: the same of the way back.
 */
export type StepState =
  | 'pending'
  | 'begun'
  | 'committing'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'undoing'
  | 'undone';

export interface JournaledStep extends PlannedStep {
  state: StepState;
  /** Of the transaction that does it, or undoes it: what PostgreSQL is asked about after a crash. */
  transaction: string | null;
  detail: string;
  durationMs: number;
  /** What it has left as it was although a backup says otherwise, a clause each. Absent: nothing. */
  remains?: readonly string[];
  /** Tables that it has changed besides those that the plan names. */
  touched?: readonly string[];
  /** Of a seed: the keys of its tables from before it, by table, so that what it adds can go again. */
  keysBefore?: Readonly<Record<string, readonly string[]>>;
}

/**
 * planned: nothing of it was begun. applying, applied, undoing: under way; applied waits to be examined. The others are ends.
 */
export type RepairPhase = 'planned' | 'applying' | 'applied' | 'undoing' | 'helped' | 'undone' | 'failed';

export interface JournaledRepair extends Omit<RepairPlan, 'steps'> {
  readonly id: string;
  readonly code: string;
  readonly layer: string;
  readonly subject: string;
  readonly steps: JournaledStep[];
  /** The checks that it is for: all of them must pass afterwards. */
  readonly proof: readonly string[];
  readonly before: readonly CheckState[];
  phase: RepairPhase;
  startedAt: string;
  finishedAt: string | null;
}

/** One run of repairs as its file has it. */
export interface RepairRun {
  readonly version: 1;
  readonly id: string;
  readonly startedAt: string;
  /** As `databaseAddress` has it: what was cut off is gone on with where it was begun, and nowhere else. */
  readonly database: string | null;
  /** The process that repairs; while it lives, nothing is cut off. */
  readonly owner: { readonly pid: number };
  backup: string | null;
  ended: boolean;
  repairs: JournaledRepair[];
}

/** The file of a run. Each change is on the disk before the next thing is done. */
export interface RepairJournal {
  readonly run: RepairRun;
  readonly path: string;
  save(): Promise<void>;
}

const UNFINISHED: readonly RepairPhase[] = ['applying', 'applied', 'undoing'];

export function isUnfinished({ phase }: JournaledRepair): boolean {
  return UNFINISHED.includes(phase);
}

/** Sorts by time: `20261121T133045Z-k3f9ab`. */
export function newRunId(at: string): string {
  return `${at.replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;
}

/** Where the runs of a state directory are. */
function repairsDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'repairs');
}

/**
 * The right to repair this system, for one process at a time.
 * @throws HoldfastError `conflict` while another one repairs
 */
export async function claimRepairs(stateDirectory: string): Promise<HomeLock> {
  const directory = repairsDirectory(stateDirectory);
  await makeDirectory(directory, 0o700);
  try {
    return await lockHome(directory);
  } catch (cause) {
    if (!isHoldfastError(cause, 'home_in_use')) throw cause;
    const message = `Another holdfast doctor --fix is repairing this system. Wait until it has ended: ${errorMessage(cause)}`;
    throw new HoldfastError('conflict', message, { cause });
  }
}

/** Whether somebody repairs this system now, which includes going on with what was cut off. */
export function isRepaired(stateDirectory: string): Promise<boolean> {
  return isHomeInUse(repairsDirectory(stateDirectory));
}

/** The journal of a new run; its file is made by the first save. */
export function openJournal(stateDirectory: string, run: RepairRun): RepairJournal {
  const path = join(repairsDirectory(stateDirectory), `${run.id}.json`);
  return {
    run,
    path,
    save: () => replaceFile(path, `${JSON.stringify(run, null, 1)}\n`, 0o600),
  };
}

/**
 * The runs on a database, given as `databaseAddress` has it, that were cut off, oldest first. A file that cannot be read is one as well: who
 * says so names it.
 */
export async function findInterrupted(
  stateDirectory: string,
  database: string | null,
): Promise<readonly RepairJournal[]> {
  const directory = repairsDirectory(stateDirectory);
  const names = await readdir(directory).catch(() => []);
  const journals: RepairJournal[] = [];
  for (const name of names.filter(candidate => /^\d{8}T.*\.json$/.test(candidate)).toSorted()) {
    const run = await readRun(join(directory, name));
    if (!run.ended && isSameDatabase(run.database, database)) journals.push(openJournal(stateDirectory, run));
  }
  return journals;
}

/** @throws HoldfastError `repair_refused` for a file that is not one of ours, or of a later version */
async function readRun(path: string): Promise<RepairRun> {
  try {
    const run = JSON.parse(await readFile(path, 'utf8')) as RepairRun;
    if (run.version !== 1 || !Array.isArray(run.repairs)) throw new Error(`its version is ${run.version}`);
    return run;
  } catch (cause) {
    const message = `${path} cannot be used: ${errorMessage(cause)}. It says how far a repair came; look at the system before it is moved away`;
    throw new HoldfastError('repair_refused', message, { cause });
  }
}
