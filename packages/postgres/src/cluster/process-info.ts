import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HAS_PROC = process.platform === 'linux';

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in a form that only compares; undefined when the system does not tell. */
  readonly startedAt: string | undefined;
}

interface ProcessStat {
  readonly command: string;
  readonly state: string;
  readonly startedAt: string;
}

/** The identity of a live process, undefined when there is none. A zombie is not alive, although kill(2) finds it. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = HAS_PROC ? await readProcStat(pid) : await readPs(pid);
  if (stat === undefined || stat.state.startsWith('Z') || stat.state.startsWith('X')) return undefined;
  return { pid, startedAt: stat.startedAt };
}

export async function isAlive({ pid, startedAt }: ProcessIdentity): Promise<boolean> {
  const found = await identifyProcess(pid);
  return found !== undefined && found.startedAt === startedAt;
}

/** Whether a live process is a PostgreSQL server on that data directory: servers make it their working directory. */
export async function isPostgresOn(dataDir: string, pid: number): Promise<boolean> {
  if ((await identifyProcess(pid)) === undefined) return false;
  if (!HAS_PROC) return (await readPs(pid))?.command.includes(dataDir) ?? false;
  return runsIn(await realPath(dataDir), pid);
}

async function runsIn(directory: string, pid: number): Promise<boolean> {
  const [stat, cwd] = await Promise.all([
    readProcStat(pid),
    readlink(`/proc/${pid}/cwd`).catch(() => undefined),
  ]);
  return stat?.command === 'postgres' && cwd === directory;
}

async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** Every PostgreSQL process whose working directory is that data directory; none where the system does not tell. */
export async function findPostgresOn(dataDir: string): Promise<number[]> {
  if (!HAS_PROC) return [];
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number);
  const directory = await realPath(dataDir);
  const matches = await Promise.all(pids.map(async pid => ((await runsIn(directory, pid)) ? [pid] : [])));
  return matches.flat();
}

/** Sends a signal to a process that may be gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** proc(5): `pid (command) state …`, where the command may contain anything, and the start time is field 22. */
async function readProcStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return {
    command: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? '',
    startedAt: fields[19] ?? '',
  };
}

async function readPs(pid: number): Promise<ProcessStat | undefined> {
  const read = async (column: string): Promise<string> =>
    (await run('ps', ['-p', String(pid), '-o', `${column}=`])).stdout.trim();
  try {
    const [state, startedAt, command] = await Promise.all([read('state'), read('lstart'), read('command')]);
    return { state, startedAt, command };
  } catch {
    return undefined;
  }
}
