import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { CommandContext, OptionDefinitions } from '../command.ts';
import { launcherPid } from '../env.ts';
import { listenForStop, type StopSignals } from '../stop-signals.ts';

/** What to type after an interruption. */
export interface AfterInterruption {
  /** What goes on, such as `migrate up`; undefined where there is nothing to go on with. */
  readonly goOn: string | undefined;
  /** The line to type for a verb. */
  readonly commandLine: (verb: string) => string;
}

/**
 * Runs work that the first Ctrl-C or SIGTERM stops in good order, and the second one at once.
 * @throws `interrupted` with the signal, what was done and what to type
 */
export async function untilInterrupted<T>(
  { environment, terminal }: Pick<CommandContext<OptionDefinitions>, 'environment' | 'terminal'>,
  after: AfterInterruption,
  work: (stop: StopSignals) => Promise<T>,
): Promise<T> {
  const stop = listenForStop(launcherPid(environment));
  stop.first.addEventListener('abort', () =>
    terminal.progress(
      'stopping: what the server is doing is cancelled and rolled back; once more to end at once',
    ),
  );
  try {
    return await work(stop);
  } catch (cause) {
    if (!stop.first.aborted) throw cause;
    throw interruption(cause, stop, after);
  } finally {
    stop.dispose();
  }
}

function interruption(cause: unknown, stop: StopSignals, { goOn, commandLine }: AfterInterruption): unknown {
  const status = commandLine('migrate status');
  const decided = isHoldfastError(cause, 'interrupted') ? cause.details?.goOn : undefined;
  const verb = typeof decided === 'string' ? decided : goOn;
  const next = verb === undefined ? undefined : commandLine(verb);
  const hint = next === undefined ? '' : `To go on: ${next}. Where it stands: ${status}`;
  const signal = stop.received() ?? null;
  if (stop.second.aborted) {
    const message = `Ended at once. The server rolls back what it was doing as soon as it notices, within seconds. ${hint}`;
    return new HoldfastError('interrupted', message, { cause, details: { signal, next: next ?? null } });
  }
  if (isHoldfastError(cause, 'interrupted')) {
    const details = { signal, ...cause.details, next: next ?? null };
    return new HoldfastError('interrupted', `${cause.message} ${hint}`.trimEnd(), { cause, details });
  }
  // what failed at that very moment, or would have failed without it
  if (isHoldfastError(cause) && cause.code !== 'database_unavailable') return cause;
  const message = `Interrupted. What was made for the time being is removed again; nothing else was changed. ${hint}`;
  return new HoldfastError('interrupted', message.trimEnd(), {
    cause,
    details: { signal, next: next ?? null, reason: errorMessage(cause) },
  });
}
