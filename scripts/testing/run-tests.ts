import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { countFail, countPass, createTally, type Tally } from './tally.ts';

export interface RunOptions {
  readonly root: string;
  /** Relative to root. */
  readonly files: readonly string[];
  readonly namePatterns: readonly string[];
  readonly only: boolean;
  /** Aborting ends the test processes; their files count as failed. */
  readonly signal: AbortSignal;
}

const TEST_TIMEOUT_MS = 120_000;

/** Runs each file in a process of its own, prints the spec report to stdout and counts. */
export async function runTests(options: RunOptions): Promise<Tally> {
  const tally = createTally();
  const watchdog = pathToFileURL(join(import.meta.dirname, 'watchdog.ts')).href;
  const events = run({
    cwd: options.root,
    files: options.files.map(file => join(options.root, file)),
    concurrency: Math.max(2, availableParallelism()),
    timeout: TEST_TIMEOUT_MS,
    execArgv: ['--conditions=holdfast-source', `--import=${watchdog}`],
    testNamePatterns: [...options.namePatterns],
    only: options.only,
    signal: options.signal,
  });
  events.on('test:pass', event => countPass(tally, event));
  events.on('test:fail', event => countFail(tally, event));
  for await (const text of events.compose(new spec())) process.stdout.write(text);
  return tally;
}
