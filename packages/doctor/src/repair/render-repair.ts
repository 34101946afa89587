import { styleText } from 'node:util';
import type { RepairRecord } from '../report/deliverables/repair-record.ts';
import type { RenderOptions } from '../report/render-diagnosis.ts';
import type { LeftCause, RepairReport } from './repair-options.ts';

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

const MARKS = { done: '✓', failed: '✗', skipped: '-', undone: '↶', planned: '·' } as const;
const OUTCOMES = {
  helped: 'helped',
  undone: 'did not help, and was taken back',
  failed: 'FAILED, and could not be taken back by itself',
  interrupted: 'not proven yet: the next holdfast doctor --fix examines, finishes or takes it back',
  planned: 'not begun',
} as const;
const RISKS = { safe: 'safe', confirm: 'needs --yes', destructive: 'needs --yes-destructive' } as const;

/** A run of repairs for the terminal: how it ended, each repair with its steps and its proof, and what is left. */
export function renderRepair(report: RepairReport, { color = false }: RenderOptions = {}): string {
  const style: Style = (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
  const { headline, status, resumed, repairs, left, mode } = report;
  const good = status === 'green' ? 'green' : status === 'planned' ? 'yellow' : 'red';
  const sections = [
    [style(['bold', good], headline)],
    ...resumed.map(record => repairLines(record, style, 'apply', 'Resumed')),
    ...repairs.map(record => repairLines(record, style, mode, mode === 'plan' ? 'Plan' : 'Repair')),
    ...left.map(cause => leftLines(cause, style)),
    unexplainedLines(report, style),
    closingLines(report),
  ];
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

function repairLines(
  record: RepairRecord,
  style: Style,
  mode: RepairReport['mode'],
  title: string,
): string[] {
  const { code, subject, risk, outcome, steps, before, after, untouched, remains, undo } = record;
  const state = mode === 'plan' ? RISKS[risk] : OUTCOMES[outcome];
  return [
    style('bold', `${title}: ${code} · ${subject} · ${state}`),
    ...steps.flatMap(({ what, command, outcome: done, detail }, index) => [
      `  ${MARKS[done]} ${index + 1}. ${what}${detail === '' ? '' : `: ${detail}`}`,
      ...(command === null ? [] : indented(command)),
    ]),
    ...(mode === 'plan'
      ? [`  Proven by: ${before.map(({ check }) => check).join(', ')}`]
      : before.map(
          ({ check, outcome: was }, index) => `  ${check}: ${was} → ${after[index]?.outcome ?? was}`,
        )),
    ...untouchedLines(untouched),
    ...remains.map(what => `  Look at it: ${what}`),
    ...(outcome === 'undone' ? [] : [`  To undo: ${undo}`]),
  ];
}

const MAX_COMMAND_LINES = 6;

function indented(command: string): string[] {
  const lines = command.split('\n');
  const more = lines.length - MAX_COMMAND_LINES;
  const shown = more > 0 ? [...lines.slice(0, MAX_COMMAND_LINES), `… ${more} more lines (--json)`] : lines;
  return shown.map(line => `       ${line}`);
}

function untouchedLines(untouched: RepairRecord['untouched']): string[] {
  if (untouched === null) return [];
  const { compared, changed } = untouched;
  const result = changed.length === 0 ? 'none has changed' : `changed meanwhile: ${changed.join(', ')}`;
  return [`  ${compared} other tables compared by checksum: ${result}`];
}

function leftLines({ code, subject, why, steps }: LeftCause, style: Style): string[] {
  return [
    style('bold', `Left to you: ${code} · ${subject}`),
    `  ${why}`,
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
  ];
}

function unexplainedLines({ diagnosis }: RepairReport, style: Style): string[] {
  const { unexplained } = diagnosis;
  if (unexplained.length === 0) return [];
  const lines = unexplained.map(({ check, detail }) => `  - ${check}: ${detail}`);
  return [style('bold', 'Failed without an explanation'), ...lines];
}

/** It agrees to everything that is in the plan, and to nothing else. */
function commandFor(repairs: RepairReport['repairs']): string {
  const risks = repairs.map(({ risk }) => risk);
  const yes = risks.includes('confirm') ? ' --yes' : '';
  const destructive = risks.includes('destructive') ? ' --yes-destructive' : '';
  return `holdfast doctor --fix${yes}${destructive}`;
}

function closingLines({ backup, journal, mode, repairs, missing }: RepairReport): string[] {
  if (mode === 'plan') {
    const first = missing.map(what => `Missing so far: ${what}`);
    return repairs.length === 0 ? [] : [...first, `To do it all: ${commandFor(repairs)}`];
  }
  return [
    ...(backup === null ? [] : [`Backup from before: ${backup}`]),
    ...(journal === null ? [] : [`Journal: ${journal}`]),
  ];
}
