import { millisecondsText, outcomeCell, plural, timeText } from './blocks.ts';
import type { Block, Cell, Tone } from './document.ts';
import type { CheckState, RepairOutcome, RepairRecord, RepairStepRecord } from './repair-record.ts';

const OUTCOMES: Readonly<Record<RepairOutcome, { readonly tone: Tone; readonly text: string }>> = {
  helped: { tone: 'good', text: 'It helped: every check that it was for passes.' },
  undone: { tone: 'warn', text: 'It did not help and was taken back: everything is as it was before.' },
  failed: { tone: 'bad', text: 'It failed, and could not be taken back by itself. See the steps below.' },
  interrupted: {
    tone: 'bad',
    text: 'It was interrupted. The next holdfast doctor --fix finishes it or takes it back.',
  },
  planned: { tone: 'plain', text: 'It was planned only: nothing was changed.' },
};

const RISKS = {
  safe: 'safe: loses nothing and interrupts nobody',
  confirm: 'needs confirmation: interrupts or changes data',
  destructive: 'destructive: cannot be undone',
} as const;

/** What was repaired, with each check before and after; a sentence when nothing was. */
export function repairBlocks(repairs: readonly RepairRecord[]): Block[] {
  if (repairs.length === 0) {
    return [{ kind: 'text', text: 'Nothing was repaired: this examination only looked.' }];
  }
  return repairs.flatMap(repair => [
    {
      kind: 'callout',
      tone: OUTCOMES[repair.outcome].tone,
      title: `${repair.code} at ${repair.subject}`,
      text: `${OUTCOMES[repair.outcome].text} ${facts(repair)}`,
    },
    stepsTable(repair),
    statesTable(repair),
  ]);
}

function facts(repair: RepairRecord): string {
  const { risk, outcome, startedAt, finishedAt, backup, untouched, remains, undo } = repair;
  const ended = finishedAt === null ? '' : ` to ${timeText(finishedAt)}`;
  return [
    `From ${timeText(startedAt)}${ended}.`,
    `Risk: ${RISKS[risk]}.`,
    backup === null ? 'No backup was taken before.' : `The backup ${backup} was taken before.`,
    untouchedText(untouched),
    ...remains.map(what => `Look at it: ${what}.`),
    ...(outcome === 'undone' ? [] : [`To undo: ${undo}`]),
  ].join(' ');
}

function untouchedText(untouched: RepairRecord['untouched']): string {
  if (untouched === null) return 'Tables that it had no business with were not compared.';
  const { compared, changed } = untouched;
  return changed.length === 0
    ? `${plural(compared, 'other table')} compared by checksum: none has changed.`
    : `${plural(compared, 'other table')} compared by checksum: ${changed.join(', ')} changed meanwhile.`;
}

const STEP_TONES: Readonly<Record<RepairStepRecord['outcome'], Tone>> = {
  done: 'good',
  failed: 'bad',
  skipped: 'plain',
  undone: 'warn',
  planned: 'plain',
};

function stepsTable({ code, subject, steps }: RepairRecord): Block {
  return {
    kind: 'table',
    caption: `Steps of the repair of ${code} at ${subject}`,
    columns: [
      { title: 'Result' },
      { title: 'Step' },
      { title: 'Command' },
      { title: 'Detail' },
      { title: 'Time', numeric: true },
    ],
    rows: steps.map(({ what, command, outcome, detail, durationMs }): Cell[] => [
      { text: outcome, tone: STEP_TONES[outcome] },
      what,
      command === null ? null : { text: command, code: true },
      detail,
      millisecondsText(durationMs),
    ]),
  };
}

function statesTable({ code, subject, before, after }: RepairRecord): Block {
  const ids = [...new Set([...before, ...after].map(({ check }) => check))];
  const find = (states: readonly CheckState[], id: string) => states.find(({ check }) => check === id);
  const detail = (state: CheckState | undefined): string => state?.detail ?? 'not made';
  const outcome = (state: CheckState | undefined): Cell =>
    state === undefined ? 'not made' : outcomeCell(state.outcome);
  return {
    kind: 'table',
    caption: `Checks before and after the repair of ${code} at ${subject}`,
    columns: ['Check', 'Before', 'Seen before', 'After', 'Seen after'].map(title => ({ title })),
    rows: ids.map((id): Cell[] => {
      const [was, is] = [find(before, id), find(after, id)];
      return [{ text: id, code: true }, outcome(was), detail(was), outcome(is), detail(is)];
    }),
  };
}
