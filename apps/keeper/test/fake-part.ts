import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@holdfast/core';
import { describeExit, type Exit } from '../src/process/exit.ts';
import type { Incidents } from '../src/records/incidents.ts';
import type { Part } from '../src/supervision/part.ts';
import type { RestartPolicyOptions } from '../src/supervision/restart-policy.ts';
import { type Supervisor, supervise } from '../src/supervision/supervise.ts';

/** Lives until it is told to end; says so before it ends. */
export const STEADY =
  'process.on("SIGTERM", () => process.exit(0)); process.stdout.write("up"); setInterval(() => {}, 1000)';
/** Lives, and does not listen to SIGTERM. */
export const STUBBORN =
  'process.on("SIGTERM", () => {}); process.stdout.write("up"); setInterval(() => {}, 1000)';
/** Serves for a moment and crashes. */
export const CRASHING = 'process.stdout.write("up"); setTimeout(() => process.exit(7), 5)';
/** Never serves. */
export const BROKEN = 'process.exit(3)';

export interface FakePart extends Part {
  /** The pids of its lives, in order. */
  readonly pids: readonly number[];
  program: string;
}

/** A part whose lives are real processes of a tiny program. */
export function fakePart(program: string, hangs?: Part['hangs']): FakePart {
  const pids: number[] = [];
  return {
    name: 'server',
    pids,
    program,
    async launch() {
      const child = spawn(process.execPath, ['-e', this.program], { stdio: ['ignore', 'pipe', 'ignore'] });
      const exited = new Promise<Exit>(resolve =>
        child.once('exit', (code, signal) => resolve({ code, signal })),
      );
      const up = new Promise<'up'>(resolve => child.stdout.once('data', () => resolve('up')));
      const first = await Promise.race([up, exited]);
      if (first !== 'up') throw new Error(`it ${describeExit(first)}`);
      const pid = child.pid ?? 0;
      pids.push(pid);
      return {
        pid,
        adopted: false,
        exited,
        kill: () => void child.kill('SIGKILL'),
        stop: async hurry => {
          child.kill('SIGTERM');
          if (hurry.aborted) child.kill('SIGKILL');
          hurry.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
          await exited;
        },
      };
    },
    explain: async exit => `it ${describeExit(exit)}`,
    ...(hangs === undefined ? {} : { hangs }),
  };
}

export const QUICK: RestartPolicyOptions = {
  baseMs: 10,
  maxMs: 50,
  loopExits: 4,
  loopWindowMs: 60_000,
  loopDelayMs: 60_000,
  stableMs: 60_000,
};

export function superviseFake(part: Part, incidents: Incidents, policy = QUICK): Supervisor {
  return supervise({ part, policy, incidents, clock: systemClock });
}

/** Waits until something holds; fails after the bound. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Within ${withinMs} ms it did not come true that ${what}`);
    await delay(10);
  }
}
