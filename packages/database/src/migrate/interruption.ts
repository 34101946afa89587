import { HoldfastError, type HoldfastErrorOptions, isHoldfastError } from '@holdfast/core';
import { type Connection, sqlState } from '@holdfast/postgres';
import type { RunContext } from './run-context.ts';

type Stoppable = Pick<RunContext, 'connection' | 'clock' | 'signal'>;

const QUERY_CANCELED = '57014';
const AGAIN_MS = 250;

/** The error of a run that its signal has stopped; `where` says what was going on and what became of it. */
export function interrupted(where: string, options: HoldfastErrorOptions = {}): HoldfastError {
  return new HoldfastError('interrupted', where, options);
}

/** Whether an error, or what caused it, is an interruption. */
export function isInterruption(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isHoldfastError(current, 'interrupted')) return true;
  }
  return false;
}

/** @throws `interrupted` once the run is to stop */
export function throwIfInterrupted({ signal }: Pick<Stoppable, 'signal'>): void {
  if (signal?.aborted === true) throw interrupted('The run was stopped.');
}

/**
 * Runs work that a stop cancels on the server. What is finished in spite of that counts as finished. When this returns, no request
 * to cancel is on its way any more, so that none hits a statement of somebody else.
 * @throws `interrupted` with the error of the cancelled statement as its cause
 */
export async function cancellable<T>(context: Stoppable, work: () => Promise<T>): Promise<T> {
  throwIfInterrupted(context);
  const { signal, connection, clock } = context;
  const ended = new AbortController();
  let cancelling = Promise.resolve();
  const cancel = (): void => {
    cancelling = keepCancelling(connection, clock, ended.signal);
  };
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await work();
  } catch (cause) {
    if (signal?.aborted !== true || sqlState(cause) !== QUERY_CANCELED) throw cause;
    throw interrupted('A statement was cancelled.', { cause });
  } finally {
    signal?.removeEventListener('abort', cancel);
    ended.abort();
    await cancelling;
  }
}

/** A request that arrives between two statements does nothing, so it is repeated until the work has ended. */
async function keepCancelling(
  connection: Pick<Connection, 'cancel'>,
  clock: Stoppable['clock'],
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    await connection.cancel();
    await clock.sleep(AGAIN_MS, ended).catch(() => undefined);
  }
}
