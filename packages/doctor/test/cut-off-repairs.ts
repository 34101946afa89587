import assert from 'node:assert/strict';
import { systemClock } from '@holdfast/core';
import type { FaultInjection, Stack } from '@holdfast/testing';
import { examine } from '../src/index.ts';
import { addressesOf } from '../src/repair/addresses.ts';
import { planRepairs } from '../src/repair/plan-repairs.ts';
import { claimRepairs, findInterrupted, newRunId, openJournal } from '../src/repair/repair-journal.ts';
import type { StepWork } from '../src/repair/steps/step-work.ts';
import { changedTables, fix, resolveStack, savedFacts, savedTools } from './repair-support.ts';

class Killed extends Error {}

/** More than any of these repairs writes its journal. */
const MOST_SAVES = 12;

/** Begins the repairs of what is broken, and dies when the journal is to be written for the n-th time. @returns whether it did */
export async function dieAt(
  stack: Stack,
  saves: number,
  work: (of: StepWork) => Promise<void>,
  database: string | null = null,
): Promise<boolean> {
  // whose process is gone, has no claim
  await (await claimRepairs(stack.home)).release();
  const target = await resolveStack(stack)();
  const at = new Date().toISOString();
  const tools = savedTools(stack, await savedFacts(stack));
  const id = newRunId(at);
  const { repairs } = await planRepairs({ target, diagnosis: await examine(target), tools, runId: id, at });
  const run = { version: 1, id, startedAt: at, database, owner: { pid: 4_194_303 } } as const;
  const journal = openJournal(stack.home, { ...run, backup: 'before', ended: false, repairs: [...repairs] });
  await journal.save();
  let saved = 0;
  for (const repair of repairs) {
    const step: StepWork = {
      ...{ addresses: await addressesOf(target), tools, repair, clock: systemClock },
      signal: new AbortController().signal,
      onProgress: () => undefined,
      save: async () => {
        saved += 1;
        if (saved > saves) throw new Killed();
        await journal.save();
      },
    };
    try {
      await work(step);
    } catch (error) {
      if (error instanceof Killed) return true;
      throw error;
    }
  }
  return false;
}

/** Injects the fault, dies at the first, second, … write of the journal, and has the next run end green each time. */
export async function finishesAfter(
  stack: Stack,
  fault: FaultInjection,
  work: (of: StepWork) => Promise<void>,
): Promise<void> {
  for (let saves = 1; saves < MOST_SAVES; saves += 1) {
    await stack.restoreDatabase();
    await fault.inject(stack);
    const died = await dieAt(stack, saves, work);
    const report = await fix(stack);
    const told = JSON.stringify([saves, report.headline, report.resumed, report.repairs]);
    assert.equal(report.status, 'green', told);
    assert.deepEqual(await findInterrupted(stack.home, null), [], told);
    assert.deepEqual(await notLedger(stack), [], told);
    for (const { outcome, undo } of report.resumed) {
      assert.ok(['helped', 'undone'].includes(outcome), told);
      if (outcome === 'helped') assert.doesNotMatch(undo, /restore ID/, told);
    }
    if (!died) return;
  }
  assert.fail('it wrote its journal more often than expected');
}

async function notLedger(stack: Stack): Promise<string[]> {
  return (await changedTables(stack)).filter(name => !/^holdfast_(ledger|recovery)\./.test(name));
}
