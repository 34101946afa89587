import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { connect, sql } from '@holdfast/postgres';
import { inspectCluster, readClusterState } from '@holdfast/postgres/cluster';
import { eventually, findFreePort } from '@holdfast/testing';
import { type CommandEnd, LAUNCHER, type RunningCommand, startCommand } from './command.ts';
import { killNow, killTree } from './processes.ts';

const READY = { timeoutMs: 120_000, pollMs: 50 };

/** `holdfast start` on a state directory, which is killed and started again. */
export interface MatrixSystem {
  readonly home: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The database of the application as superuser; undefined before the first start. */
  url(): Promise<string>;
  /** Starts what does not run, and waits until all of it serves. */
  recover(): Promise<void>;
  /** Goes on with these settings in addition to its own. */
  configure(more: Readonly<Record<string, string>>): Promise<void>;
  start(...args: string[]): RunningCommand;
  /** Runs a command to its end. */
  run(...args: string[]): Promise<CommandEnd>;
  keeperPid(): number | undefined;
  postgresPid(): Promise<number | undefined>;
  killKeeper(): void;
  killPostgres(): Promise<void>;
  stop(): Promise<void>;
}

export function createSystem(home: string, variables: Readonly<Record<string, string>>): MatrixSystem {
  let keeper: ChildProcess | undefined;
  let port = '0';
  let added: Readonly<Record<string, string>> = {};
  const url = async (): Promise<string> => {
    const state = await readClusterState(home);
    if (state === undefined) throw new Error(`${home} has no cluster`);
    const address = new URL(state.superuserUrl);
    address.pathname = '/holdfast';
    return address.href;
  };
  const postgresPid = async (): Promise<number | undefined> => {
    const found = await inspectCluster(home);
    return found.state === 'running' ? found.pid : undefined;
  };
  const start = (...args: string[]): RunningCommand => startCommand([...args, '--home', home], variables);
  const isUp = async (): Promise<boolean> => {
    if (keeper === undefined || keeper.exitCode !== null || keeper.signalCode !== null) {
      keeper = spawnKeeper(home, port, { ...variables, ...added });
    }
    const answer = await fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok && (await answers(await url()));
  };
  const stop = async (): Promise<void> => {
    await start('stop').ended;
    if (keeper === undefined || keeper.exitCode !== null || keeper.signalCode !== null) return;
    const ended = once(keeper, 'exit');
    keeper.kill('SIGTERM');
    await ended;
  };
  const recover = async (): Promise<void> => {
    if (port === '0') port = String(await findFreePort());
    await eventually(isUp, READY);
  };
  return {
    home,
    variables,
    url,
    start,
    configure: async more => {
      await stop();
      added = more;
      await recover();
    },
    run: (...args) => start(...args).ended,
    recover,
    keeperPid: () => keeper?.pid,
    postgresPid,
    killKeeper: () => killNow(keeper?.pid),
    killPostgres: async () => {
      const pid = await postgresPid();
      if (pid !== undefined) await killTree(pid);
    },
    stop,
  };
}

function spawnKeeper(home: string, port: string, variables: Readonly<Record<string, string>>): ChildProcess {
  const log = openSync(join(home, 'start.log'), 'a', 0o600);
  const args = ['start', '--json', '--port', port, '--no-env-file', '--home', home];
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    // it ends by itself when this process is killed
    env: { PATH: '/usr/bin:/bin', ...variables, HOLDFAST_LAUNCHER_PID: String(process.pid) },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

async function answers(url: string): Promise<boolean> {
  const connection = await connect({ url, applicationName: 'kill matrix' });
  try {
    await connection.one(sql`select 1 as one`);
    return true;
  } finally {
    await connection.close();
  }
}
