import { constants } from 'node:os';

type EndWork = (failed: boolean) => Promise<void>;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const works: EndWork[] = [];

/**
 * Runs work when this process has nothing left to do, one after another; `failed` tells whether a test failed. Not run
 * when the process is ended by force or by an uncaught error.
 */
export function atProcessEnd(work: EndWork, order: 'before others' | 'after others' = 'before others'): void {
  if (works.length === 0) process.once('beforeExit', letTestsFinish);
  if (order === 'before others') works.unshift(work);
  else works.push(work);
}

/** Runs work when this process exits without an end, also by a signal; it cannot wait for anything. Undone by the result. */
export function atForcedExit(work: () => void): () => void {
  process.once('exit', work);
  for (const name of SIGNALS) process.on(name, exitBySignal);
  return () => {
    process.off('exit', work);
    for (const name of SIGNALS) process.off(name, exitBySignal);
  };
}

function exitBySignal(name: (typeof SIGNALS)[number]): void {
  process.exit(128 + constants.signals[name]);
}

/** node:test closes its root suite, with its `after` hooks, at the first of these events, and only then sets the exit code. */
function letTestsFinish(): void {
  process.once('beforeExit', runWorks);
  setImmediate(() => undefined);
}

async function runWorks(): Promise<void> {
  const failed = (process.exitCode ?? 0) !== 0;
  for (const work of works.splice(0)) {
    await work(failed).catch((error: unknown) => {
      process.exitCode = 1;
      process.stderr.write(`Cleaning up after the tests failed: ${String(error)}\n`);
    });
  }
}
