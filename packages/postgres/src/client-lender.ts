import { fullJitter, HoldfastError, systemClock } from '@holdfast/core';
import type { Pool as DriverPool, PoolClient } from 'pg';
import { databaseTrouble, isTransientConnectError, trouble, unavailable } from './database-errors.ts';
import { createWaitingLine, type WaitingLine } from './waiting-line.ts';

export interface LenderOptions {
  readonly driver: DriverPool;
  readonly max: number;
  readonly maxWaiting: number;
  readonly acquireTimeoutMs: number;
  readonly random: () => number;
}

/** Lends connections out of the driver's pool, in a bounded time, to a bounded number of waiting callers. */
export interface ClientLender {
  borrow(): Promise<PoolClient>;
  /** Takes a connection back; `destroy` closes it instead of keeping it for the next caller. */
  giveBack(client: PoolClient, destroy: boolean): void;
  readonly waiting: number;
  close(): void;
}

interface LenderState extends LenderOptions {
  readonly line: WaitingLine;
  /** Why the last attempt to connect failed; undefined when it succeeded. */
  outage: unknown;
}

const RECONNECT_DELAY = { baseMs: 25, maxMs: 250 };

export function createClientLender(options: LenderOptions): ClientLender {
  const line = createWaitingLine(options.max, options.maxWaiting);
  const state: LenderState = { ...options, line, outage: undefined };
  return {
    borrow: () => borrow(state),
    giveBack: (client, destroy) => {
      // a transaction left open would leak into the next caller's work
      client.release(destroy || client.getTransactionStatus() !== 'I');
      line.leave();
    },
    get waiting() {
      return line.length;
    },
    close: () => line.close(trouble('database_unavailable', 'The connection pool was closed')),
  };
}

async function borrow(state: LenderState): Promise<PoolClient> {
  const deadline = systemClock.monotonic() + state.acquireTimeoutMs;
  if (!state.line.tryEnter()) {
    await state.line.enter(state.acquireTimeoutMs, {
      full: () => full(state),
      expired: () => expired(state),
    });
  }
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await checkOut(state, deadline);
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      const pause = fullJitter(attempt, { ...RECONNECT_DELAY, random: state.random });
      if (!isTransientConnectError(error) || systemClock.monotonic() + pause >= deadline) {
        state.line.leave();
        throw databaseTrouble(error) ?? unavailable(error);
      }
      await systemClock.sleep(pause);
    }
  }
}

/**
 * One attempt to get a connection. Rejects with the driver's error, the permit still held; or with `database_timeout`
 * at the deadline, in which case the permit goes back by itself when the attempt has ended.
 */
function checkOut(state: LenderState, deadline: number): Promise<PoolClient> {
  return new Promise((resolve, reject) => {
    let late = false;
    const giveUp = (): void => {
      late = true;
      const message = `No connection to the database was made within ${state.acquireTimeoutMs} ms`;
      reject(trouble('database_timeout', message, state.outage));
    };
    const isIdle = state.driver.idleCount > 0;
    const timer = isIdle ? undefined : setTimeout(giveUp, Math.max(0, deadline - systemClock.monotonic()));
    state.driver.connect((error, client) => {
      clearTimeout(timer);
      state.outage = error;
      if (late) {
        client?.release();
        state.line.leave();
      } else if (client === undefined) reject(error);
      else resolve(client);
    });
  });
}

function full(state: LenderState): HoldfastError {
  if (state.outage !== undefined) return unavailable(state.outage);
  const { max, maxWaiting } = state;
  return trouble(
    'pool_exhausted',
    `All ${max} connections are in use and ${maxWaiting} callers wait already`,
  );
}

function expired(state: LenderState): HoldfastError {
  if (state.outage !== undefined) return unavailable(state.outage);
  const { max, acquireTimeoutMs } = state;
  return trouble('database_timeout', `None of ${max} connections became free within ${acquireTimeoutMs} ms`);
}
