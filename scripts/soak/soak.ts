import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '@holdfast/core';
import { closeCalls } from './call.ts';
import { checkClients } from './check-clients.ts';
import { type Client, createClient, type World } from './client.ts';
import { createOperations, type Operations } from './operations.ts';
import { operate } from './operator.ts';
import { faketimeLibrary } from './replica.ts';
import { watchRevokedSessions } from './revoked-sessions.ts';
import { type SoakSystem, startSystem } from './system.ts';
import { createTally, type Tally } from './tally.ts';
import { summarize, type Verdict } from './verdict.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly clients: number;
  readonly seed: number;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Leaves the directory of the run behind, to look into it; its path is told as progress. */
  readonly keep?: boolean;
}

const ACCESS_TOKEN_TTL = '15s';
const LOSS = 0.05;
const THINK_SECONDS = [2, 8] as const;
/** One client in this many comes and goes. */
const RESTLESS = 8;
const STAYS_SECONDS = [10, 40] as const;
const MAX_TABS = 4;
const LONG_OUTAGE_MS = 12_000;
const SHORT_OUTAGE_MS = 2_000;
const FINAL_CHECK_MS = 60_000;

/**
 * Runs many clients through two replicas while the harness breaks what it can, and says whether anybody was logged out
 * or any revoked session worked. Takes the given time and about a minute more, and leaves nothing behind.
 */
export async function runSoak(options: SoakOptions): Promise<Verdict> {
  const random = createRandom(options.seed);
  const tally = createTally(performance.now());
  const canSkew = (await faketimeLibrary()) !== undefined;
  if (!canSkew) options.progress('faketime is not installed: no clock is skewed in this run');
  const system = await startSystem(
    { accounts: options.clients, accessTokenTtl: ACCESS_TOKEN_TTL, loss: LOSS, keep: options.keep === true },
    random,
    tally,
  );
  if (options.keep === true) options.progress(`the directory ${system.home} will be kept`);
  const atExit = (): void => killNow(system);
  process.once('exit', atExit);
  try {
    await runWith(system, options, { random, tally, canSkew });
    for (const { counts } of system.proxies) {
      tally.count('answers dropped on their way', counts.dropped);
      tally.count('connections cut, replica down', counts.cut);
    }
  } finally {
    closeCalls();
    await system.close();
    process.off('exit', atExit);
  }
  return summarize(tally, { ...options, skewed: canSkew });
}

interface Run {
  readonly random: Random;
  readonly tally: Tally;
  readonly canSkew: boolean;
}

async function runWith(system: SoakSystem, options: SoakOptions, run: Run): Promise<void> {
  const { random, tally } = run;
  const ended = new AbortController();
  const stopped =
    options.signal === undefined ? ended.signal : AbortSignal.any([ended.signal, options.signal]);
  const revoked = watchRevokedSessions(system.replicas, tally, random.fork());
  const clients = createClients(system, { tally, revoked, signal: stopped }, random);
  const operations = createOperations(system, random.fork(), {
    canSkew: run.canSkew,
    outageMs: options.minutes >= 2 ? LONG_OUTAGE_MS : SHORT_OUTAGE_MS,
  });
  await operations.prepareKeys();
  const running = Promise.all([...clients.map(client => client.run()), revoked.watch(stopped)]);
  await Promise.race([operateFor(options, operations, run), aborted(options.signal)]);
  ended.abort();
  await running;
  if (options.signal?.aborted === true) {
    throw new Error('The run was stopped.', { cause: options.signal.reason });
  }
  options.progress('asking everybody once more');
  const limit = AbortSignal.timeout(FINAL_CHECK_MS);
  await checkClients(clients, system.replicas, tally, limit);
  await revoked.checkAll(limit);
}

function createClients(
  { emails, proxies }: SoakSystem,
  world: Pick<World, 'tally' | 'revoked' | 'signal'>,
  random: Random,
): Client[] {
  const urls = [proxies[0].url, proxies[1].url] as const;
  return emails.map((email, index) => {
    const own = random.fork();
    const stays = index % RESTLESS === 0 ? STAYS_SECONDS : undefined;
    const tabs = 1 + Math.floor(own.next() * MAX_TABS);
    return createClient({ ...world, urls, thinkSeconds: THINK_SECONDS }, { email, tabs, stays }, own);
  });
}

/** Operates, and then waits until the time is over. */
async function operateFor(options: SoakOptions, operations: Operations, run: Run): Promise<void> {
  const startedAt = performance.now();
  const durationMs = options.minutes * 60_000;
  await operate({ ...run, operations, durationMs, progress: options.progress, random: run.random.fork() });
  await delay(Math.max(0, durationMs - (performance.now() - startedAt)), undefined, { ref: false });
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => signal?.addEventListener('abort', () => resolve(), { once: true }));
}

/** For a process that exits without an end: nothing asynchronous happens any more. */
function killNow({ replicas, postgres }: SoakSystem): void {
  for (const replica of replicas) replica.killNow();
  postgres.killNow();
}
