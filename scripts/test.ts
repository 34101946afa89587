/**
 * `npm test [-- FILTER… --name PATTERN --only]`: all tests, or the files whose path contains a filter.
 *
 * One throwaway PostgreSQL serves them all; it and everything else the tests start is gone at the end, also after
 * Ctrl-C. With CI=true a skipped test fails the run. The last line is `N passed, N failed, N skipped`.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SETTINGS } from '@holdfast/core';
import { startTestCluster } from '@holdfast/testing';
import { findLeftovers } from './testing/leftovers.ts';
import { runTests } from './testing/run-tests.ts';
import { closingLine, skipLine, type Tally } from './testing/tally.ts';
import { findTestFiles } from './testing/test-files.ts';

const ROOT = join(import.meta.dirname, '..');
const RUN_LIMIT_MS = 55 * 60_000;
const SHUTDOWN_GRACE_MS = 3_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', multiple: true, default: [] },
    only: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const files = await findTestFiles(ROOT, positionals);
  if (files.length === 0) {
    console.error(`No test file matches ${positionals.join(' ')}.`);
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(RUN_LIMIT_MS)]);
  const options = { root: ROOT, files, namePatterns: values.name, only: values.only, signal };
  const { tally, complaints } = await inThrowawayPlace(() => runTests(options));
  return report(tally, signal.aborted ? [...complaints, String(signal.reason)] : complaints);
}

interface Outcome {
  readonly tally: Tally;
  readonly complaints: readonly string[];
}

/**
 * Runs the tests with a temporary directory and a PostgreSQL of their own. Both are gone afterwards, except for the
 * database of a failed test: its directory is kept and named.
 */
async function inThrowawayPlace(work: () => Promise<Tally>): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'hft-'));
  await chmod(directory, 0o755); // PostgreSQL may run as another user and must reach its data
  const mark = `HOLDFAST_TEST_RUN=${basename(directory)}`;
  prepareEnvironment(directory, mark);
  let kept: string | undefined;
  try {
    const cluster = await startTestCluster();
    Object.assign(process.env, cluster.environment);
    const tally = await work().finally(async () => {
      kept = await cluster.stop();
    });
    return { tally, complaints: await endLeftovers(mark, directory) };
  } finally {
    await endLeftovers(mark, directory);
    if (kept === undefined) await rm(directory, { recursive: true, force: true });
    else console.log(`\nThe databases of failed tests are kept in ${kept}`);
  }
}

/** A developer's own settings must not steer the tests. */
function prepareEnvironment(directory: string, mark: string): void {
  const settings = new Set(Object.values(SETTINGS).map(({ variable }) => variable));
  for (const name of Object.keys(process.env)) {
    if (settings.has(name) || name.startsWith('PG')) delete process.env[name];
  }
  const [name = '', value = ''] = mark.split('=');
  process.env[name] = value;
  process.env.TMPDIR = directory;
}

/** Whatever still runs shortly after the end was forgotten by a test: it is ended and named. */
async function endLeftovers(mark: string, directory: string): Promise<string[]> {
  const deadline = Date.now() + SHUTDOWN_GRACE_MS;
  let leftovers = await findLeftovers(mark, directory);
  while (leftovers.length > 0 && Date.now() < deadline) {
    await delay(100);
    leftovers = await findLeftovers(mark, directory);
  }
  for (const { pid } of leftovers) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }
  return leftovers.map(({ pid, command }) => `left running: ${pid} ${command}`);
}

function report(tally: Tally, complaints: readonly string[]): number {
  const skipsForbidden = process.env.CI === 'true' && tally.skipped.length > 0;
  console.log();
  for (const skip of tally.skipped) console.log(skipLine(skip));
  if (skipsForbidden) console.log('With CI=true every test has to run: the skipped ones fail this run.');
  for (const complaint of complaints) console.log(complaint);
  console.log(closingLine(tally));
  return tally.failed > 0 || complaints.length > 0 || skipsForbidden ? 1 : 0;
}
