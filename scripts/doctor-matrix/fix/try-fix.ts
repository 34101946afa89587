import { type Course, courseOf } from '../../kill-matrix/victims.ts';
import { type Healed, heal, textOf } from '../cell.ts';
import { inTime } from '../in-time.ts';
import { labelOf } from '../score.ts';
import type { CommandAccess, Injection, MatrixSystem, StackName } from '../system.ts';
import { agreeingTo, type DoctorRun, runDoctor, runOf, startDoctor, toldBy } from './doctor-command.ts';
import { endStrays, touchedByPlan } from './strays.ts';
import { type ComparedTables, compareSums, type Sums, sumTables } from './table-sums.ts';

/** One fault that the doctor has repaired, or should have. */
export interface FixCell {
  readonly stack: StackName;
  readonly seed: number;
  readonly kind: string;
  readonly name: string;
  readonly code: string;
  /** What the plan had hands for, as `code subject`. */
  readonly planned: readonly string[];
  /** The command ended with 0, and so did another examination afterwards. */
  readonly green: boolean;
  readonly tables: ComparedTables;
  /** Each planned repair is in the report, done and proven. */
  readonly told: boolean;
  readonly seconds: number;
  /** What is wrong; nothing when all is well. */
  readonly problems: readonly string[];
}

/** A fault that the doctor leaves to a person. */
export interface Handless {
  readonly stack: StackName;
  readonly kind: string;
  readonly code: string;
  readonly why: string;
  /** What it says to do. */
  readonly steps: readonly string[];
}

/** What is known of one injection when it was repaired, for a run that is to be killed. */
export interface Repairable {
  readonly injection: Injection;
  readonly options: readonly string[];
  readonly course: Course;
  /** What the steps of the plan are called while they are carried out. */
  readonly steps: readonly string[];
}

export interface FixSetting extends Pick<Sums, 'written'> {
  readonly seed: number;
}

export interface FixAttempt {
  readonly cell?: FixCell;
  readonly handless?: readonly Handless[];
  readonly repairable?: Repairable;
  readonly trouble?: string;
  readonly sound: boolean;
}

/** Breaks, asks for the plan, lets the command repair when it has hands, compares, and resets. Never rejects. */
export async function tryFix(
  system: MatrixSystem,
  injection: Injection,
  { seed, written }: FixSetting,
): Promise<FixAttempt> {
  const { access } = system;
  let attempt: Omit<FixAttempt, 'sound'>;
  try {
    attempt = await breakAndFix(system, injection, { seed, written });
  } catch (error) {
    attempt = { trouble: textOf(error) };
  }
  const { sound } = await reset(system, access, injection);
  return { ...attempt, sound };
}

/** Ends what a command has started, and heals. */
export async function reset(
  system: MatrixSystem,
  access: CommandAccess,
  injection: Injection,
): Promise<Healed> {
  await endStrays(access);
  return heal(system, [injection]);
}

async function breakAndFix(
  { stack, access }: MatrixSystem,
  injection: Injection,
  { seed, written }: FixSetting,
): Promise<Omit<FixAttempt, 'sound'>> {
  const sums = { ...(await inject(access, injection)), written };
  const { kind, name } = injection;
  const { code } = injection.expected;
  const plan = await planFor(access);
  if (plan.report === undefined) return { trouble: toldBy(plan) };
  if (plan.report.repairs.length === 0) return { handless: leftBy(stack, kind, code, plan) };
  const options = agreeingTo(plan.report, access);
  const since = Date.now();
  const { fixed, course } = await repairWith(access, options);
  const planned = plan.report.repairs.map(labelOf);
  const verdict = await judgeFixed(access, fixed, { sums, planned, since });
  const cell: FixCell = {
    ...{ stack, seed, kind, name, code, planned, ...verdict },
    seconds: Math.round(course.durationMs / 100) / 10,
  };
  const steps = plan.report.repairs.flatMap(repair => repair.steps.map(({ what }) => what));
  return { cell, repairable: { injection, options, course, steps } };
}

const MOST_LOOKS = 3;

/** On a busy machine an examination may not have the time to see everything, so it is asked again when it has seen nothing wrong. */
async function planFor(access: CommandAccess): Promise<DoctorRun> {
  let plan = await runDoctor(access, '--fix=plan');
  for (let look = 1; look < MOST_LOOKS && plan.report?.status === 'green'; look += 1)
    plan = await runDoctor(access, '--fix=plan');
  return plan;
}

/** The same of a repair that has begun nothing. */
async function repairWith(
  access: CommandAccess,
  options: readonly string[],
): Promise<{ readonly fixed: DoctorRun; readonly course: Course }> {
  for (let look = 1; ; look += 1) {
    const begun = performance.now();
    const command = await startDoctor(access, ...options);
    const fixed = runOf(await command.ended);
    const course = courseOf(command, performance.now() - begun);
    if (look === MOST_LOOKS || fixed.report?.status !== 'green' || fixed.report.repairs.length > 0)
      return { fixed, course };
  }
}

/** Sums the tables up, breaks, and sums them up again. @throws when it cannot be broken */
export async function inject(access: CommandAccess, injection: Injection): Promise<Omit<Sums, 'written'>> {
  const sound = await sumTables(access.databaseUrl());
  if (sound === undefined) throw new Error('the database of the sound system cannot be reached');
  await inTime(injection.inject());
  return { sound, broken: await sumTables(access.databaseUrl()) };
}

interface FixedBy {
  readonly sums: Sums;
  readonly planned: readonly string[];
  /** When the repair was begun, in milliseconds since the epoch. */
  readonly since: number;
}

/** Whether all is well after a repair, by another examination and by sums of its own. */
async function judgeFixed(
  access: CommandAccess,
  fixed: DoctorRun,
  { sums, planned, since }: FixedBy,
): Promise<Pick<FixCell, 'green' | 'tables' | 'told' | 'problems'>> {
  const after = await runDoctor(access);
  const touches = await touchedByPlan(access.stateDirectory, since);
  const tables = compareSums(sums, await sumTables(access.databaseUrl()), touches);
  const helped = (fixed.report?.repairs ?? [])
    .filter(({ outcome, steps }) => outcome === 'helped' && steps.every(step => step.outcome === 'done'))
    .map(labelOf);
  const green = fixed.code === 0 && fixed.report?.status === 'green' && after.code === 0;
  const told =
    planned.every(label => helped.includes(label)) && /^Repaired: /.test(fixed.report?.headline ?? '');
  const problems = [
    ...(fixed.code === 0 ? [] : [`not repaired: ${toldBy(fixed)}`]),
    ...(after.code === 0 ? [] : [`another examination ends with ${after.code}`]),
    ...tables.changed.map(name => `${name} was changed`),
    ...(told || fixed.code !== 0 ? [] : [`not told: ${planned.join(', ')}; helped: ${helped.join(', ')}`]),
  ];
  return { green, tables, told, problems };
}

function leftBy(stack: StackName, kind: string, expected: string, { report }: DoctorRun): Handless[] {
  const left = report?.left ?? [];
  if (left.length === 0)
    return [{ stack, kind, code: expected, why: `nothing is named: ${report?.headline}`, steps: [] }];
  return left.map(({ code, why, steps }) => ({ stack, kind, code, why, steps }));
}
