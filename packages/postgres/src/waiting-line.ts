/** Permits for a fixed number of holders, and a bounded first-come-first-served line for those who must wait. */
export interface WaitingLine {
  /** Takes a permit when one is free. */
  tryEnter(): boolean;
  /**
   * Resolves with a permit, or rejects: at once with `full()` when the line is full, with `expired()` after
   * `timeoutMs`, with the reason given to `close`.
   */
  enter(timeoutMs: number, errors: { full(): Error; expired(): Error }): Promise<void>;
  /** Gives a permit back; the first in the line gets it. */
  leave(): void;
  /** Turns everybody in the line away. */
  close(reason: Error): void;
  readonly length: number;
}

interface Waiter {
  readonly admit: () => void;
  readonly refuse: (reason: Error) => void;
}

export function createWaitingLine(permits: number, maxWaiting: number): WaitingLine {
  let free = permits;
  const waiters = new Set<Waiter>();
  const tryEnter = (): boolean => {
    if (free === 0) return false;
    free -= 1;
    return true;
  };
  return {
    tryEnter,
    enter: (timeoutMs, errors) => {
      if (tryEnter()) return Promise.resolve();
      if (waiters.size >= maxWaiting) return Promise.reject(errors.full());
      return waitInLine(waiters, timeoutMs, errors.expired);
    },
    leave: () => {
      const [first] = waiters;
      if (first === undefined) free += 1;
      else first.admit();
    },
    close: reason => {
      for (const waiter of waiters) waiter.refuse(reason);
    },
    get length() {
      return waiters.size;
    },
  };
}

function waitInLine(waiters: Set<Waiter>, timeoutMs: number, expired: () => Error): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      waiters.delete(waiter);
    };
    const waiter: Waiter = {
      admit: () => {
        done();
        resolve();
      },
      refuse: reason => {
        done();
        reject(reason);
      },
    };
    const timer = setTimeout(() => waiter.refuse(expired()), timeoutMs);
    waiters.add(waiter);
  });
}
