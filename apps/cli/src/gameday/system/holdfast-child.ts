import { execFile } from 'node:child_process';
import { HoldfastError } from '@holdfast/core';
import type { Launcher } from '@holdfast/keeper';

/** A command that was typed, and what came of it. */
export interface CommandRun {
  /** As somebody would type it: `holdfast doctor --json`. */
  readonly command: string;
  readonly code: number;
  readonly result: Readonly<Record<string, unknown>>;
  readonly stderr: string;
  readonly startedAt: number;
  readonly ms: number;
}

/** Runs commands of this very program on one state directory, as an operator does. */
export type RunHoldfast = (args: readonly string[], signal?: AbortSignal) => Promise<CommandRun>;

export interface ChildOptions {
  readonly launcher: Launcher;
  readonly home: string;
  readonly now: () => number;
}

const LIMIT_MS = 30 * 60_000;
const MAX_OUTPUT = 256 * 1_024 * 1_024;

export function createRunHoldfast({ launcher, home, now }: ChildOptions): RunHoldfast {
  return (args, signal) =>
    new Promise((resolve, reject) => {
      const startedAt = now();
      execFile(
        launcher.command,
        [...launcher.args, ...args, '--home', home, '--json', '--no-env-file'],
        {
          env: launcher.env,
          cwd: launcher.cwd,
          timeout: LIMIT_MS,
          maxBuffer: MAX_OUTPUT,
          ...(signal === undefined ? {} : { signal }),
        },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code;
          if (typeof code !== 'number') {
            reject(new HoldfastError('internal', `${typed(args)} did not end`, { cause: error }));
            return;
          }
          const result = parseResult(stdout);
          resolve({ command: typed(args), code, result, stderr, startedAt, ms: now() - startedAt });
        },
      );
    });
}

/** The command line, quoted as a shell needs it. */
export function typed(args: readonly string[]): string {
  return ['holdfast', ...args.map(arg => (/^[\w.,:/=+@-]+$/.test(arg) ? arg : `'${arg}'`))].join(' ');
}

/** Why a command did not do what it was asked for, in one line. */
export function failureOf({ result, stderr, code }: CommandRun): string {
  const { error } = result as { readonly error?: { readonly message?: string } };
  const detail = (result as { readonly detail?: string; readonly message?: string }).detail ?? result.message;
  const text = error?.message ?? detail ?? stderr.trim().split('\n').at(-1) ?? '';
  return `exit status ${code}: ${String(text)}`;
}

function parseResult(stdout: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(stdout) as Record<string, unknown>;
  } catch {
    return {};
  }
}
