import { createRandom, errorMessage } from '@holdfast/core';
import type { GamedayPlan } from './gameday-options.ts';
import { playRound } from './play-round.ts';
import type { RoundResult, Stage } from './stage.ts';
import { type CopiedHome, type CopyOptions, copyHome } from './system/copy-home.ts';
import { openDatabase } from './system/database.ts';
import { createRunHoldfast } from './system/holdfast-child.ts';
import { removeCopy } from './system/remove-copy.ts';
import { createSystem, type RunningSystem } from './system/running-system.ts';
import { type Crowd, createCrowd } from './users/crowd.ts';
import { importUsers } from './users/import-users.ts';
import type { UserWorld } from './users/simulated-user.ts';
import { createTraffic } from './users/traffic.ts';
import { createWriteLog } from './users/write-log.ts';

export interface GamedayOptions extends CopyOptions {
  readonly plan: GamedayPlan;
}

/** A whole game day. */
export interface GamedayResult {
  readonly ok: boolean;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly copy: CopiedHome['from'];
  /** The copy, when it was kept. */
  readonly home: string | null;
  readonly users: number;
  readonly seed: number;
  readonly backupOnly: boolean;
  readonly backupAgeMs: number;
  readonly rounds: readonly RoundResult[];
  /** The damage that could not be played to its end, such as one whose restore failed; none was played after it. */
  readonly broken: BrokenRound | null;
}

export interface BrokenRound {
  readonly damage: string;
  readonly reason: string;
}

/** From here on accounts are imported, with a hash made once, instead of registered one by one. */
const IMPORT_FROM = 500;

/**
 * Plays the damages one after the other on a copy of the system, which is removed afterwards. Rejects when it cannot be played;
 * what was not proven is in the result.
 */
export async function runGameday(options: GamedayOptions): Promise<GamedayResult> {
  const { plan, now, signal, progress, keep } = options;
  const startedAt = now();
  progress('making the copy');
  const copy = await copyHome(options);
  const system = createSystem({ launcher: options.launcher, home: copy.home, now, signal });
  try {
    await system.start();
    const { rounds, broken } = await play(options, system);
    const { users, seed, backupOnly, backupAgeMs } = plan;
    return {
      ok: broken === null && rounds.every(({ ok }) => ok),
      startedAt: new Date(startedAt).toISOString(),
      durationMs: now() - startedAt,
      copy: copy.from,
      home: keep ? copy.home : null,
      ...{ users, seed, backupOnly, backupAgeMs },
      rounds,
      broken,
    };
  } finally {
    await system.stop().catch(error => progress(String(error)));
    if (!keep) await removeCopy(copy.home);
  }
}

async function play(
  options: GamedayOptions,
  system: RunningSystem,
): Promise<Pick<GamedayResult, 'rounds' | 'broken'>> {
  const { plan, now, signal, progress } = options;
  const run = createRunHoldfast({ launcher: options.launcher, home: system.home, now });
  const { world, crowd } = await gather(options, system);
  const stage: Stage = {
    ...{ system, world, crowd, run, now, signal, progress },
    database: openDatabase(system.home),
    workMs: plan.workMs,
    newcomers: Math.ceil(plan.users / 20),
    backupOnly: plan.backupOnly,
    backupAgeMs: plan.backupAgeMs,
    kept: world.log.slice(0),
  };
  const rounds: RoundResult[] = [];
  try {
    for (const damage of plan.damages) {
      const broken = await playRound(stage, damage).then(
        round => void rounds.push(round),
        error => ({ damage: damage.name, reason: errorMessage(error) }),
      );
      signal.throwIfAborted();
      if (broken !== undefined) return { rounds, broken };
    }
    return { rounds, broken: null };
  } finally {
    await crowd.dismiss();
  }
}

/** Everybody who works that day, signed in. */
async function gather(
  { plan, launcher, now, signal, progress }: GamedayOptions,
  system: RunningSystem,
): Promise<{ readonly world: UserWorld; readonly crowd: Crowd }> {
  const world: UserWorld = {
    url: system.url,
    log: createWriteLog(now),
    traffic: createTraffic(now),
    revoked: [],
  };
  const day = Math.round(now() / 1_000).toString(36);
  const emails = Array.from({ length: plan.users }, (_, index) => `gameday-${day}-${index}@example.com`);
  const registered = plan.users >= IMPORT_FROM;
  if (registered)
    await importUsers(emails, system.home, createRunHoldfast({ launcher, home: system.home, now }));
  const crowd = createCrowd({ world, emails, registered, random: createRandom(plan.seed), signal });
  progress(`signing ${plan.users} users in`);
  await crowd.assemble();
  return { world, crowd };
}
