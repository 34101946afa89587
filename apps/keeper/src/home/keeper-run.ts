import { identifyProcess, type ProcessIdentity } from '../process/process-identity.ts';
import type { HomePaths } from './home.ts';
import { type RunFile, readJson, readRunFile, writeJson } from './run-file.ts';

/** `run/keeper.json`: the run file of a keeper, with what tells its process from a later one with the same pid. */
export interface KeeperRun extends RunFile {
  readonly processStartedAt: string;
  readonly mode: 'full' | 'alone';
  readonly stopping?: boolean;
}

/** What the keeper's run file says; undefined when there is none. The keeper may be dead. */
export function readKeeperRun(paths: HomePaths): KeeperRun | undefined {
  const run = readRunFile(paths.keeperRun) as Partial<KeeperRun> | undefined;
  return typeof run?.processStartedAt === 'string' ? (run as KeeperRun) : undefined;
}

/** The keeper of a state directory while it lives; undefined otherwise. */
export function findRunningKeeper(
  paths: HomePaths,
): { readonly run: KeeperRun; readonly process: ProcessIdentity } | undefined {
  const run = readKeeperRun(paths);
  if (run === undefined) return undefined;
  const process = identifyProcess(run.pid);
  return process?.startedAt === run.processStartedAt ? { run, process } : undefined;
}

/** `run/parts.json`: the processes that the keeper started, so that its successor can find them. */
export interface PartsRecord {
  readonly server?: Pick<ProcessIdentity, 'pid' | 'startedAt'>;
}

export function readParts(paths: HomePaths): PartsRecord {
  return (readJson(paths.parts) as PartsRecord | undefined) ?? {};
}

export function writeParts(paths: HomePaths, server: ProcessIdentity | undefined): void {
  writeJson(
    paths.parts,
    server === undefined ? {} : { server: { pid: server.pid, startedAt: server.startedAt } },
  );
}
