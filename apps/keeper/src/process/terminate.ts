import type { Clock } from '@holdfast/core';
import { type ProcessIdentity, stillRuns } from './process-identity.ts';

const POLL_MS = 25;
const KILL_WAIT_MS = 5_000;

export interface TerminateOptions {
  readonly clock: Clock;
  /** How long the process may take to end by itself before it is killed. */
  readonly graceMs: number;
  /** Aborted when waiting has lasted long enough for somebody: the process is killed at once. */
  readonly hurry?: AbortSignal;
}

/**
 * Ends a process that is not our child: SIGTERM, then SIGKILL after the grace time. The identity is verified before each
 * signal, so that a stranger who got the same pid is never hit.
 * @returns how it ended, or `refused` when it outlived SIGKILL.
 */
export async function terminate(
  target: ProcessIdentity,
  { clock, graceMs, hurry }: TerminateOptions,
): Promise<'gone' | 'terminated' | 'killed' | 'refused'> {
  if (!send(target, 'SIGTERM')) return 'gone';
  if (hurry?.aborted !== true && (await ended(target, graceMs, clock, hurry))) return 'terminated';
  if (!send(target, 'SIGKILL')) return 'terminated';
  return (await ended(target, KILL_WAIT_MS, clock)) ? 'killed' : 'refused';
}

function send(target: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!stillRuns(target)) return false;
  try {
    return process.kill(target.pid, signal);
  } catch {
    return false;
  }
}

async function ended(
  target: ProcessIdentity,
  withinMs: number,
  clock: Clock,
  hurry?: AbortSignal,
): Promise<boolean> {
  const deadline = clock.monotonic() + withinMs;
  while (stillRuns(target)) {
    if (clock.monotonic() >= deadline || hurry?.aborted === true) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}
