import { type Clock, maskUrl, redact, systemClock } from '@holdfast/core';
import { CHECKS } from './checks/index.ts';
import { diagnose } from './diagnose.ts';
import type { Diagnosis } from './diagnosis.ts';
import { type CheckOutcome, runChecks } from './engine/index.ts';
import { CODEBOOK } from './faults/index.ts';
import { type Gathered, gather } from './probes/gather.ts';
import { headlineOf } from './report/headline.ts';
import { isExaminable, type Target } from './target.ts';

export interface ExamineOptions {
  /** A bound on the whole examination in milliseconds; what is not seen by then counts as not examined. Default 8,000. */
  readonly timeoutMs?: number;
  /** Called with the name of each probe as it begins. */
  readonly onProgress?: (probe: string) => void;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

const TIMEOUT_MS = 8_000;

/**
 * Examines a system and names the causes of its trouble. Changes nothing, apart from one probe account that is removed
 * again with all of its rows. Uses at most two database connections. Trouble it meets never rejects: what cannot be
 * looked at is part of the diagnosis. Rejects only when the caller's signal is aborted. The result is redacted.
 */
export async function examine(target: Target, options: ExamineOptions = {}): Promise<Diagnosis> {
  const { clock = systemClock, timeoutMs = TIMEOUT_MS, onProgress = () => undefined } = options;
  const [startedAt, begin] = [new Date(clock.now()).toISOString(), clock.monotonic()];
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  const examinable = isExaminable(target);
  const gathered: Gathered = examinable
    ? await gather(target, { clock, signal, onProgress })
    : { observations: [], probes: {} };
  const checks = runChecks(CHECKS, gathered.observations);
  const findings = diagnose(checks, CODEBOOK);
  options.signal?.throwIfAborted();
  const status =
    findings.status === 'healthy' && unanswered(target, checks) ? 'not_examined' : findings.status;
  const durationMs = Math.round(clock.monotonic() - begin);
  const diagnosis: Omit<Diagnosis, 'headline'> = {
    schemaVersion: 1,
    ...findings,
    status,
    target: describeTarget(target),
    checks,
    observations: gathered.observations,
    timings: { startedAt, durationMs, probes: gathered.probes },
  };
  return redact({ ...diagnosis, headline: headlineOf(diagnosis) }) as Diagnosis;
}

/** Whether it remained open if the API or the database, of which the address is known, can be reached at all. */
function unanswered({ server, database }: Target, checks: readonly CheckOutcome[]): boolean {
  const judged = (id: string) =>
    checks.some(({ check, outcome }) => check === id && ['pass', 'fail'].includes(outcome));
  const api = server.url === undefined || judged('api.port');
  const postgres = database.appUrl === undefined || judged('database.port');
  return (server.url === undefined && database.appUrl === undefined) || !api || !postgres;
}

function describeTarget({ home, server, keeper, database }: Target): Diagnosis['target'] {
  return {
    home,
    apiUrl: server.url ?? null,
    keeperUrl: keeper.url ?? null,
    databaseUrl: database.appUrl === undefined ? null : maskUrl(database.appUrl),
  };
}
