import { styleText } from 'node:util';
import { formatDuration } from '@holdfast/core';
import type { Diagnosis, RootCause } from '../diagnosis.ts';
import type { CheckOutcome } from '../engine/index.ts';
import { causeRows } from './cause-rows.ts';
import { fineRows, notExaminedRows } from './fine-rows.ts';
import { type Layout, layOut, type Row, wrap } from './lay-out.ts';
import { undecidedRows, unexplainedRows } from './open-questions.ts';

export interface RenderOptions {
  /** Lists every check, and all of the evidence. */
  readonly verbose?: boolean;
  readonly color?: boolean;
  /** How wide a line may be; without it sentences stay in one line. Commands are never broken. */
  readonly columns?: number | undefined;
}

type Format = Parameters<typeof styleText>[0];
type Style = (format: Format, text: string) => string;

/**
 * A diagnosis for the terminal, on one screen: the cause first, then its evidence and the plan, then what is fine, in
 * one line for each layer. A healthy system takes two lines.
 */
export function renderDiagnosis(diagnosis: Diagnosis, options: RenderOptions = {}): string {
  const { verbose = false, color = false, columns } = options;
  const style: Style = (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
  const layout: Layout = {
    columns,
    command: text => (color ? style('cyan', text) : `\`${text}\``),
    label: text => style('bold', text),
  };
  const { status, unexplained, undecided } = diagnosis;
  const broken = status === 'findings';
  const open = broken || status === 'incomplete';
  const sections: readonly (readonly Row[])[] = [
    ...causeGroups(diagnosis.rootCauses, verbose).map((group, index, all) =>
      causeRows(group, { diagnosis, verbose, number: all.length === 1 ? undefined : index + 1 }),
    ),
    ...undecided.map(item => undecidedRows(item, diagnosis, verbose)),
    unexplainedRows(unexplained, verbose),
    diagnosis.degraded.map(({ check, detail }, index) => ({
      ...(index === 0 ? { label: 'Weak' } : {}),
      ...{ bullet: '- ', text: `${detail} (${check})`, instructs: true },
    })),
    [
      ...(broken ? fineRows(diagnosis, columns) : []),
      ...(open || verbose ? notExaminedRows(diagnosis, verbose) : []),
    ],
  ];
  const head = wrap({ text: headlineFor(diagnosis, columns) }, layout).map(line =>
    style(headlineFormat(diagnosis), line),
  );
  const blocks = [
    [...head, ...summaryLines(diagnosis)],
    ...sections.map(rows => layOut(rows, layout)),
    verbose ? checkLines(diagnosis.checks, style) : [],
  ];
  const shown = blocks.filter(lines => lines.length > 0).map(lines => lines.join('\n'));
  return `${shown.join('\n\n')}\n`;
}

const CLEARED = /; the database is fine \(.*\)\.$/;

/** Where there is little room, what the layers that are fine say for themselves is not said twice. */
function headlineFor({ headline }: Diagnosis, columns: number | undefined): string {
  return columns === undefined ? headline : headline.replace(CLEARED, '; the database is fine.');
}

/** Causes of one kind belong together, unless each is to be seen with its own plan. */
function causeGroups(
  causes: readonly RootCause[],
  verbose: boolean,
): readonly (readonly [RootCause, ...RootCause[]])[] {
  const groups = verbose
    ? causes.map(cause => [cause])
    : [...Map.groupBy(causes, ({ code }) => code).values()];
  return groups.flatMap(([first, ...rest]) => (first === undefined ? [] : [[first, ...rest] as const]));
}

function headlineFormat({ status }: Diagnosis): Format {
  if (status === 'findings') return ['bold', 'red'];
  return status === 'healthy' ? ['bold', 'green'] : ['bold', 'yellow'];
}

function summaryLines({ status, checks, timings, notExamined, degraded }: Diagnosis): string[] {
  if (status === 'findings' || status === 'not_examined') return [];
  const passed = checks.filter(({ outcome }) => outcome === 'pass').length;
  const parts = [
    `${passed} check${passed === 1 ? '' : 's'} passed`,
    ...(degraded.length > 0 ? [`${degraded.length} degraded`] : []),
    ...(notExamined.length > 0 ? [`${notExamined.length} not made (--verbose says why)`] : []),
  ];
  return [`${parts.join(', ')}, in ${duration(timings.durationMs)}.`];
}

function duration(milliseconds: number): string {
  return milliseconds < 1_000 ? formatDuration(milliseconds) : `${(milliseconds / 1_000).toFixed(1)} s`;
}

function checkLines(checks: readonly CheckOutcome[], style: Style): string[] {
  const mark = {
    pass: 'ok     ',
    fail: 'FAIL   ',
    degraded: 'weak   ',
    blocked: 'blocked',
    unknown: 'unknown',
  };
  const lines = checks.map(
    ({ id, title, outcome, detail }) => `  ${mark[outcome]} ${id} — ${title}: ${detail}`,
  );
  return [style('bold', 'Checks'), ...lines];
}
