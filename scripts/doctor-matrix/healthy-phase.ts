import type { Progress } from './progress.ts';
import { reportsOf } from './score.ts';
import type { HealthyControl, MatrixSystem, StackName } from './system.ts';

/** Examinations of a system that is sound, in one of its states. */
export interface HealthyCell {
  readonly stack: StackName;
  readonly control: string;
  readonly runs: number;
  /** What was reported though nothing was wrong. */
  readonly reports: readonly string[];
  /** Of the slowest examination. */
  readonly slowestMs: number;
}

/** Examines a sound system so many times in each of its states. */
export async function tryControls(
  system: MatrixSystem,
  runs: number,
  progress: Progress,
): Promise<HealthyCell[]> {
  const cells: HealthyCell[] = [];
  const { controls } = system;
  for (const [index, control] of controls.entries()) {
    if (progress.isOver()) break;
    // the remainder goes to the first ones
    const own = Math.floor(runs / controls.length) + (index < runs % controls.length ? 1 : 0);
    const cell = await tryControl(system, control, own, progress);
    cells.push(cell);
    progress.say(`healthy, ${control.name}: ${cell.runs} runs, ${cell.reports.length} reports`);
  }
  return cells;
}

async function tryControl(
  system: MatrixSystem,
  { name, prepare, during }: HealthyControl,
  runs: number,
  progress: Progress,
): Promise<HealthyCell> {
  const reports: string[] = [];
  let [done, slowestMs] = [0, 0];
  await prepare?.();
  const over = new AbortController();
  const traffic = during?.(over.signal);
  try {
    for (; done < runs && !progress.isOver(); done += 1) {
      const diagnosis = await system.examine();
      slowestMs = Math.max(slowestMs, diagnosis.timings.durationMs);
      reports.push(...reportsOf(diagnosis).map(report => `${name}: ${report}`));
    }
  } finally {
    over.abort();
    await traffic;
  }
  return { stack: system.stack, control: name, runs: done, reports, slowestMs };
}
