import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A running process, told apart from a later one with the same pid by the moment it started. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for the same process and different for every other, also after a reboot. */
  readonly startedAt: string;
  readonly command: readonly string[];
}

/** The process with this pid; undefined when there is none or it is only a zombie. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    return process.platform === 'linux' ? identifyByProc(pid) : identifyByPs(pid);
  } catch {
    return undefined;
  }
}

/** Whether the very process that was recorded still runs. */
export function stillRuns(recorded: Pick<ProcessIdentity, 'pid' | 'startedAt'>): boolean {
  return identifyProcess(recorded.pid)?.startedAt === recorded.startedAt;
}

/** When a process started, to the second at best; undefined when it cannot be told. */
export function processStart(pid: number): Date | undefined {
  try {
    const [, booted] = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
    const ticks = Number(procStat(pid)[START_TIME_FIELD]);
    const start = new Date((Number(booted) + ticks / TICKS_PER_SECOND) * 1_000);
    return Number.isNaN(start.getTime()) ? undefined : start;
  } catch {
    return undefined;
  }
}

/** Resident memory in bytes; undefined when it cannot be told. */
export function residentMemory(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
  } catch {
    return undefined;
  }
}

const START_TIME_FIELD = 19;
const TICKS_PER_SECOND = 100;

/** proc_pid_stat(5): the name in parentheses may hold anything, so fields are counted from the last parenthesis. */
function procStat(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function identifyByProc(pid: number): ProcessIdentity | undefined {
  const fields = procStat(pid);
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  return { pid, startedAt: `${boot}/${fields[START_TIME_FIELD]}`, command };
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  const line = execFileSync('ps', ['-o', 'stat=,lstart=,args=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  const [, state, startedAt, args] = /^(\S+)\s+(\S+\s+\S+\s+\d+\s+\S+\s+\d+)\s+(.*)$/.exec(line) ?? [];
  if (state === undefined || startedAt === undefined || state.startsWith('Z')) return undefined;
  return { pid, startedAt, command: args?.split(' ') ?? [] };
}
