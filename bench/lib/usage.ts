import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setInterval as every } from 'node:timers/promises';

/** What something took. */
export interface Usage {
  readonly seconds: number;
  /** User and system time of every process that had a part in it, seconds. */
  readonly cpuSeconds: number;
  /** Of the programs and their children at one moment, without the servers and without shared memory. */
  readonly peakMiB: number;
}

const TICKS_PER_SECOND = 100;
const POLL_MS = 100;
const USER_TICKS = 11;
const KIB_PER_MIB = 1_024;

/**
 * Runs work that starts programs and waits for them, one piece of work at a time: their processor time is what was added to that
 * of this process's children meanwhile, and that of the servers.
 */
export async function measureUsage(work: () => Promise<void>, servers: readonly number[]): Promise<Usage> {
  const before = childTicks() + serverTicks(servers);
  const memory = watchMemory(servers);
  const begun = performance.now();
  try {
    await work();
  } finally {
    memory.stop();
  }
  const seconds = (performance.now() - begun) / 1_000;
  const ticks = childTicks() + serverTicks(servers) - before;
  return { seconds, cpuSeconds: ticks / TICKS_PER_SECOND, peakMiB: memory.peakMiB() };
}

export interface ProgramOptions {
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end; throws with the end of what it said when that is no success. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const child = spawn(file, args, { ...options, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', chunk => {
    output += chunk;
  });
  child.stderr.on('data', chunk => {
    errors = `${errors}${chunk}`.slice(-10_000);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${output}\n${errors}`);
  return output;
}

function fieldsOf(pid: number | 'self'): number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** proc(5): utime, stime, cutime, cstime. */
function childTicks(): number {
  return sum(fieldsOf('self').slice(USER_TICKS + 2, USER_TICKS + 4));
}

/** Of what has ended its parent knows; what runs is asked itself. */
function serverTicks(servers: readonly number[]): number {
  return sum(
    servers.map(server => {
      const ended = sum(fieldsOf(server).slice(USER_TICKS, USER_TICKS + 4));
      return ended + sum(childrenOf(server).map(ownTicks));
    }),
  );
}

function ownTicks(pid: number): number {
  return orNothing(0, () => sum(fieldsOf(pid).slice(USER_TICKS, USER_TICKS + 2)));
}

function childrenOf(pid: number): number[] {
  return orNothing([], () =>
    readdirSync(`/proc/${pid}/task`).flatMap(thread => {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim();
      return text === '' ? [] : text.split(' ').map(Number);
    }),
  );
}

/** Processes come and go while they are looked at. */
function orNothing<T>(nothing: T, look: () => T): T {
  try {
    return look();
  } catch {
    return nothing;
  }
}

function watchMemory(servers: readonly number[]): { stop(): void; peakMiB(): number } {
  const stopped = new AbortController();
  let peak = 0;
  const watch = async (): Promise<void> => {
    for await (const _ of every(POLL_MS, undefined, { signal: stopped.signal })) {
      const own = descendantsOf(process.pid, servers);
      peak = Math.max(peak, sum(own.map(residentKib)));
    }
  };
  watch().catch(() => undefined);
  return { stop: () => stopped.abort(), peakMiB: () => peak / KIB_PER_MIB };
}

function descendantsOf(pid: number, without: readonly number[]): number[] {
  const children = childrenOf(pid).filter(child => !without.includes(child));
  return children.flatMap(child => [child, ...descendantsOf(child, without)]);
}

function residentKib(pid: number): number {
  return orNothing(0, () => {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const field = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    return field('RssAnon') + field('RssFile');
  });
}
