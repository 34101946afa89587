import { type Clock, formatDuration, maskUrl, redact, systemClock } from '@holdfast/core';
import { CHECKS } from './checks/index.ts';
import type { OtherTarget } from './config/other-target.ts';
import { diagnose } from './diagnose.ts';
import type { Diagnosis } from './diagnosis.ts';
import { type CheckOutcome, runChecks } from './engine/index.ts';
import { CODEBOOK, OTHER_CODEBOOK } from './faults/index.ts';
import { gatherOther } from './other/gather-other.ts';
import { lookAtDependencies } from './probes/dependencies-probe.ts';
import { lookAtFrontend } from './probes/frontend-probe.ts';
import { type Gathered, type GatherOptions, gather } from './probes/gather.ts';
import { OutOfTime } from './probes/out-of-time.ts';
import { foreseeLeft, type KnownBackups } from './repair/plan-repairs.ts';
import { headlineOf } from './report/headline.ts';
import { isExaminable, type Target } from './target.ts';

export interface ExamineOptions {
  /**
   * A bound on the whole examination in milliseconds; what is not seen by then counts as not examined. Each part takes as many
   * times longer as there is more than 8,000. Default: what the configuration of another system says, or 8,000.
   */
  readonly timeoutMs?: number;
  /** Called with the name of each probe as it begins. */
  readonly onProgress?: (probe: string) => void;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** By which it says whether a repair could bring rows back; without them it does not. */
  readonly backups?: KnownBackups;
}

const TIMEOUT_MS = 8_000;

/**
 * Examines a system and names the causes of its trouble. Changes nothing, apart from one probe account that is removed
 * again with all of its rows. Uses at most two database connections. Trouble it meets never rejects: what cannot be
 * looked at is part of the diagnosis. Rejects only when the caller's signal is aborted. The result is redacted.
 */
export async function examine(
  target: Target | OtherTarget,
  options: ExamineOptions = {},
): Promise<Diagnosis> {
  const { clock = systemClock, onProgress = () => undefined } = options;
  const timeoutMs = options.timeoutMs ?? (isOther(target) ? target.timeoutMs : undefined) ?? TIMEOUT_MS;
  const [startedAt, begin] = [new Date(clock.now()).toISOString(), clock.monotonic()];
  const gathered = await gatherInTime(target, { clock, timeoutMs, onProgress, signal: options.signal });
  const read = await readSources(target, clock, options.signal);
  const probes = { ...gathered.probes, ...read.probes };
  const observations = [...gathered.observations, ...read.observations];
  const checks = runChecks(CHECKS, observations);
  const findings = diagnose(checks, isOther(target) ? OTHER_CODEBOOK : CODEBOOK);
  options.signal?.throwIfAborted();
  const durationMs = Math.round(clock.monotonic() - begin);
  const diagnosis: Omit<Diagnosis, 'headline'> = {
    schemaVersion: 1,
    ...findings,
    status: statusOf(findings.status, target, checks),
    target: describeTarget(target),
    checks,
    observations,
    timings: { startedAt, durationMs, probes },
  };
  const said = { ...diagnosis, headline: headlineOf(diagnosis) };
  return redact({ ...said, rootCauses: await foreseeLeft(target, said, options.backups) }) as Diagnosis;
}

/** Looks until the time is over, or the caller does not want it any more. */
async function gatherInTime(
  target: Target | OtherTarget,
  {
    clock,
    timeoutMs,
    onProgress,
    signal,
  }: Required<Pick<ExamineOptions, 'clock' | 'timeoutMs' | 'onProgress'>> & Pick<ExamineOptions, 'signal'>,
): Promise<Gathered> {
  const deadline = new AbortController();
  const over = new OutOfTime(`the time for the examination, ${formatDuration(timeoutMs)}, was over`);
  const timer = setTimeout(() => deadline.abort(over), timeoutMs);
  try {
    const both = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal]);
    const patience = Math.max(1, timeoutMs / TIMEOUT_MS);
    return await gatherAll(target, { clock, signal: both, patience, onProgress });
  } finally {
    clearTimeout(timer);
  }
}

async function gatherAll(target: Target | OtherTarget, options: GatherOptions): Promise<Gathered> {
  if (isOther(target)) return gatherOther(target, options);
  const hasSystem = isExaminable({ ...target, frontend: undefined });
  return hasSystem ? gather(target, options) : { observations: [], probes: {} };
}

/** What keeps this thread busy, and so must not run while a probe measures an answer. */
async function readSources(
  target: Target | OtherTarget,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Gathered> {
  const begin = clock.monotonic();
  const frontend = await lookAtFrontend(target, signal);
  const between = clock.monotonic();
  const dependencies = await lookAtDependencies(target.project, signal);
  return {
    observations: [...frontend, ...dependencies],
    probes: {
      ...(target.frontend === undefined ? {} : { frontend: Math.round(between - begin) }),
      ...(target.project === undefined ? {} : { dependencies: Math.round(clock.monotonic() - between) }),
    },
  };
}

function isOther(target: Target | OtherTarget): target is OtherTarget {
  return 'kind' in target;
}

/** Whether it is not known what there is, because this user must not read it. */
function isClosed(target: Target | OtherTarget): boolean {
  return !isOther(target) && target.unreadable !== undefined;
}

/** Without a finding it counts what was not seen: all of it, what matters, or what there was no time for. */
function statusOf(
  found: Diagnosis['status'],
  target: Target | OtherTarget,
  checks: readonly CheckOutcome[],
): Diagnosis['status'] {
  if (found === 'findings') return found;
  if (isClosed(target) || (found === 'healthy' && unanswered(target, checks))) return 'not_examined';
  return checks.some(({ outOfTime }) => outOfTime === true) ? 'incomplete' : found;
}

/** Whether it remained open if the API or the database, of which the address is known, can be reached at all. */
function unanswered(target: Target | OtherTarget, checks: readonly CheckOutcome[]): boolean {
  const judged = (id: string) =>
    checks.some(({ check, outcome }) => check === id && ['pass', 'fail'].includes(outcome));
  if (isOther(target)) return !checks.some(({ outcome }) => ['pass', 'fail', 'degraded'].includes(outcome));
  const { server, database, frontend } = target;
  const api = server.url === undefined || judged('api.port');
  const postgres = database.appUrl === undefined || judged('database.port');
  const sources = frontend === undefined || judged('frontend.base_url');
  const isNothing = server.url === undefined && database.appUrl === undefined && frontend === undefined;
  return isNothing || !api || !postgres || !sources;
}

function describeTarget(target: Target | OtherTarget): Diagnosis['target'] {
  const { appUrl } = target.database;
  const databaseUrl = appUrl === undefined ? null : maskUrl(appUrl);
  if (isOther(target)) {
    const [apiUrl = target.api.proxyUrl ?? null] = target.api.urls;
    return { home: target.path, apiUrl, keeperUrl: target.api.proxyUrl ?? null, databaseUrl };
  }
  const { home, server, keeper } = target;
  return { home, apiUrl: server.url ?? null, keeperUrl: keeper.url ?? null, databaseUrl };
}
