import { readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, SETTINGS } from '@holdfast/core';
import { findLostDataDirectory, inspectCluster } from '@holdfast/postgres/cluster';
import type { ProcessSighting, Sightings } from '../sightings.ts';
import type { Target } from '../target.ts';
import { findChangedClaims } from './changed-claims.ts';
import { isDenied } from './denied.ts';
import { judgeKeyring, type KeyringJudgement } from './judge-keyring.ts';
import { couldNotLook, type Look, type Looks } from './probe.ts';
import { findListener, findProcess } from './process-table.ts';
import { findLines, readTail } from './read-tail.ts';
import { type RunFile, readRunFile } from './run-file.ts';
import { clean, readServerLog } from './server-log.ts';

/** Settings that `holdfast serve` cannot do without; an embedded PostgreSQL brings its own URL. */
export function lookAtSettings({ settings, database, unreadable }: Target): Looks {
  // an embedded PostgreSQL would bring its own URL
  if (unreadable !== undefined && settings.settings.databaseUrl === undefined)
    return { 'config.settings': couldNotLook(unreadable) };
  const required = Object.entries(SETTINGS)
    .filter(
      ([key, { requiredFor }]) =>
        requiredFor.includes('serve') && !(key === 'databaseUrl' && database.embedded !== undefined),
    )
    .map(([key, { variable }]) => ({ key, variable: variable as string }));
  const values: Readonly<Record<string, unknown>> = settings.settings;
  const missing = required
    .filter(
      ({ key, variable }) =>
        values[key] === undefined && !settings.problems.some(p => p.variable === variable),
    )
    .map(({ variable }) => ({ variable, kind: 'missing' as const, message: 'is not set' }));
  const problems = settings.problems
    .filter(({ variable, kind }) => kind === 'invalid' || required.some(item => item.variable === variable))
    .map(({ variable, kind, message }) => ({ variable, kind, message }));
  const { accessTokenTtl, refreshTokenTtl, sessionTtl } = settings.settings;
  return {
    'config.settings': {
      saw: {
        problems: [...problems, ...missing],
        required: required.map(({ variable }) => variable),
        lifetimes: { accessMs: accessTokenTtl, refreshMs: refreshTokenTtl, sessionMs: sessionTtl },
      },
    },
  };
}

const ON_ITS_OWN = 'on its own, holdfast doctor sees it';

/** The processes recorded in `run/` at this moment, and who has the port of the API. */
export async function lookAtProcesses({ home, server, unreadable }: Target): Promise<Looks> {
  if (unreadable !== undefined && (await isDenied(join(home, 'run'))))
    return { 'process.server': couldNotLook(unreadable), 'process.keeper': couldNotLook(unreadable) };
  const [serverRun, keeperRun] = await Promise.all(
    ['server', 'keeper'].map(part => readRunFile(join(home, 'run', `${part}.json`))),
  );
  const serverProcess = await lookAtProcess(serverRun);
  const looks = {
    'process.server': server.expectedHere
      ? { saw: serverProcess }
      : couldNotLook(`no API server is known to belong on this machine; ${ON_ITS_OWN}`),
    'process.keeper':
      server.expectedHere || keeperRun !== undefined
        ? { saw: await lookAtProcess(keeperRun) }
        : couldNotLook(`no keeper is known to belong on this machine; ${ON_ITS_OWN}`),
  };
  if (serverRun === undefined) return looks;
  return { ...looks, 'process.listener': { saw: await lookAtListener(serverRun, serverProcess.running) } };
}

/** A process can only have written its run file after it had started: a younger one has merely got the same pid. */
const CLOCK_SLACK_MS = 2_000;

async function lookAtProcess(run: RunFile | undefined): Promise<ProcessSighting> {
  if (run === undefined) return { recorded: false, running: false, suspended: false };
  const found = await findProcess(run.pid);
  const recordedAt = Date.parse(run.startedAt);
  const younger = (found?.startedAt ?? 0) > recordedAt + CLOCK_SLACK_MS;
  const running = found !== undefined && !younger;
  const suspended = running && found.suspended;
  return { recorded: true, pid: run.pid, startedAt: run.startedAt, running, suspended };
}

async function lookAtListener({ pid, port }: RunFile, serverRuns: boolean) {
  const listener = await findListener(port, pid);
  const isServer = serverRuns && listener?.pid === pid;
  if (listener === undefined) return { port, isServer };
  return { port, isServer, pid: listener.pid, command: clean(listener.command) };
}

