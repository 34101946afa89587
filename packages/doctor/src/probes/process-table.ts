import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HAS_PROC = process.platform === 'linux';

/** A process as the system sees it. */
export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
  /** Milliseconds since the epoch; undefined where the system does not tell. */
  readonly startedAt: number | undefined;
  /** Whether a signal has stopped it. */
  readonly suspended: boolean;
}

/** The process with this pid; undefined when there is none, or only a zombie. */
export async function findProcess(pid: number): Promise<RunningProcess | undefined> {
  return HAS_PROC ? findInProc(pid) : findWithPs(pid);
}

const START_FIELD = 19;
const TICKS_PER_SECOND = 100;

/** proc_pid_stat(5): the name in parentheses may hold anything, so fields are counted from the last parenthesis. */
async function findInProc(pid: number): Promise<RunningProcess | undefined> {
  try {
    const [stat, command, system] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile('/proc/stat', 'utf8'),
    ]);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0] ?? '';
    if (state === 'Z' || state === 'X') return undefined;
    const booted = Number(/^btime (\d+)$/m.exec(system)?.[1]) * 1_000;
    const startedAt = booted + (Number(fields[START_FIELD]) / TICKS_PER_SECOND) * 1_000;
    return { pid, command: command.replaceAll('\0', ' ').trim(), startedAt, suspended: state === 'T' };
  } catch {
    return undefined;
  }
}

async function findWithPs(pid: number): Promise<RunningProcess | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=,args=', '-p', String(pid)]);
    const [, state, started, command] =
      /^(\S+)\s+(\S+\s+\S+\s+\d+\s+\S+\s+\d+)\s+(.*)$/.exec(stdout.trim()) ?? [];
    if (state === undefined || state.startsWith('Z')) return undefined;
    const startedAt = Date.parse(started ?? '');
    return {
      pid,
      command: command ?? '',
      startedAt: Number.isNaN(startedAt) ? undefined : startedAt,
      suspended: state.startsWith('T'),
    };
  } catch {
    return undefined;
  }
}

/**
 * The process that listens on a TCP port; undefined when nobody does or the system does not tell. The one that probably
 * does is looked at first, because looking at all of them takes time.
 */
export async function findListener(port: number, probably: number): Promise<RunningProcess | undefined> {
  if (!HAS_PROC) return undefined;
  const inodes = await listeningInodes(port);
  if (inodes.size === 0) return undefined;
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number);
  for (const pid of [probably, ...pids]) {
    if (await ownsSocket(pid, inodes)) return findProcess(pid);
  }
  return undefined;
}

const LISTEN_STATE = '0A';

/** proc_net(5): local address, state and inode of every TCP socket. */
async function listeningInodes(port: number): Promise<ReadonlySet<string>> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(path => readFile(path, 'utf8').catch(() => '')),
  );
  const rows = tables.flatMap(table => table.split('\n').slice(1)).map(line => line.trim().split(/\s+/));
  const listening = rows.filter(fields => fields[1]?.endsWith(suffix) && fields[3] === LISTEN_STATE);
  return new Set(listening.map(fields => `socket:[${fields[9]}]`));
}

async function ownsSocket(pid: number, inodes: ReadonlySet<string>): Promise<boolean> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const name of names) {
    const link = await readlink(`/proc/${pid}/fd/${name}`).catch(() => '');
    if (inodes.has(link)) return true;
  }
  return false;
}
