import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/core';
import type { Launcher } from '@holdfast/keeper';
import { createRunHoldfast, failureOf } from './holdfast-child.ts';

/** The copy of the system that a game day is played on, as `holdfast start` runs it. */
export interface RunningSystem {
  readonly home: string;
  /** The address of the keeper, the same across stops and starts. */
  url(): string;
  /** Starts it; resolves when it serves, or when the command has ended with a reason. Throws then. */
  start(): Promise<void>;
  /** Stops all of it, as an operator does. */
  stop(): Promise<void>;
  /** Resolves when the API is ready, at the latest after this many milliseconds. False then. */
  ready(withinMs: number): Promise<boolean>;
}

export interface SystemOptions {
  readonly launcher: Launcher;
  readonly home: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

interface SystemState extends SystemOptions {
  port: string;
  url: string;
  keeper: ChildProcess | undefined;
}

const START_MS = 120_000;
const POLL_MS = 50;

export function createSystem(options: SystemOptions): RunningSystem {
  const state: SystemState = { ...options, port: '0', url: '', keeper: undefined };
  return {
    home: options.home,
    url: () => state.url,
    start: () => start(state),
    stop: () => stop(state),
    ready: withinMs => isReady(state, withinMs),
  };
}

async function start(state: SystemState): Promise<void> {
  const { launcher, home, signal } = state;
  const log = await open(join(home, 'gameday-start.log'), 'a', 0o600);
  const args = ['start', '--json', '--no-env-file', '--home', home, '--port', state.port];
  try {
    const keeper = spawn(launcher.command, [...launcher.args, ...args], {
      // it ends by itself when this process is killed
      env: { ...launcher.env, HOLDFAST_LAUNCHER_PID: String(process.pid) },
      cwd: launcher.cwd,
      stdio: ['ignore', 'pipe', log.fd],
    });
    state.keeper = keeper;
    const { stdout } = keeper;
    if (stdout === null) throw new Error('its output is not piped');
    const [line] = await once(createInterface({ input: stdout }), 'line', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(START_MS)]),
    });
    stdout.resume();
    const readiness = JSON.parse(String(line)) as { readonly ready?: boolean; readonly url?: string };
    if (readiness.ready !== true || readiness.url === undefined) throw new Error(String(line));
    state.url = readiness.url;
    // clients find it again after a restart
    state.port = new URL(readiness.url).port;
  } catch (error) {
    signal.throwIfAborted();
    throw new HoldfastError('internal', `The copy in ${home} does not start: ${error}`, { cause: error });
  } finally {
    await log.close();
  }
}

async function stop(state: SystemState): Promise<void> {
  const { keeper } = state;
  const run = await createRunHoldfast(state)(['stop']);
  if (keeper !== undefined && keeper.exitCode === null && keeper.signalCode === null) {
    keeper.kill('SIGTERM');
    await once(keeper, 'exit');
  }
  state.keeper = undefined;
  if (run.code !== 0)
    throw new HoldfastError('internal', `The copy in ${state.home} cannot be stopped: ${failureOf(run)}`);
}

async function isReady(state: SystemState, withinMs: number): Promise<boolean> {
  const until = state.now() + withinMs;
  while (state.now() < until && !state.signal.aborted) {
    const answer = await fetch(`${state.url}/ready`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    if (answer?.ok === true) return true;
    await delay(POLL_MS);
  }
  return false;
}
