import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inspectCluster, stopCluster } from '@holdfast/postgres/cluster';
import { atForcedExit } from './process-end.ts';

/** A running system of its own under a keeper: what `holdfast start` makes of an empty state directory. */
export interface SupervisedStack {
  readonly home: string;
  /** The processes that are recorded as running at this moment. */
  pids(): Promise<{ readonly keeper?: number; readonly server?: number; readonly postgres?: number }>;
  /** Ends everything in order, as Ctrl-C does. */
  stop(): Promise<void>;
  /** Ends what is left and removes the directory. */
  close(): Promise<void>;
}

const LAUNCHER = join(import.meta.dirname, '..', '..', '..', 'apps', 'cli', 'bin', 'holdfast.js');
const READY_MS = 60_000;

export async function startSupervisedStack(): Promise<SupervisedStack> {
  const home = await mkdtemp(join(tmpdir(), 'hf-stack-'));
  // run by root, PostgreSQL is another user and must get in
  await chmod(home, 0o755);
  const keeper = spawnKeeper(home);
  const letGo = atForcedExit(() => void keeper.kill('SIGTERM'));
  const exited = once(keeper, 'exit');
  const stop = async (): Promise<void> => {
    keeper.kill('SIGTERM');
    await exited;
  };
  const stack: SupervisedStack = {
    home,
    pids: () => findPids(home),
    stop,
    close: async () => {
      await stop();
      killQuietly((await findPids(home)).server);
      await stopCluster(home, 'immediate');
      letGo();
      await rm(home, { recursive: true, force: true });
    },
  };
  await untilReady(keeper, stack);
  return stack;
}

function spawnKeeper(home: string): ChildProcess {
  const args = ['start', '--json', '--port', '0', '--no-env-file', '--home', home];
  return spawn(process.execPath, ['--', LAUNCHER, ...args], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** It prints one line as soon as everything serves, or has failed. */
async function untilReady({ stdout }: ChildProcess, stack: SupervisedStack): Promise<void> {
  if (stdout === null) throw new Error('the output of the keeper is not piped');
  try {
    const lines = createInterface({ input: stdout });
    const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(READY_MS) });
    if ((JSON.parse(String(line)) as { readonly ready?: boolean }).ready !== true)
      throw new Error(String(line));
    stdout.resume();
  } catch (error) {
    await stack.close();
    throw error;
  }
}

async function findPids(home: string): ReturnType<SupervisedStack['pids']> {
  const [keeper, server, cluster] = await Promise.all([
    recordedPid(join(home, 'run', 'keeper.json')),
    recordedPid(join(home, 'run', 'server.json')),
    inspectCluster(home),
  ]);
  const postgres = 'pid' in cluster ? cluster.pid : undefined;
  return {
    ...(keeper === undefined ? {} : { keeper }),
    ...(server === undefined ? {} : { server }),
    ...(postgres === undefined ? {} : { postgres }),
  };
}

async function recordedPid(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  return (JSON.parse(text) as { readonly pid?: number }).pid;
}

function killQuietly(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended before
  }
}
