import type { Diagnosis } from '@holdfast/doctor';
import { inTime } from './in-time.ts';
import { type HiddenVerdict, judgeHidden, reportsOf, type Score, score } from './score.ts';
import type { Injection, MatrixSystem, StackName } from './system.ts';

/** One fault at one system. */
export interface Cell {
  readonly stack: StackName;
  readonly seed: number;
  readonly kind: string;
  readonly name: string;
  readonly code: string;
  readonly layer: string;
  readonly subject: string;
  readonly score: Score;
  /** What the doctor has said, for whoever wants to know why. */
  readonly said: readonly string[];
  readonly hidden: Readonly<Record<string, HiddenVerdict>>;
}

/** What could not be seen of a fault: that it could not be made, or not mended. */
export interface Trouble {
  readonly stack: StackName;
  readonly seed: number;
  readonly name: string;
  readonly why: string;
}

export interface Attempt {
  readonly cell?: Cell;
  readonly alone?: Diagnosis;
  readonly trouble?: Trouble;
  /** Reports on the system after it was mended. */
  readonly afterwards: readonly string[];
  /** Whether the system is sound again, and can be used for the next. */
  readonly sound: boolean;
}

/** Breaks, examines, mends, and proves that all is well again. Never rejects. */
export async function tryOne(system: MatrixSystem, injection: Injection, seed: number): Promise<Attempt> {
  const { stack, codebook } = system;
  const trouble = (why: unknown): Trouble => ({ stack, seed, name: injection.name, why: textOf(why) });
  let diagnosis: Diagnosis | undefined;
  let failed: unknown;
  const hidden: Record<string, HiddenVerdict> = {};
  try {
    await inTime(injection.inject());
    diagnosis = await system.examine();
    for (const { name, examine } of system.hiddenViews)
      hidden[name] = judgeHidden(await examine(), injection.expected);
  } catch (error) {
    failed = error;
  }
  const expected = { ...injection.expected };
  const { code, layer, subject } = expected;
  const healed = await heal(system, [injection]);
  if (diagnosis === undefined || healed.well === undefined) {
    return {
      trouble: trouble(failed ?? healed.why),
      afterwards: healed.reports,
      sound: healed.sound,
      ...(diagnosis === undefined ? {} : { alone: diagnosis }),
    };
  }
  const cell: Cell = {
    ...{ stack, seed, kind: injection.kind, name: injection.name, code, layer, subject },
    score: score(diagnosis, expected, healed.well, codebook),
    said: reportsOf(diagnosis),
    hidden,
  };
  const rest = { cell, alone: diagnosis, afterwards: healed.reports, sound: healed.sound };
  return failed === undefined ? rest : { ...rest, trouble: trouble(failed) };
}

export interface Healed {
  readonly sound: boolean;
  /** The diagnosis afterwards; undefined when there was none. */
  readonly well: Diagnosis | undefined;
  readonly reports: readonly string[];
  readonly why?: unknown;
}

/** Mends what was broken, the last first, once more when the order was wrong, and examines the system. */
export async function heal(system: MatrixSystem, injections: readonly Injection[]): Promise<Healed> {
  let why: unknown;
  for (let round = 0; round < 2; round += 1) {
    why = undefined;
    for (const injection of injections.toReversed()) {
      await inTime(injection.heal()).catch((error: unknown) => {
        why = error;
      });
    }
    if (why === undefined) break;
  }
  try {
    const well = await system.examine();
    const reports = reportsOf(well);
    return { sound: reports.length === 0 && why === undefined, well, reports, why };
  } catch (error) {
    return { sound: false, well: undefined, reports: [], why: error };
  }
}

export function textOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why ?? 'nobody knows why');
}
