import type { Clock } from '@holdfast/core';
import type { HomePaths } from '../home/home.ts';
import { readRunFile, removeLeftover } from '../home/run-file.ts';
import { describeExit, type Exit } from '../process/exit.ts';
import { readLogTail, reasonFromLog } from '../process/log-reason.ts';
import { identifyProcess, type ProcessIdentity } from '../process/process-identity.ts';
import { type LoggedProcess, spawnLogged } from '../process/spawn-logged.ts';
import type { Launcher } from './launcher.ts';
import { type LivenessOptions, untilHanging } from './liveness.ts';
import type { Part, PartProcess } from './part.ts';
import { probeServer, type Upstream } from './upstream.ts';

export interface ServerPartOptions {
  readonly paths: HomePaths;
  readonly launcher: Launcher;
  /** The settings of the next life, as environment variables; asked for at each start. */
  readonly variables: () => Readonly<Record<string, string>>;
  /** The port to listen on; 0 for a free one, which is then kept across restarts. */
  readonly port: number;
  readonly upstream: Upstream;
  readonly liveness: LivenessOptions;
  /** How long it may take from the start to the first answer. */
  readonly startTimeoutMs: number;
  /** How long it may take to end in order. */
  readonly stopTimeoutMs: number;
  readonly clock: Clock;
  /** Called with each process that is started, before it serves. */
  readonly onSpawn: (identity: ProcessIdentity | undefined) => void;
}

/** The marker by which a later keeper knows a server of its own among all processes. */
export const SUPERVISED_FLAG = '--supervised-by';

const POLL_MS = 25;

/** The API server as a supervised part: `holdfast serve` in a process of its own. */
export function createServerPart(options: ServerPartOptions): Part {
  const { paths, clock, upstream, liveness } = options;
  let port = options.port;
  let logOffset = 0;
  return {
    name: 'server',
    launch: async signal => {
      removeLeftover(paths.serverRun);
      const server = spawnServer(options, port);
      logOffset = server.logOffset;
      options.onSpawn(server.child.pid === undefined ? undefined : identifyProcess(server.child.pid));
      try {
        const run = await untilServing(options, server, signal);
        port = run.port;
        upstream.locate(run.url);
        upstream.noteAnswer();
        return serverProcess(options, server);
      } catch (error) {
        server.child.kill('SIGKILL');
        await server.exited;
        // The port it had before may be somebody else's now.
        port = options.port;
        throw error;
      }
    },
    explain: exit => explainServerExit(paths, exit, logOffset),
    hangs: (_life, signal) =>
      untilHanging(
        { ...liveness, clock, probe: probe => probeUpstream(upstream, probe), onAnswer: upstream.noteAnswer },
        signal,
      ),
  };
}

function spawnServer({ launcher, paths, variables }: ServerPartOptions, port: number): LoggedProcess {
  return spawnLogged({
    command: launcher.command,
    args: [
      ...launcher.args,
      'serve',
      '--home',
      paths.home,
      '--no-env-file',
      SUPERVISED_FLAG,
      String(process.pid),
    ],
    env: { ...launcher.env, ...variables(), HOLDFAST_PORT: String(port) },
    cwd: launcher.cwd,
    logPath: paths.serverLog,
  });
}

async function untilServing(
  { paths, clock, startTimeoutMs }: ServerPartOptions,
  { child, exited, logOffset }: LoggedProcess,
  signal: AbortSignal,
): Promise<{ readonly url: string; readonly port: number }> {
  let exit: Exit | undefined;
  exited.then(end => {
    exit = end;
  });
  const deadline = clock.monotonic() + startTimeoutMs;
  while (clock.monotonic() < deadline) {
    signal.throwIfAborted();
    if (exit !== undefined) throw new Error(await explainServerExit(paths, exit, logOffset));
    const run = readRunFile(paths.serverRun);
    if (run !== undefined && run.pid === child.pid && (await answers(run.url))) return run;
    await clock.sleep(POLL_MS);
  }
  throw new Error(
    `the API server did not answer within ${Math.round(startTimeoutMs / 1_000)} s of its start`,
  );
}

async function answers(url: string): Promise<boolean> {
  return probeServer(url, AbortSignal.timeout(1_000)).then(
    () => true,
    () => false,
  );
}

async function probeUpstream(upstream: Upstream, signal: AbortSignal): Promise<void> {
  if (upstream.url === undefined) throw new Error('no server is known');
  await probeServer(upstream.url, signal);
}

function serverProcess({ stopTimeoutMs, clock }: ServerPartOptions, server: LoggedProcess): PartProcess {
  const { child, exited } = server;
  return {
    pid: child.pid ?? 0,
    adopted: false,
    exited,
    kill: () => void child.kill('SIGKILL'),
    stop: async hurry => {
      child.kill('SIGTERM');
      const over = new AbortController();
      const patience = clock.sleep(stopTimeoutMs, AbortSignal.any([hurry, over.signal]));
      await Promise.race([exited, patience.catch(() => undefined)]);
      over.abort();
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function explainServerExit(paths: HomePaths, exit: Exit, logOffset: number): Promise<string> {
  const why = reasonFromLog(await readLogTail(paths.serverLog, logOffset));
  const how = `the API server ${describeExit(exit)}`;
  // After a signal from outside the last error in the log explains nothing.
  return why === undefined || exit.signal !== null ? how : `${how}: ${why}`;
}
