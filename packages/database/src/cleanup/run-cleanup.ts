import { type Clock, errorMessage, isHoldfastError, systemClock } from '@holdfast/core';
import {
  type Connection,
  countPurgeable,
  databaseTrouble,
  type PurgePolicy,
  purgeRows,
  sql,
  type Transaction,
  withAdvisoryLock,
} from '@holdfast/postgres';
import { type ChosenPolicies, choosePolicies, type PolicyChoice } from './choose-policies.ts';
import { readForeignKeys } from './foreign-keys.ts';
import { type PlannedPurge, planPurges } from './plan.ts';
import type { PlannedPolicy } from './planned-policy.ts';

export interface CleanupOptions extends PolicyChoice {
  /** A session of its own, as a role that may delete from the tables. */
  readonly connection: Connection;
  /** Which kinds may go beside what has expired; others are only counted. */
  readonly confirmed: readonly PurgePolicy['kind'][];
  /** Counts what would go, in one snapshot, and changes nothing. */
  readonly dryRun?: boolean;
  /** The most rows of one transaction. Default 1,000. */
  readonly batchSize?: number;
  /** The pause between two transactions, in milliseconds, which leaves the database to others. Default 50. */
  readonly pauseMs?: number;
  /** How long to wait for another cleanup of the database to end. Default 0: not at all. */
  readonly lockWaitMs?: number;
  readonly clock?: Clock;
  /** Ends the run after the batch at hand; what is done stays done. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CleanupProgress) => void;
  /**
   * Writes the audit entry of a run that changed something, or is about to remove records; in a transaction of its own, and
   * on a database of Holdfast's alone.
   */
  readonly record?: (tx: Transaction, event: CleanupEvent) => Promise<void>;
}

export interface CleanupProgress {
  readonly name: string;
  readonly rows: number;
}

export interface CleanupEvent {
  readonly kind: 'started' | 'completed';
  /** Rows by policy: those that are due at the start, those that are gone at the end. */
  readonly rows: Readonly<Record<string, number>>;
  /** Milliseconds by policy. */
  readonly retentions: Readonly<Record<string, number>>;
}

/** What became of one policy. */
export interface CleanupResult {
  readonly name: string;
  /** Without the schema when that is public. */
  readonly table: string;
  readonly what: string;
  readonly action: 'deleted' | 'cleared';
  /** Undefined for a policy without one. */
  readonly retentionMs: number | undefined;
  readonly outcome: CleanupOutcome;
}

export type CleanupOutcome =
  /** In a dry run: what would be done. `kept`: past retention, but needed by other rows or in use. */
  | { readonly kind: 'done'; readonly rows: number; readonly kept: number }
  /** Nobody has confirmed that these may go. */
  | { readonly kind: 'unconfirmed'; readonly rows: number }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly rows: number; readonly reason: string }
  /** The run was ended before, or in the middle of it. */
  | { readonly kind: 'stopped'; readonly rows: number };

export interface CleanupRun {
  /** False for a database whose tables are not Holdfast's. */
  readonly isHoldfast: boolean;
  readonly dryRun: boolean;
  /** ISO 8601, by the database's clock. */
  readonly at: string;
  readonly durationMs: number;
  /** Rows that are gone or cleared, or would be. */
  readonly rows: number;
  readonly results: readonly CleanupResult[];
}

const CLEANUP_LOCK = 'holdfast:cleanup';
const BATCH_SIZE = 1_000;
const PAUSE_MS = 50;
const LOCK_TIMEOUT_MS = 2_000;

/**
 * Removes what has outlived its use, in small transactions, as the only runner on this database. A policy that fails does
 * not hinder the others.
 * @throws HoldfastError `lock_timeout` while another cleanup runs, `configuration_invalid` for policies that do not fit.
 */
export async function runCleanup(options: CleanupOptions): Promise<CleanupRun> {
  const { connection, clock = systemClock, lockWaitMs = 0 } = options;
  const begin = clock.monotonic();
  const chosen = await choosePolicies(connection, options);
  const plan = planPurges(
    chosen.planned,
    await readForeignKeys(connection),
    planned => !needsWord(planned, options),
  );
  const { at } = await connection.one(sql<{ at: Date }>`select now() as at`);
  const results =
    options.dryRun === true
      ? await foresee(connection, plan, options)
      : await withAdvisoryLock(connection, CLEANUP_LOCK, { timeoutMs: lockWaitMs, clock }, () =>
          carryOut(plan, chosen.isHoldfast ? options : { ...options, record: async () => undefined }),
        );
  return {
    isHoldfast: chosen.isHoldfast,
    dryRun: options.dryRun === true,
    at: at.toISOString(),
    durationMs: Math.round(clock.monotonic() - begin),
    rows: results.reduce(
      (sum, { outcome }) => sum + (outcome.kind === 'unconfirmed' ? 0 : rowsOf(outcome)),
      0,
    ),
    results: [...results, ...skippedResults(chosen)],
  };
}

