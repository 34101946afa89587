import { join } from 'node:path';
import type { RunOptions } from '../programs/run-program.ts';

/** The name that the cluster has in a repository of ours; each holds one. */
export const STANZA = 'main';

export interface PgbackrestRun {
  readonly program: string;
  /** pgBackRest's repository. */
  readonly repository: string;
  /** For its locks, which are taken by some commands only. */
  readonly lockDir?: string;
  readonly signal: AbortSignal | undefined;
  /** Nothing else of the environment reaches it: its variables could name another repository. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A command of pgBackRest that knows nothing of the configuration, repositories and locks that the system may have for it. It
 * writes its log to stdout, warnings and errors to stderr.
 */
export function pgbackrestCommand(
  command: 'stanza-create' | 'backup' | 'restore' | 'verify',
  { program, repository, lockDir, signal, environment = {} }: PgbackrestRun,
  args: readonly string[],
): RunOptions {
  return {
    file: program,
    args: [
      command,
      `--stanza=${STANZA}`,
      '--no-config',
      `--repo1-path=${repository}`,
      ...(lockDir === undefined ? [] : [`--lock-path=${lockDir}`]),
      '--log-level-file=off',
      '--log-level-console=detail',
      '--log-level-stderr=warn',
      '--no-log-timestamp',
      ...args,
    ],
    environment: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin', ...environment },
    // it wants to be somewhere that it can enter again
    cwd: '/',
    signal,
  };
}

/** Where the one backup of a repository is, relative to it. */
export function backupPath(label: string): string {
  return join('backup', STANZA, label);
}

/** How far it has come, of 1, when a line tells of a file that it copied. */
export function progressOf(line: string): number | undefined {
  const percent = /DETAIL: (?:backup|restore) file .*?, (\d+(?:\.\d+)?)%\)/.exec(line)?.[1];
  return percent === undefined ? undefined : Number(percent) / 100;
}
