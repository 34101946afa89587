import { type Clock, equalJitter, systemClock } from '@holdfast/core';
import type { Client } from 'pg';
import { closeClient, openClient } from './connection.ts';
import { runStatement } from './run-statement.ts';
import { sql } from './sql.ts';

export interface Notification {
  readonly channel: string;
  readonly payload: string;
}

export interface ListenerOptions {
  readonly url: string;
  readonly channels: readonly [string, ...string[]];
  readonly onNotification: (notification: Notification) => void;
  /**
   * Told when listening begins, ends, and begins again. What was notified in between is lost: read the state anew
   * whenever it becomes true.
   */
  readonly onStateChange?: (connected: boolean, reason?: unknown) => void;
  /** How often a silent connection is asked whether it still lives, and how long it may take to answer. Default 2,000 ms. */
  readonly keepaliveMs?: number;
  readonly applicationName?: string;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface Listener {
  /** Whether notifications arrive at this moment. */
  readonly connected: boolean;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 3_000;
const KEEPALIVE_MS = 2_000;
const RECONNECT_DELAY = { baseMs: 100, maxMs: 3_000 };

interface ListenerState {
  readonly options: ListenerOptions;
  readonly clock: Clock;
  readonly stop: AbortController;
  connected: boolean;
  /** Attempts since the last success. */
  attempts: number;
}

/**
 * LISTENs on a connection of its own, for as long as it is not closed: lost connections are made again after a growing,
 * jittered pause, and one whose peer is silently gone is noticed within twice `keepaliveMs`.
 */
export function createListener(options: ListenerOptions): Listener {
  const { clock = systemClock } = options;
  const state: ListenerState = { options, clock, stop: new AbortController(), connected: false, attempts: 0 };
  const running = keepListening(state);
  return {
    get connected() {
      return state.connected;
    },
    close: async () => {
      state.stop.abort();
      await running;
    },
  };
}

async function keepListening(state: ListenerState): Promise<void> {
  const { options, clock, stop } = state;
  while (!stop.signal.aborted) {
    changeState(state, false, await listenUntilLost(state));
    const delay = equalJitter(state.attempts, { ...RECONNECT_DELAY, random: options.random ?? Math.random });
    state.attempts += 1;
    await clock.sleep(delay, stop.signal).catch(() => undefined);
  }
}

/** Listens until the connection is lost or the listener closed; resolves with the reason, never rejects. */
async function listenUntilLost(state: ListenerState): Promise<unknown> {
  const { url, applicationName } = state.options;
  let client: Client | undefined;
  try {
    client = await openClient({
      url,
      applicationName,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      statementTimeoutMs: 0,
    });
    return await listenOn(client, state);
  } catch (error) {
    return error;
  } finally {
    if (client !== undefined) await closeClient(client);
  }
}

async function listenOn(client: Client, state: ListenerState): Promise<never> {
  const { channels, onNotification, keepaliveMs = KEEPALIVE_MS } = state.options;
  const lost = lostSignal(client);
  client.on('notification', ({ channel, payload }) => onNotification({ channel, payload: payload ?? '' }));
  for (const channel of channels) await runStatement(client, sql`listen ${sql.id(channel)}`, keepaliveMs);
  state.attempts = 0;
  changeState(state, true);
  for (;;) {
    await state.clock.sleep(keepaliveMs, AbortSignal.any([lost, state.stop.signal]));
    await runStatement(client, sql`select 1`, keepaliveMs);
  }
}

/** Aborted when the connection ends, with the last error as the reason. */
function lostSignal(client: Client): AbortSignal {
  const lost = new AbortController();
  let reason: unknown = new Error('Connection terminated');
  client.on('error', error => {
    reason = error;
  });
  client.once('end', () => lost.abort(reason));
  return lost.signal;
}

function changeState(state: ListenerState, connected: boolean, reason?: unknown): void {
  if (state.connected === connected) return;
  state.connected = connected;
  state.options.onStateChange?.(connected, reason);
}
