import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@holdfast/core';
import type { CommandEnd, RunningCommand } from './command.ts';
import type { Disk } from './disk.ts';
import { killNow } from './processes.ts';

/** One way to interrupt, and how it is over again. */
export interface Victim {
  readonly name: string;
  strike(command: RunningCommand | undefined): Promise<void>;
  /** What has to happen before the system can go on, such as space on the disk. */
  relieve(): Promise<void>;
}

export const holdfastProcess: Victim = {
  name: 'holdfast killed',
  strike: async command => killNow(command?.pid),
  relieve: async () => undefined,
};

export function killing(
  name: string,
  ...kills: readonly ((command?: RunningCommand) => Promise<void> | void)[]
): Victim {
  return {
    name,
    strike: async command => {
      await Promise.all(kills.map(kill => kill(command)));
    },
    relieve: async () => undefined,
  };
}

const MOST_LEFT = 1_500_000;

/** Full but for a random rest, so that it ends in the middle of this write or a later one. */
export function fullDisk(name: string, disk: Disk, random: Random): Victim {
  return {
    name,
    strike: () => disk.fill(Math.floor(random.next() * MOST_LEFT)),
    relieve: () => disk.free(),
  };
}

/** How a command runs when nobody disturbs it. */
export interface Course {
  readonly durationMs: number;
  readonly steps: readonly { readonly name: string; readonly lengthMs: number }[];
}

/** Measured on one run. */
export function courseOf({ steps }: RunningCommand, durationMs: number): Course {
  return {
    durationMs,
    steps: steps.map(({ name, atMs }, index) => ({
      name,
      lengthMs: Math.max(1, (steps[index + 1]?.atMs ?? durationMs) - atMs),
    })),
  };
}

/** When to strike: half of the moments at any time of the whole run, half within a step, short ones as often as long ones. */
export type Moment = { readonly text: string; await(command: RunningCommand): Promise<void> };

export function chooseMoment(course: Course, random: Random): Moment {
  const [first, ...rest] = course.steps;
  if (first === undefined || random.chance(0.5)) {
    const ms = random.next() * course.durationMs * 1.1;
    return { text: `after ${Math.round(ms)} ms`, await: () => delay(ms) };
  }
  const step = random.pick([first, ...rest]);
  const ms = random.next() * step.lengthMs;
  return {
    text: `${Math.round(ms)} ms into "${step.name}"`,
    await: async command => {
      await command.reaches(step.name);
      await delay(ms);
    },
  };
}

export interface Struck {
  readonly end: CommandEnd;
  /** The command had ended before the blow. */
  readonly tooLate: boolean;
}

const RESTS_MS = 60_000;

/** Lets a command run, strikes at the moment, and waits for its end, whatever that is. */
export async function interrupt(command: RunningCommand, victim: Victim, moment: Moment): Promise<Struck> {
  let over = false;
  const ended = command.ended.finally(() => {
    over = true;
  });
  await Promise.race([moment.await(command), ended]);
  const tooLate = over;
  if (!tooLate) await victim.strike(command);
  const inTime = await Promise.race([ended.then(() => true), delay(RESTS_MS, false, { ref: false })]);
  await victim.relieve();
  // one that waits for something that was killed may go on when it is back
  if (!inTime) await Promise.race([ended, delay(RESTS_MS, undefined, { ref: false })]);
  if (!over) killNow(command.pid);
  return { end: await ended, tooLate };
}
