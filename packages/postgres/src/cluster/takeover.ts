import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorMessage, HoldfastError } from '@holdfast/core';
import { exists, isErrno, replaceFile, syncDirectory } from './files.ts';
import { recordedDataDir } from './placement.ts';
import { findPostmaster } from './postmaster-file.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-info.ts';
import { removeScratchDirectory } from './scratch-leftovers.ts';

/**
 * How one data directory takes the place of another, in `<home>/restore.json`. Up to `prepared` the old one is in service and
 * nothing of it was touched; from `switching` on the new one is, and every start of the cluster finishes what is left to do.
 */
export interface Takeover {
  readonly version: 1;
  readonly id: string;
  readonly state: 'prepared' | 'switching' | 'done';
  /** Where the database is; this and the next two are absolute, and relative in the file when inside the state directory. */
  readonly dataDir: string;
  /** The new one. */
  readonly prepared: string;
  /** The scratch directory that `prepared` is in, which goes with it when it is given up; null for one that is kept then. */
  readonly scratch: string | null;
  /** Who prepared it, and may still let it take over. */
  readonly owner: ProcessIdentity;
  /** What the old one is called afterwards; null when there was none. */
  readonly replaced: string | null;
  /** ISO 8601, when the old one was stopped; null before. */
  readonly switchedAt: string | null;
  /** What was restored, for people. */
  readonly what: string;
  /** The point that was reached, ISO 8601. */
  readonly restoredTo: string;
}

/** The takeover under way; undefined when there is none. Throws `cluster_failed` when its file cannot be read. */
export async function readTakeover(home: string): Promise<Takeover | undefined> {
  return readFileOf(home, journalFile(home));
}

/** The takeovers that were done and whose replaced directory is still there, the newest first. */
export async function listTakeovers(home: string): Promise<Takeover[]> {
  const names = await readdir(historyDir(home)).catch(() => []);
  const found = await Promise.all(
    names.filter(name => name.endsWith('.json')).map(name => readFileOf(home, join(historyDir(home), name))),
  );
  const known = found.filter(takeover => takeover !== undefined);
  const kept = await Promise.all(
    known.map(async takeover => takeover.replaced !== null && (await exists(takeover.replaced))),
  );
  return known
    .filter((_takeover, index) => kept[index])
    .toSorted((a, b) => ((a.switchedAt ?? '') < (b.switchedAt ?? '') ? 1 : -1));
}

/**
 * Writes down that a data directory is ready to take over, by this process. One that a killed process has prepared is given up.
 * Throws `restore_refused` while another one is under way.
 */
export async function prepareTakeover(
  home: string,
  prepared: Omit<Takeover, 'version' | 'state' | 'owner' | 'switchedAt'>,
): Promise<Takeover> {
  const other = await readTakeover(home);
  const givenUp = other?.state === 'prepared' && (await giveUp(home, other));
  if (other !== undefined && !givenUp) {
    throw new HoldfastError('restore_refused', `Another restore (${other.what}) is under way on ${home}`);
  }
  const owner = (await identifyProcess(process.pid)) ?? { pid: process.pid, startedAt: undefined };
  const takeover: Takeover = { version: 1, state: 'prepared', owner, switchedAt: null, ...prepared };
  await write(home, journalFile(home), takeover);
  return takeover;
}

/** Forgets a takeover that is not switching yet; its directory is the caller's. */
export async function cancelTakeover(home: string): Promise<void> {
  await rm(journalFile(home), { force: true });
  await syncDirectory(home);
}

/**
 * Puts the prepared directory in the place of the old one. The caller has the lock of the state directory and has stopped both.
 * Killed at any moment, the next start of the cluster does the rest.
 */
export async function switchOver(home: string, takeover: Takeover, at: Date): Promise<Takeover> {
  for (const dataDir of [takeover.dataDir, takeover.prepared]) {
    if ((await findPostmaster(dataDir)) === undefined) continue;
    throw new HoldfastError('restore_failed', `PostgreSQL still runs on ${dataDir}; nothing was switched`);
  }
  const replaced = (await exists(takeover.dataDir)) ? takeover.replaced : null;
  const switching: Takeover = { ...takeover, replaced, state: 'switching', switchedAt: at.toISOString() };
  await write(home, journalFile(home), switching);
  return finish(home, switching);
}

