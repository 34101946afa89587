import { errorMessage, HoldfastError, isHoldfastError, redactText } from '@holdfast/core';
import { findLedgerSnapshot, type StoredCatalog } from '@holdfast/database/drift';
import { type Connection, connect, readCatalog, sql } from '@holdfast/postgres';
import type { OtherTarget } from '../config/other-target.ts';
import type { Diagnosis, RootCause } from '../diagnosis.ts';
import { layerDepth } from '../engine/index.ts';
import type { Target } from '../target.ts';
import { addressesOf } from './addresses.ts';
import { asOwner } from './as-owner.ts';
import type { HandContext } from './hand.ts';
import { HANDS } from './hands.ts';
import { proofOf, statesOf } from './proof.ts';
import type { JournaledRepair } from './repair-journal.ts';
import type { LeftCause, RepairTools } from './repair-options.ts';
import type { NoPlan, RepairPlan } from './repair-plan.ts';

interface PlannedRepairs {
  /** From the foundation to the surface. */
  readonly repairs: readonly JournaledRepair[];
  readonly left: readonly LeftCause[];
}

interface PlanOptions {
  readonly target: Target | OtherTarget;
  readonly diagnosis: Diagnosis;
  readonly tools: RepairTools;
  readonly runId: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Makes a plan for each root cause that there are hands for. Changes nothing; what cannot be planned is left, with the reason. */
export async function planRepairs(options: PlanOptions): Promise<PlannedRepairs> {
  const { diagnosis, runId, at } = options;
  const { context, close } = openContext(options);
  const repairs: JournaledRepair[] = [];
  const left: LeftCause[] = [];
  try {
    for (const cause of inOrder(diagnosis.rootCauses)) {
      const plan = await planOne(context, cause);
      if ('cannot' in plan) left.push(leftOf(cause, plan.cannot));
      else repairs.push(journaled(cause, plan, `${runId}-${repairs.length + 1}`, diagnosis, at));
    }
  } finally {
    await close();
  }
  return { repairs, left: [...left, ...undecidedOf(diagnosis)] };
}

/** Of which the hands can be asked in an examination: what they look at has been seen, or is one question to the database. */
const CHEAP_TO_ASK = new Set([
  'api_hung',
  'api_process_down',
  'column_missing',
  'connection_limit_reached',
  'database_files_gone',
  'database_hung',
  'database_login_refused',
  'database_stopped',
  'holdfast_down',
  'holdfast_stopped',
  'keeper_does_not_forward',
  'keyring_unusable',
  'role_expired',
  'search_path_changed',
  'statement_timeout_short',
  'table_locked',
  'transaction_left_open',
  'wrong_database_password',
]);
/** Of which the hands count rows, unless there is no backup that they could come from. */
const CHEAP_WITHOUT_BACKUPS = new Set(['refresh_tokens_truncated', 'rows_lost', 'table_missing']);

/** What is known of the backups while a system is examined. */
export type KnownBackups = Pick<RepairTools, 'backups' | 'passedOver' | 'reachOf'>;

/** The root causes, with why those are left of which that is known before anything is planned. Without `tools` nothing is said of backups. */
export async function foreseeLeft(
  target: Target | OtherTarget,
  diagnosis: Diagnosis,
  tools?: KnownBackups,
): Promise<readonly RootCause[]> {
  const known = tools ?? { backups: () => Promise.reject(new BackupsUnknown()) };
  const { context, close } = openContext({ target, diagnosis, tools: known, runId: '' }, FORESEE_MS);
  try {
    const causes: RootCause[] = [];
    for (const cause of diagnosis.rootCauses) {
      const left = (await isCheap(context, cause)) ? await whyLeft(context, cause) : undefined;
      causes.push(left === undefined ? cause : { ...cause, left });
    }
    return causes;
  } finally {
    await close();
  }
}

class BackupsUnknown extends Error {}

async function isCheap(context: HandContext, { code }: RootCause): Promise<boolean> {
  if (!(code in HANDS) || CHEAP_TO_ASK.has(code)) return true;
  if (!CHEAP_WITHOUT_BACKUPS.has(code)) return false;
  return context.backups().then(
    backups => backups.length === 0,
    () => false,
  );
}

/** Undefined when it is not left, or that takes longer to find out than an examination may. */
async function whyLeft(context: HandContext, cause: RootCause): Promise<string | undefined> {
  const answer = await askHand(context, cause).catch(error => {
    if (error instanceof BackupsUnknown || isHoldfastError(error, 'database_timeout')) return undefined;
    return { cannot: redactText(errorMessage(error)) };
  });
  return answer !== undefined && 'cannot' in answer ? answer.cannot : undefined;
}

function inOrder(causes: readonly RootCause[]): RootCause[] {
  return causes.toSorted((a, b) => layerDepth(a.layer) - layerDepth(b.layer));
}

function planOne(context: HandContext, cause: RootCause): Promise<RepairPlan | NoPlan> {
  return askHand(context, cause).catch(error => ({ cannot: redactText(errorMessage(error)) }));
}

async function askHand(context: HandContext, cause: RootCause): Promise<RepairPlan | NoPlan> {
  const hand = HANDS[cause.code];
  if (hand === undefined) return { cannot: 'nothing here can do it for you' };
  return asOwner(await hand(context, cause), context.target);
}

function leftOf({ code, layer, subject, repair }: RootCause, why: string): LeftCause {
  return { code, layer, subject, why, steps: repair.steps };
}

/** What cannot be told apart is not repaired by guessing. */
function undecidedOf({ undecided }: Diagnosis): LeftCause[] {
  return undecided.flatMap(({ alternatives }) =>
    alternatives.flat().map(cause => leftOf(cause, 'it is one of several causes that cannot be told apart')),
  );
}

function journaled(
  cause: RootCause,
  plan: RepairPlan,
  id: string,
  { checks }: Diagnosis,
  at: string,
): JournaledRepair {
  const { code, layer, subject, explains } = cause;
  return {
    ...plan,
    ...{ id, code, layer, subject, startedAt: at, finishedAt: null, phase: 'planned' },
    steps: plan.steps.map(step => ({
      ...step,
      state: 'pending',
      transaction: null,
      detail: '',
      durationMs: 0,
    })),
    proof: proofOf(cause),
    before: statesOf(explains, checks),
  };
}

/** Opens the one session of planning when the first hand asks for it, and reads each catalog once. */
function openContext(
  { target, diagnosis, tools, runId }: Omit<PlanOptions, 'at'>,
  statementTimeoutMs = STATEMENT_MS,
): {
  readonly context: HandContext;
  close(): Promise<void>;
} {
  let session: Promise<Connection> | undefined;
  let expected: Promise<StoredCatalog> | undefined;
  const db = (): Promise<Connection> => {
    session ??= openSession(target, statementTimeoutMs);
    return session;
  };
  const context: HandContext = {
    ...{ target, diagnosis, runId, db },
    expected: () => {
      expected ??= db().then(connection => findExpected(target, connection));
      return expected;
    },
    live: async () => readCatalog(await db(), { schemas: (await context.expected()).schemas }),
    backups: async () => (await tools.backups?.()) ?? [],
    passedOver: async () => (await tools.passedOver?.()) ?? [],
    // what else could be had is no reason to give a plan up
    reachOf: async backup => tools.reachOf?.(backup).catch(() => undefined),
  };
  return {
    context,
    close: async () => (await session?.catch(() => undefined))?.close(),
  };
}

const STATEMENT_MS = 120_000;
/** In an examination nobody waits for long. */
const FORESEE_MS = 2_000;
/** A table that is locked is planned for when its lock is gone. */
const LOCK_WAIT_MS = 3_000;

async function openSession(target: Target | OtherTarget, statementTimeoutMs: number): Promise<Connection> {
  // who sees the sessions of everybody
  const { administrator } = await addressesOf(target);
  if (administrator === undefined)
    throw new HoldfastError('database_unavailable', 'the address of the database is not known');
  const connection = await connect({
    ...{ url: administrator, applicationName: 'holdfast-repair plan', statementTimeoutMs },
  });
  await connection.query(sql`select pg_catalog.set_config('lock_timeout', ${String(LOCK_WAIT_MS)}, false)`);
  return connection;
}

async function findExpected(target: Target | OtherTarget, connection: Connection): Promise<StoredCatalog> {
  const taken = 'kind' in target ? await target.expected?.() : undefined;
  const stored = taken ?? (await findLedgerSnapshot(connection).catch(() => undefined));
  if (stored !== undefined) return stored;
  throw new HoldfastError(
    'drift_unknown',
    'what the schema should be is not known: holdfast snapshot records it while all is well',
  );
}
