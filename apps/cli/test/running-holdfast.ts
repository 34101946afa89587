import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { collect, type RunOptions, spawnHoldfast } from './run-holdfast.ts';

export interface ReadyLine {
  readonly ready: true;
  readonly url: string;
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly home: string;
  readonly admin: { readonly email: string; readonly password?: string };
  readonly pids: { readonly keeper: number; readonly server: number; readonly postgres: number };
}

/** A `holdfast start --json --port 0` in a process of its own. */
export interface RunningHoldfast {
  readonly child: ChildProcess;
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly closed: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** The ready line; fails when the process ends before it. */
  readonly ready: Promise<ReadyLine>;
  stop(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export function startHoldfast(
  home: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): RunningHoldfast {
  const child = spawnHoldfast(
    ['start', '--json', '--port', '0', '--no-env-file', '--home', home, ...args],
    options,
  );
  const output = collect(child);
  const closed: RunningHoldfast['closed'] = new Promise(resolve =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  const ready = readReadyLine(child, output);
  ready.catch(() => undefined);
  return {
    child,
    output,
    closed,
    ready,
    stop: () => {
      child.kill('SIGTERM');
      return closed;
    },
  };
}

async function readReadyLine(child: ChildProcess, output: RunningHoldfast['output']): Promise<ReadyLine> {
  await eventually(
    'holdfast start is ready',
    () => output.stdout.includes('\n') || child.exitCode !== null,
    60_000,
  );
  const line = JSON.parse(output.stdout) as ReadyLine;
  if (line.ready !== true) throw new Error(`It did not start: ${output.stdout}\n${output.stderr}`);
  return line;
}

/** The details that the keeper shows to an operator. */
export interface OperatorStatus {
  readonly status: string;
  readonly parts: readonly {
    part: string;
    state: string;
    ok: boolean;
    pid: number | null;
    restarts: number;
  }[];
  readonly incidents: readonly {
    part: string;
    kind: string;
    reason: string;
    recoveredAt: string | null;
    actions: string[];
  }[];
}

export async function operatorStatus({
  url,
  home,
}: Pick<ReadyLine, 'url' | 'home'>): Promise<OperatorStatus> {
  const token = readFileSync(join(home, 'break-glass.token'), 'utf8').trim();
  const response = await fetch(`${url}/ops/v1/status`, { headers: { authorization: `Bearer ${token}` } });
  return (await response.json()) as OperatorStatus;
}

/** The pid of a part that runs at this moment. */
export async function partPid(ready: Pick<ReadyLine, 'url' | 'home'>, part: string): Promise<number | null> {
  return (await operatorStatus(ready)).parts.find(candidate => candidate.part === part)?.pid ?? null;
}

export async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) }).then(
    async response => {
      await response.body?.cancel();
      return response.status === 200;
    },
    () => false,
  );
}

export interface LoggedIn {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function logIn(url: string, email: string, password: string): Promise<LoggedIn> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
