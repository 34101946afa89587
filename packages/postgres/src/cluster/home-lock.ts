import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, HoldfastError, systemClock } from '@holdfast/core';
import { makeDirectory } from '../make-directory.ts';
import { isErrno } from './files.ts';
import { discardCopiedRun, markHome } from './home-mark.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-info.ts';

/** The exclusive use of a state directory, until it is released or this process ends in whatever way. */
export interface HomeLock {
  release(): Promise<void>;
}

/** A claim is a file of its own, so that nobody ever removes or replaces a file of somebody who is alive. */
interface Claim {
  readonly file: string;
  readonly state: 'claiming' | 'held';
  readonly process: ProcessIdentity;
}

const POLL_MS = 10;

/**
 * Takes a state directory for this process; throws `home_in_use`, naming the process, when another live one has it, or
 * this one already. Of several that try at the same time exactly one succeeds: everybody shows a claim before looking
 * at those of the others, and among claims of the same moment the first in order wins.
 */
export async function lockHome(home: string, clock: Clock = systemClock): Promise<HomeLock> {
  const directory = join(resolve(home), 'run', 'claims');
  await discardCopiedRun(home);
  await makeDirectory(directory);
  await markHome(home);
  const self = await identifyProcess(process.pid);
  const mine: Claim = {
    file: `${process.pid}-${randomUUID()}.json`,
    state: 'claiming',
    process: self ?? { pid: process.pid, startedAt: undefined },
  };
  await writeClaim(directory, mine);
  const release = (): Promise<void> => rm(join(directory, mine.file), { force: true });
  try {
    await prevail(directory, mine, home, clock);
    await writeClaim(directory, { ...mine, state: 'held' });
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Whether a live process has a state directory for itself. Changes nothing. */
export async function isHomeInUse(home: string): Promise<boolean> {
  const directory = join(resolve(home), 'run', 'claims');
  const files = await readdir(directory).catch(ignoreMissing);
  for (const file of files ?? []) {
    const text = await readFile(join(directory, file), 'utf8').catch(ignoreMissing);
    const claim = text === undefined ? undefined : parseClaim(file, text);
    if (claim?.state === 'held' && (await isAlive(claim.process))) return true;
  }
  return false;
}

/** Waits until no other claim is left, or throws when one goes before ours. */
async function prevail(directory: string, mine: Claim, home: string, clock: Clock): Promise<void> {
  for (;;) {
    const others = (await readClaims(directory)).filter(({ file }) => file !== mine.file);
    if (others.length === 0) return;
    const winner = others.find(({ state, file }) => state === 'held' || file < mine.file);
    if (winner !== undefined) throw inUse(home, winner);
    await clock.sleep(POLL_MS);
  }
}

function inUse(home: string, { process: { pid } }: Claim): HoldfastError {
  const who = pid === process.pid ? 'This process' : `Another Holdfast (pid ${pid})`;
  return new HoldfastError(
    'home_in_use',
    `${who} runs on the state directory ${home}. Use that one, stop it, or give another directory with --home`,
    { details: { pid } },
  );
}

/** The claims of live processes; those of dead ones are removed. */
async function readClaims(directory: string): Promise<Claim[]> {
  const files = (await readdir(directory)).filter(file => file.endsWith('.json'));
  const claims = await Promise.all(files.map(file => readClaim(directory, file)));
  return claims.filter(claim => claim !== undefined);
}

async function readClaim(directory: string, file: string): Promise<Claim | undefined> {
  const path = join(directory, file);
  const text = await readFile(path, 'utf8').catch(ignoreMissing);
  if (text === undefined) return undefined;
  const claim = parseClaim(file, text);
  if (claim !== undefined && (await isAlive(claim.process))) return claim;
  await rm(path, { force: true });
  return undefined;
}

/** Claims appear whole, so one that is not is what a power failure left. */
function parseClaim(file: string, text: string): Claim | undefined {
  try {
    return { ...(JSON.parse(text) as Omit<Claim, 'file'>), file };
  } catch {
    return undefined;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!isErrno(error, 'ENOENT')) throw error;
}

/** Through a rename, so that nobody reads half a claim. */
async function writeClaim(directory: string, { file, ...claim }: Claim): Promise<void> {
  const path = join(directory, file);
  await writeFile(`${path}.new`, JSON.stringify(claim));
  await rename(`${path}.new`, path);
}