/**
 * Settles what a killed restore has left, before the cluster is used: one that was switching is finished, one that was prepared by
 * a process that is gone is given up, and the old database stays. Resolves to what was done, in words.
 */
export async function settleTakeover(home: string): Promise<string | undefined> {
  const takeover = await readTakeover(home);
  if (takeover === undefined) return undefined;
  if (takeover.state === 'prepared') {
    if (!(await giveUp(home, takeover))) return undefined;
    return `a restore (${takeover.what}) was interrupted before it took over: the database is the one of before`;
  }
  await finish(home, takeover);
  return `finished a restore that was interrupted while it took over: the database is now ${takeover.what}`;
}

/** False while the process that prepared it lives: it is about to go on. */
async function giveUp(home: string, { owner, scratch }: Takeover): Promise<boolean> {
  if (await isAlive(owner)) return false;
  await cancelTakeover(home);
  if (scratch !== null) await removeScratchDirectory(scratch);
  return true;
}

/** Every step can be found done already. */
async function finish(home: string, takeover: Takeover): Promise<Takeover> {
  const { dataDir, prepared, replaced } = takeover;
  if (await exists(prepared)) {
    if (replaced !== null && !(await exists(replaced))) await rename(dataDir, replaced);
    await syncDirectory(dirname(dataDir));
    await rename(prepared, dataDir);
    await syncDirectory(dirname(dataDir));
  }
  if (!(await exists(dataDir))) {
    const message = `The takeover of ${takeover.what} cannot be finished: neither ${prepared} nor ${dataDir} is there${replaced === null ? '' : `. The replaced database is ${replaced}`}`;
    throw new HoldfastError('restore_failed', message);
  }
  const done: Takeover = { ...takeover, state: 'done' };
  await mkdir(historyDir(home), { recursive: true, mode: 0o700 });
  await write(home, join(historyDir(home), `${takeover.id}.json`), done);
  await cancelTakeover(home);
  if (takeover.scratch !== null) await removeScratchDirectory(takeover.scratch);
  return done;
}

/** Removes a replaced data directory for good. */
export async function forgetTakeover(home: string, { id, replaced }: Takeover): Promise<void> {
  if (replaced !== null) await rm(replaced, { recursive: true, force: true });
  await rm(join(historyDir(home), `${id}.json`), { force: true });
}

async function readFileOf(home: string, path: string): Promise<Takeover | undefined> {
  try {
    const takeover = JSON.parse(await readFile(path, 'utf8')) as Takeover;
    if (takeover.version !== 1) throw new Error(`its version is ${takeover.version}`);
    const absolute = (name: string): string => resolve(home, name);
    return {
      ...takeover,
      dataDir: absolute(takeover.dataDir),
      prepared: absolute(takeover.prepared),
      replaced: takeover.replaced === null ? null : absolute(takeover.replaced),
      scratch: takeover.scratch === null ? null : absolute(takeover.scratch),
    };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    const message = `${path} cannot be used: ${errorMessage(error)}. It says how far a restore came; look which of the directories beside the database it names are there before it is moved away`;
    throw new HoldfastError('cluster_failed', message, { cause: error });
  }
}

async function write(home: string, path: string, takeover: Takeover): Promise<void> {
  const { dataDir, prepared, replaced, scratch } = takeover;
  const stored: Takeover = {
    ...takeover,
    dataDir: recordedDataDir(home, dataDir),
    prepared: recordedDataDir(home, prepared),
    replaced: replaced === null ? null : recordedDataDir(home, replaced),
    scratch: scratch === null ? null : recordedDataDir(home, scratch),
  };
  await replaceFile(path, `${JSON.stringify(stored, null, 2)}\n`, 0o600);
}

function journalFile(home: string): string {
  return join(home, 'restore.json');
}

function historyDir(home: string): string {
  return join(home, 'restores');
}
