import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { type Environment, launcherPid } from '../env.ts';
import { listenForStop } from '../stop-signals.ts';

/**
 * Runs work that leaves nothing half-done when Ctrl-C, SIGTERM or SIGHUP aborts its signal.
 * @throws HoldfastError `interrupted` then, with what it says itself of where it stopped
 */
export async function interruptible<T>(
  environment: Environment,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = listenForStop(launcherPid(environment));
  try {
    return await work(stop.first);
  } catch (error) {
    if (!stop.first.aborted) throw error;
    const message = isHoldfastError(error, 'interrupted')
      ? error.message
      : 'Interrupted; nothing half-done is left. The same command begins anew';
    const details = { signal: stop.received() ?? null };
    throw new HoldfastError('interrupted', message, { cause: error, details });
  } finally {
    stop.dispose();
  }
}