/** The ends of the logs. */
export async function lookAtLogs(
  { home, server, database }: Target,
  { now }: Pick<Clock, 'now'>,
): Promise<Looks> {
  const serverLog = join(home, 'logs', 'server.log');
  const postgresLog = join(home, 'logs', 'postgres.log');
  return {
    ...(server.expectedHere ? { 'logs.server': await lookAtServerLog(serverLog, now()) } : {}),
    ...(database.embedded?.inUse !== true ? {} : { 'logs.postgres': await lookAtPostgresLog(postgresLog) }),
  };
}

async function lookAtServerLog(path: string, now: number): Promise<Look<'logs.server'>> {
  try {
    const { lines: starts, whole } = await findLines(path, '"listening"');
    const last = readServerLog(await readTail(path));
    return { saw: { path, ...last, whole, claimsChanged: findChangedClaims(starts, now) } };
  } catch (error) {
    return couldNotLook(error);
  }
}

async function lookAtPostgresLog(path: string): Promise<Look<'logs.postgres'>> {
  try {
    const severe = (await readTail(path)).findLast(line => /\b(PANIC|FATAL):/.test(line));
    return { saw: { path, ...(severe === undefined ? {} : { lastWords: clean(severe) }) } };
  } catch (error) {
    return couldNotLook(error);
  }
}

/** The public part of the keyring: names, uses and states of its keys. */
export async function lookAtKeyring({ home, settings, server }: Target): Promise<Looks> {
  const setting = settings.settings.keyring;
  const path = setting ?? join(home, 'keyring.json');
  if (setting?.trimStart().startsWith('{'))
    return { 'config.keyring': seenKeyring('HOLDFAST_KEYRING', judgeKeyring(setting)) };
  try {
    const { mode } = await stat(path);
    const judged = judgeKeyring(await readFile(path, 'utf8'));
    const isPrivate = process.platform === 'win32' || (mode & 0o077) === 0;
    // What is wrong inside counts more: closing the file to others would not mend it.
    if (isPrivate || judged.state === 'invalid') return { 'config.keyring': seenKeyring(path, judged) };
    const problem = `other users can read it (mode ${(mode & 0o777).toString(8)})`;
    return { 'config.keyring': { saw: { path, state: 'open-to-others', problem, keys: [] } } };
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT' && server.expectedHere;
    return { 'config.keyring': absent ? { saw: { path, state: 'absent', keys: [] } } : couldNotLook(error) };
  }
}

function seenKeyring(path: string, judged: KeyringJudgement): Look<'config.keyring'> {
  return { saw: { path, keys: [], ...judged } };
}

/** The embedded PostgreSQL as files and processes show it. */
export async function lookAtCluster(target: Target, clock: Clock): Promise<Looks> {
  const { embedded } = target.database;
  if (embedded === undefined) return {};
  const inspection = await inspectCluster(embedded.home);
  const { port, inUse } = embedded;
  // One that is not the database of the API is of interest only while it runs: perhaps it should be.
  if (inspection.state === 'absent' || (!inUse && inspection.state !== 'running')) return {};
  if (!('pid' in inspection)) {
    const lost = await lookForLoss(target, embedded.home, clock);
    return { 'database.cluster': { saw: { state: 'stopped', suspended: false, port, ...lost } } };
  }
  const { state, pid } = inspection;
  const suspended = state === 'running' && (await findProcess(pid))?.suspended === true;
  return { 'database.cluster': { saw: { state, pid, suspended, port } } };
}

const BACKUPS_MS = 1_000;

/** Backups may be far away: what they are is of use, and not worth waiting for. */
async function lookForLoss(
  { backups }: Target,
  home: string,
  clock: Clock,
): Promise<Pick<Sightings['database.cluster'], 'lost'>> {
  const directory = await findLostDataDirectory(home);
  if (directory === undefined) return {};
  const over = new AbortController();
  const late = clock.sleep(BACKUPS_MS, over.signal).then(() => undefined);
  const known = await Promise.race([backups?.(), late]).catch(() => undefined);
  over.abort();
  await late.catch(() => undefined);
  if (known === undefined) return { lost: { directory } };
  return { lost: { directory, lastBackup: known[0]?.createdAt ?? null } };
}

export async function lookAtDisk({ home }: Target): Promise<Looks> {
  const { bavail, blocks, bsize } = await statfs(home);
  return { 'process.disk': { saw: { path: home, freeBytes: bavail * bsize, totalBytes: blocks * bsize } } };
}
