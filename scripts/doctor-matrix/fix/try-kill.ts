import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@holdfast/core';
import { killNow } from '../../kill-matrix/processes.ts';
import { textOf } from '../cell.ts';
import type { MatrixSystem, StackName } from '../system.ts';
import { runDoctor, startDoctor, toldBy } from './doctor-command.ts';
import { findLeftovers, touchedByPlan, whereCutOff } from './strays.ts';
import { compareSums, sumTables } from './table-sums.ts';
import { type FixSetting, inject, type Repairable, reset } from './try-fix.ts';

/** What became of a repair that was killed, by the second run. */
export type KilledEnd = 'finished' | 'taken back, and done again' | 'done by the second run' | 'it had ended';

/** One repair whose process was killed. */
export interface KillCell {
  readonly stack: StackName;
  readonly seed: number;
  readonly kind: string;
  readonly name: string;
  readonly code: string;
  /** When it was struck. */
  readonly moment: string;
  /** How far its journal says that it came. */
  readonly at: string;
  readonly end: KilledEnd;
  /** What is wrong; nothing when all is well. */
  readonly problems: readonly string[];
}

export interface KillAttempt {
  /** A text says why it could not be tried. */
  readonly outcome: KillCell | string;
  readonly sound: boolean;
}

/** Breaks, kills the command in the middle of its repair, lets another one go on, compares, and resets. Never rejects. */
export async function tryKill(
  system: MatrixSystem,
  repairable: Repairable,
  setting: FixSetting & { readonly random: Random },
): Promise<KillAttempt> {
  let outcome: KillAttempt['outcome'];
  try {
    outcome = await killAndGoOn(system, repairable, setting);
  } catch (error) {
    outcome = textOf(error);
  }
  const { sound } = await reset(system, system.access, repairable.injection);
  return { outcome, sound };
}

async function killAndGoOn(
  { stack, access }: MatrixSystem,
  repairable: Repairable,
  setting: FixSetting & { readonly random: Random },
): Promise<KillCell> {
  const { injection, options } = repairable;
  const { kind, name } = injection;
  const { seed, written, random } = setting;
  const sums = { ...(await inject(access, injection)), written };
  const { code } = injection.expected;
  const since = Date.now();
  const { step, afterMs } = chooseMoment(repairable, random);
  const command = await startDoctor(access, ...options);
  let over = false;
  const ended = command.ended.finally(() => {
    over = true;
  });
  await Promise.race([command.reaches(step).then(() => delay(afterMs)), ended]);
  const tooLate = over;
  killNow(command.pid);
  await ended;
  const at = (await whereCutOff(access.stateDirectory)) ?? 'nothing begun';
  const second = await runDoctor(access, ...options);
  const after = await runDoctor(access);
  const leftovers = await findLeftovers(access);
  const { changed } = compareSums(
    sums,
    await sumTables(access.databaseUrl()),
    await touchedByPlan(access.stateDirectory, since),
  );
  const resumed = second.report?.resumed ?? [];
  const end: KilledEnd = tooLate
    ? 'it had ended'
    : resumed.some(({ outcome }) => outcome === 'undone')
      ? 'taken back, and done again'
      : resumed.length > 0
        ? 'finished'
        : 'done by the second run';
  const problems = [
    ...(second.code === 0 ? [] : [`the second run: ${toldBy(second)}`]),
    ...(after.code === 0 ? [] : [`another examination ends with ${after.code}`]),
    ...changed.map(table => `${table} was changed`),
    ...leftovers.map(what => `left behind: ${what}`),
  ];
  return {
    stack,
    seed,
    kind,
    name,
    code,
    moment: `${Math.round(afterMs)} ms into "${step}"`,
    at,
    end,
    problems,
  };
}

const IN_A_STEP = 0.6;

/** Mostly within a step of the plan, else at any time from its beginning on, short stretches as often as long ones. */
function chooseMoment(
  { course, steps }: Repairable,
  random: Random,
): { readonly step: string; readonly afterMs: number } {
  const names = steps.map(withoutNumbers);
  const planned = course.steps.filter(({ name }) => names.includes(name));
  const first = course.steps.findIndex(
    ({ name }) => names.includes(name) || /^(summing up|taking a backup)/.test(name),
  );
  const within =
    planned.length > 0 && random.chance(IN_A_STEP) ? planned : course.steps.slice(Math.max(0, first));
  const chosen = random.pick(within);
  if (chosen === undefined) throw new Error('the command has told of no step');
  return { step: chosen.name, afterMs: random.next() * chosen.lengthMs };
}

/** As the steps of a command are told apart. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/g, 'N').trim();
}