/** Counts everything in one snapshot. What is confirmed or not makes no difference to what would be free to go. */
function foresee(
  connection: Connection,
  plan: readonly PlannedPurge[],
  options: CleanupOptions,
): Promise<CleanupResult[]> {
  const count = async (tx: Transaction): Promise<CleanupResult[]> => {
    const results: CleanupResult[] = [];
    for (const planned of plan) {
      const rows = await countPurgeable(tx, planned.foreseen);
      const kept = (await countPurgeable(tx, planned.due)) - rows;
      results.push(
        resultOf(
          planned,
          needsWord(planned, options) ? { kind: 'unconfirmed', rows } : { kind: 'done', rows, kept },
        ),
      );
    }
    return results;
  };
  return connection.transaction(count, { isolation: 'repeatable read', readOnly: true });
}

async function carryOut(plan: readonly PlannedPurge[], options: CleanupOptions): Promise<CleanupResult[]> {
  const { connection } = options;
  await announce(plan, options);
  const results: CleanupResult[] = [];
  for (const planned of plan) {
    if (options.signal?.aborted === true) results.push(resultOf(planned, { kind: 'stopped', rows: 0 }));
    else if (needsWord(planned, options)) {
      const rows = await countPurgeable(connection, planned.foreseen);
      results.push(resultOf(planned, { kind: 'unconfirmed', rows }));
    } else results.push(resultOf(planned, await purgeAll(planned, options)));
  }
  const rows = Object.fromEntries(
    results
      .filter(({ outcome }) => outcome.kind !== 'unconfirmed' && rowsOf(outcome) > 0)
      .map(({ name, outcome }) => [name, rowsOf(outcome)]),
  );
  if (Object.keys(rows).length > 0)
    await record(options, { kind: 'completed', rows, retentions: retentionsOf(plan) });
  return results;
}

/** Records do not go without a record that they are going. */
async function announce(plan: readonly PlannedPurge[], options: CleanupOptions): Promise<void> {
  const records = plan.filter(planned => planned.policy.kind === 'record' && !needsWord(planned, options));
  const counts: [string, number][] = [];
  for (const planned of records) {
    const rows = await countPurgeable(options.connection, planned.purge);
    if (rows > 0) counts.push([planned.policy.name, rows]);
  }
  if (counts.length === 0) return;
  await record(options, {
    kind: 'started',
    rows: Object.fromEntries(counts),
    retentions: retentionsOf(records),
  });
}

async function record(options: CleanupOptions, event: CleanupEvent): Promise<void> {
  await options.connection.transaction(async tx => options.record?.(tx, event));
}

function needsWord({ policy }: PlannedPolicy, { confirmed }: CleanupOptions): boolean {
  return policy.kind !== 'expired' && !confirmed.includes(policy.kind);
}

async function purgeAll(planned: PlannedPurge, options: CleanupOptions): Promise<CleanupOutcome> {
  const { connection, clock = systemClock, signal, pauseMs = PAUSE_MS, batchSize = BATCH_SIZE } = options;
  let rows = 0;
  try {
    for (;;) {
      const removed = await connection.transaction(async tx => {
        await tx.query(sql`select set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`);
        return purgeRows(tx, planned.purge, batchSize);
      });
      rows += removed;
      if (removed === 0) break;
      options.onProgress?.({ name: planned.policy.name, rows });
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      if (signal?.aborted === true) return { kind: 'stopped', rows };
    }
    return { kind: 'done', rows, kept: await countPurgeable(connection, planned.due) };
  } catch (error) {
    if (isHoldfastError(databaseTrouble(error), 'database_unavailable', 'commit_unknown')) throw error;
    return { kind: 'failed', rows, reason: errorMessage(error) };
  }
}

function resultOf({ policy, retentionMs }: PlannedPurge, outcome: CleanupOutcome): CleanupResult {
  const { name, schema, table, what, clear } = policy;
  return {
    name,
    table: schema === 'public' ? table : `${schema}.${table}`,
    what,
    action: clear === undefined ? 'deleted' : 'cleared',
    retentionMs,
    outcome,
  };
}

function skippedResults({ skipped }: ChosenPolicies): CleanupResult[] {
  return skipped.map(({ policy: { name, schema, table, what, clear }, reason }) => ({
    name,
    table: schema === 'public' ? table : `${schema}.${table}`,
    what,
    action: clear === undefined ? 'deleted' : 'cleared',
    retentionMs: undefined,
    outcome: { kind: 'skipped', reason },
  }));
}

function rowsOf(outcome: CleanupOutcome): number {
  return outcome.kind === 'skipped' ? 0 : outcome.rows;
}

function retentionsOf(plan: readonly PlannedPurge[]): Record<string, number> {
  return Object.fromEntries(plan.map(({ policy, retentionMs }) => [policy.name, retentionMs]));
}
