import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processEnvironment } from '../src/env.ts';

/** The launcher, as npm links it. */
export const BINARY = fileURLToPath(new URL('../bin/holdfast.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly node?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The environment of this process without what would configure Holdfast. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited = Object.entries(processEnvironment().variables).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(HOLDFAST_|DATABASE_URL$|NODE_ENV$|NODE_TEST_CONTEXT$)/.test(entry[0]),
  );
  return { ...Object.fromEntries(inherited), ...extra };
}

export function spawnHoldfast(args: readonly string[], options: RunOptions = {}): ChildProcess {
  return spawn(options.node ?? process.execPath, [BINARY, ...args], {
    env: cleanEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

/** Runs a command to its end. */
export async function runHoldfast(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawnHoldfast(args, options);
  const output = collect(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}

/** Gathers what a process writes; the fields grow while it runs. */
export function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', chunk => {
    output.stdout += String(chunk);
  });
  child.stderr?.on('data', chunk => {
    output.stderr += String(chunk);
  });
  return output;
}

/** A Node.js on this machine that is too old to run the program itself but new enough for the launcher. */
export function findOldNode(): string | undefined {
  const candidates = (processEnvironment().variables.PATH ?? '')
    .split(delimiter)
    .map(directory => join(directory, 'node'));
  return ['/usr/bin/node', '/usr/local/bin/node', ...candidates].filter(existsSync).find(path => {
    const major = Number.parseInt(
      execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }),
      10,
    );
    return major >= 20 && major < 24;
  });
}
