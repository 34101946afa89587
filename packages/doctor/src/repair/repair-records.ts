import { redact } from '@holdfast/core';
import type { CheckOutcome } from '../engine/index.ts';
import type {
  RepairOutcome,
  RepairRecord,
  RepairStepRecord,
  UntouchedTables,
} from '../report/deliverables/repair-record.ts';
import { statesOf } from './proof.ts';
import type { JournaledRepair, JournaledStep, RepairPhase, StepState } from './repair-journal.ts';

const OUTCOMES: Readonly<Record<RepairPhase, RepairOutcome>> = {
  planned: 'planned',
  applying: 'interrupted',
  applied: 'interrupted',
  undoing: 'interrupted',
  helped: 'helped',
  undone: 'undone',
  failed: 'failed',
};

const STEP_OUTCOMES: Readonly<Record<StepState, RepairStepRecord['outcome']>> = {
  pending: 'planned',
  begun: 'failed',
  committing: 'failed',
  done: 'done',
  failed: 'failed',
  skipped: 'skipped',
  undoing: 'failed',
  undone: 'undone',
};

interface Afterwards {
  readonly backup: string | null;
  readonly checks: readonly CheckOutcome[];
  readonly untouched: UntouchedTables | null;
}

/** What became of a repair, for reports; redacted. */
export function recordOf(repair: JournaledRepair, { backup, checks, untouched }: Afterwards): RepairRecord {
  const { id, code, subject, risk, startedAt, finishedAt, phase, steps, before, undo, effect } = repair;
  const begun = phase !== 'planned';
  const restore = steps.find(({ action, transaction }) => action.kind === 'rows' && transaction !== null);
  return redact({
    ...{ id, code, subject, risk, startedAt, finishedAt, before },
    undo: undo.replace('restore ID', `restore ${restore?.transaction ?? 'ID'}`),
    outcome: OUTCOMES[phase],
    backup: effect === 'none' || !begun ? null : backup,
    steps: steps.map(stepRecord),
    after: begun
      ? statesOf(
          before.map(({ check }) => check),
          checks,
        )
      : [],
    untouched: begun ? untouched : null,
    remains: steps.flatMap(({ state, remains = [] }) => (state === 'done' ? remains : [])),
  }) as RepairRecord;
}

function stepRecord({ what, command, state, detail, durationMs }: JournaledStep): RepairStepRecord {
  return { what, command, outcome: STEP_OUTCOMES[state], detail, durationMs };
}
