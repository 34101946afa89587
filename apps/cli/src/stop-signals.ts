import { systemClock } from '@holdfast/core';

/** The wishes to stop that reach a long-running command. */
export interface StopSignals {
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP, and when the launcher of this process has died. */
  readonly first: AbortSignal;
  /** Aborted by the second one: whoever sent it does not want to wait. */
  readonly second: AbortSignal;
  /** Which signal was the first; undefined when none came. */
  readonly received: () => NodeJS.Signals | undefined;
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm and the launcher pass a Ctrl-C on that the terminal has sent to everybody already. */
const SAME_WISH_MS = 500;
const LAUNCHER_POLL_MS = 500;

/** Listens until disposed; meanwhile these signals do not end the process by themselves. */
export function listenForStop(launcherPid: number | undefined): StopSignals {
  const first = new AbortController();
  const second = new AbortController();
  let firstAt = 0;
  let received: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!first.signal.aborted) {
      received = signal;
      firstAt = systemClock.monotonic();
      first.abort();
    } else if (systemClock.monotonic() - firstAt > SAME_WISH_MS) second.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const watch = launcherPid === undefined ? undefined : watchLauncher(launcherPid, () => first.abort());
  return {
    first: first.signal,
    second: second.signal,
    received: () => received,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      clearInterval(watch);
    },
  };
}

/** A launcher that was killed with SIGKILL could pass nothing on; its child gets another parent. */
function watchLauncher(pid: number, onDeath: () => void): NodeJS.Timeout {
  return setInterval(() => {
    if (process.ppid !== pid) onDeath();
  }, LAUNCHER_POLL_MS).unref();
}

/** Resolves when the signal is aborted. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
