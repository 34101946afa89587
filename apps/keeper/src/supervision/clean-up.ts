import type { Clock } from '@holdfast/core';
import type { HomePaths } from '../home/home.ts';
import { readParts } from '../home/keeper-run.ts';
import { readRunFile, removeLeftover } from '../home/run-file.ts';
import { identifyProcess, type ProcessIdentity } from '../process/process-identity.ts';
import { terminate } from '../process/terminate.ts';
import { SUPERVISED_FLAG } from './server-part.ts';

/**
 * Finds the server that a keeper started on this state directory and may have left behind. A process counts only when its
 * command line says that a keeper supervised it on this very directory; when it was noted down, it must be the same life.
 */
export function findSupervisedServer(paths: HomePaths): ProcessIdentity | undefined {
  const noted = readParts(paths).server;
  const pids = [noted?.pid, readRunFile(paths.serverRun)?.pid].filter(pid => pid !== undefined);
  for (const pid of pids) {
    const found = identifyProcess(pid);
    if (found === undefined || !isSupervisedServer(found, paths.home)) continue;
    if (pid !== noted?.pid || found.startedAt === noted.startedAt) return found;
  }
  return undefined;
}

function isSupervisedServer({ command }: ProcessIdentity, home: string): boolean {
  const homeAt = command.indexOf('--home');
  return (
    command.includes('serve') &&
    command.includes(SUPERVISED_FLAG) &&
    homeAt !== -1 &&
    command[homeAt + 1] === home
  );
}

export interface CleanUpOptions {
  readonly clock: Clock;
  readonly graceMs: number;
  readonly hurry?: AbortSignal;
}

/** Ends an orphaned server and removes the run files of the dead. The keeper itself must be gone. Returns what was ended. */
export async function cleanUpServer(
  paths: HomePaths,
  options: CleanUpOptions,
): Promise<ProcessIdentity | undefined> {
  const orphan = findSupervisedServer(paths);
  if (orphan !== undefined) await terminate(orphan, options);
  for (const path of [paths.serverRun, paths.keeperRun]) {
    const run = readRunFile(path);
    if (run !== undefined && identifyProcess(run.pid) === undefined) removeLeftover(path);
  }
  removeLeftover(paths.parts);
  return orphan;
}
