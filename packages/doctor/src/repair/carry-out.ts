import { errorMessage, HoldfastError, isHoldfastError, redactText } from '@holdfast/core';
import type { JournaledStep } from './repair-journal.ts';
import { runStep, settleStep, undoStep } from './steps/run-step.ts';
import type { StepWork } from './steps/step-work.ts';

/**
 * Carries out what is left of a repair, the journal a step ahead. A step that fails takes those before it back. Rejects with
 * `interrupted` when it is stopped between two steps: the journal then says how far it came.
 */
export async function carryOut(work: StepWork): Promise<void> {
  const { repair } = work;
  repair.phase = 'applying';
  await work.save();
  for (const step of repair.steps) {
    if (step.state === 'done' || step.state === 'skipped') continue;
    throwIfStopped(work.signal);
    if (!(await carryOutStep(work, step))) return takeBack(work);
  }
  repair.phase = 'applied';
  await work.save();
}

async function carryOutStep(work: StepWork, step: JournaledStep): Promise<boolean> {
  const begin = work.clock.monotonic();
  step.state = 'begun';
  await work.save();
  work.onProgress(step.what);
  try {
    step.detail = await runStep(work, step);
    step.state = 'done';
  } catch (error) {
    const settled = isHoldfastError(error, 'commit_unknown') ? await settleStep(work, step) : 'not done';
    step.state = settled === 'done' ? 'done' : 'failed';
    step.detail = settled === 'done' ? 'committed' : redactText(errorMessage(error));
  }
  step.durationMs = Math.round(work.clock.monotonic() - begin);
  await work.save();
  return step.state === 'done';
}

/** Takes a repair back, the last step first. What cannot be is said, and stays. */
export async function takeBack(work: StepWork): Promise<void> {
  const { repair } = work;
  repair.phase = 'undoing';
  await work.save();
  let complete = true;
  for (const step of repair.steps.toReversed()) {
    if (!hasEffect(step)) continue;
    complete = (await takeStepBack(work, step)) && complete;
  }
  repair.phase = complete ? 'undone' : 'failed';
  repair.finishedAt = new Date(work.clock.now()).toISOString();
  await work.save();
}

/** A transaction that failed has left nothing behind. */
function hasEffect({ state, action }: JournaledStep): boolean {
  return state === 'done' || state === 'undoing' || (state === 'failed' && action.kind === 'alone');
}

async function takeStepBack(work: StepWork, step: JournaledStep): Promise<boolean> {
  const failed = step.state === 'failed';
  if (step.state === 'undoing' && (await settleStep(work, step)) === 'done') {
    step.state = 'undone';
    return true;
  }
  if (step.action.kind !== 'rows') step.transaction = null;
  try {
    const said = await undoStep(work, step);
    step.detail = failed ? `${step.detail}; what it left behind was removed` : said;
    step.state = failed ? 'failed' : 'undone';
    await work.save();
    return true;
  } catch (error) {
    step.detail = `cannot be taken back: ${redactText(errorMessage(error))}`;
    step.state = 'done';
    await work.save();
    return false;
  }
}

/**
 * Goes on with a repair that was cut off: finishes it where it is known what was done, else takes it back. Afterwards it is applied
 * and waits to be examined, or undone, or failed.
 */
export async function goOn(work: StepWork): Promise<void> {
  const { repair } = work;
  if (repair.phase === 'applied') return;
  if (repair.phase === 'undoing') return takeBack(work);
  const current = repair.steps.find(({ state }) => state === 'begun' || state === 'committing');
  if (current !== undefined) {
    const settled = await settleStep(work, current);
    if (settled === 'unknown') return giveUp(work, current);
    if (settled === 'in part') {
      // whether it is complete, only its undo does not care
      current.state = 'done';
      return takeBack(work);
    }
    current.state = settled === 'done' ? 'done' : 'pending';
    if (settled === 'done') current.detail = 'it had been committed when the run was cut off';
  }
  const failed = repair.steps.some(({ state }) => state === 'failed');
  return failed ? takeBack(work) : carryOut(work);
}

async function giveUp(work: StepWork, step: JournaledStep): Promise<void> {
  step.state = 'failed';
  step.detail = 'it was cut off, and PostgreSQL no longer knows whether its transaction was committed';
  work.repair.phase = 'failed';
  work.repair.finishedAt = new Date(work.clock.now()).toISOString();
  await work.save();
}

export function throwIfStopped(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new HoldfastError(
    'interrupted',
    'Stopped between two steps. The next holdfast doctor --fix finishes the repair or takes it back',
    { details: { signal: 'SIGINT' } },
  );
}
