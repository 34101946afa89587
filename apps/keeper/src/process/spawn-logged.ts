import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import type { Exit } from './exit.ts';

const MAX_LOG_BYTES = 20_000_000;

export interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logPath: string;
}

export interface LoggedProcess {
  readonly child: ChildProcess;
  /** Never rejects; a process that could not be started at all has ended, too. */
  readonly exited: Promise<Exit>;
  /** Where in the log this process begins to write. */
  readonly logOffset: number;
}

/**
 * Starts a process in a session of its own that writes straight into a log file: it neither gets the terminal's Ctrl-C
 * nor notices when this process is killed. Without a writable log it runs all the same.
 */
export function spawnLogged({ command, args, env, cwd, logPath }: SpawnOptions): LoggedProcess {
  const log = openLog(logPath);
  const output = log?.fd ?? 'ignore';
  try {
    const child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', output, output] });
    const exited = new Promise<Exit>(resolve => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', () => {
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    return { child, exited, logOffset: log?.size ?? 0 };
  } finally {
    if (log !== undefined) closeSync(log.fd);
  }
}

function openLog(path: string): { readonly fd: number; readonly size: number } | undefined {
  try {
    const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (before > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
    return { fd: openSync(path, 'a', 0o600), size: before > MAX_LOG_BYTES ? 0 : before };
  } catch {
    return undefined;
  }
}
