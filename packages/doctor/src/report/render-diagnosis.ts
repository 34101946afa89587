import { styleText } from 'node:util';
import { formatDuration } from '@holdfast/core';
import type { Diagnosis, RootCause, UndecidedCauses, Unexplained } from '../diagnosis.ts';
import { type CheckOutcome, LAYERS, type Layer } from '../engine/index.ts';

export interface RenderOptions {
  /** Lists every check. */
  readonly verbose?: boolean;
  readonly color?: boolean;
}

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

const MAX_FINE = 130;

/**
 * A diagnosis for the terminal, on one screen: the cause first, then its evidence and the plan, then what is fine, in
 * one line for each layer. A healthy system takes two lines.
 */
export function renderDiagnosis(diagnosis: Diagnosis, options: RenderOptions = {}): string {
  const { verbose = false, color = false } = options;
  const style: Style = (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
  const sections = [
    [style(headlineFormat(diagnosis), diagnosis.headline), ...summaryLines(diagnosis)],
    ...diagnosis.rootCauses.map(cause => causeLines(cause, diagnosis, style)),
    ...diagnosis.undecided.map(item => undecidedLines(item, style)),
    unexplainedLines(diagnosis.unexplained, style),
    degradedLines(diagnosis, style),
    diagnosis.status === 'findings' ? fineLines(diagnosis, style) : [],
    diagnosis.status === 'findings' || verbose ? notExaminedLines(diagnosis, style, verbose) : [],
    verbose ? checkLines(diagnosis.checks, style) : [],
  ];
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headlineFormat({ status }: Diagnosis): Parameters<typeof styleText>[0] {
  if (status === 'findings') return ['bold', 'red'];
  return status === 'healthy' ? ['bold', 'green'] : ['bold', 'yellow'];
}

function summaryLines({ status, checks, timings, notExamined, degraded }: Diagnosis): string[] {
  if (status === 'findings' || status === 'not_examined') return [];
  const passed = checks.filter(({ outcome }) => outcome === 'pass').length;
  const parts = [
    `${plural(passed, 'check')} passed`,
    ...(degraded.length > 0 ? [`${degraded.length} degraded`] : []),
    ...(notExamined.length > 0 ? [`${notExamined.length} not made (--verbose says why)`] : []),
  ];
  return [`${parts.join(', ')}, in ${duration(timings.durationMs)}.`];
}

function duration(milliseconds: number): string {
  return milliseconds < 1_000 ? formatDuration(milliseconds) : `${(milliseconds / 1_000).toFixed(1)} s`;
}

function causeLines(cause: RootCause, { checks }: Diagnosis, style: Style): string[] {
  const { code, layer, subject, confidence, mechanism, explains, repair } = cause;
  const failed = checks.filter(({ id }) => explains.includes(id));
  return [
    style('bold', `Cause: ${code} · ${layer} · ${subject} · ${confidence}`),
    `  ${cause.summary}`,
    `  ${mechanism}`,
    style('bold', '  Evidence'),
    ...failed.map(({ detail, evidence }) => `    - ${detail}  ${style('dim', `[${evidence.join(', ')}]`)}`),
    style('bold', `  Plan (${risk(repair.risk)})`),
    ...repair.steps.map((step, index) => `    ${index + 1}. ${step}`),
    `    To undo: ${repair.undo}`,
  ];
}

function risk(name: RootCause['repair']['risk']): string {
  return { safe: 'safe', confirm: 'needs your confirmation', destructive: 'cannot be undone' }[name];
}

function undecidedLines({ alternatives, separatedBy }: UndecidedCauses, style: Style): string[] {
  const sides = alternatives.map(side =>
    side.map(({ summary, code }) => `${summary} (${code})`).join(' and '),
  );
  return [
    style('bold', 'Cannot tell'),
    ...sides.map((side, index) => `  ${index === 0 ? '    ' : 'from'} ${side}`),
    style('bold', '  What would tell'),
    ...(separatedBy.length === 0 ? ['    - nothing that the doctor can look at'] : []),
    ...separatedBy.map(({ check, why }) => `    - ${check}, not seen because: ${why}`),
  ];
}

function unexplainedLines(unexplained: readonly Unexplained[], style: Style): string[] {
  if (unexplained.length === 0) return [];
  const lines = unexplained.flatMap(({ check, detail, evidence, couldBe }) => [
    `  - ${check}: ${detail}  ${style('dim', `[${evidence.join(', ')}]`)}`,
    ...couldBe.map(
      ({ code, shownBy }) =>
        `      could be ${code}, which ${shownBy.join(', ') || 'more evidence'} would show`,
    ),
  ]);
  return [style('bold', 'Failed without an explanation'), ...lines];
}

function degradedLines({ degraded }: Diagnosis, style: Style): string[] {
  if (degraded.length === 0) return [];
  return [
    style('bold', 'Not at its best'),
    ...degraded.map(({ check, detail }) => `  - ${check}: ${detail}`),
  ];
}

/** The checks whose details tell most about a layer that is fine. */
const TELLING: Readonly<Partial<Record<Layer, readonly string[]>>> = {
  config: ['config.variables_set', 'config.keyring'],
  time: ['time.clocks'],
  process: ['process.server', 'process.keeper', 'process.disk'],
  database: ['database.login', 'database.writable', 'database.round_trip'],
  schema: ['schema.migrations', 'schema.tables', 'schema.indexes', 'schema.constraints'],
  data: ['data.session_families', 'data.roles', 'data.permissions'],
  auth: ['keys.recorded', 'auth.login', 'auth.refresh', 'auth.revocation'],
  api: ['api.health', 'api.operations'],
  proxy: ['proxy.forwards'],
};

function fineLines({ checks }: Diagnosis, style: Style): string[] {
  const lines = LAYERS.flatMap(layer => {
    const own = checks.filter(check => check.layer === layer);
    const passed = own.filter(({ outcome }) => outcome === 'pass');
    if (passed.length === 0 || own.some(({ outcome }) => outcome === 'fail')) return [];
    const telling = (TELLING[layer] ?? []).flatMap(id => passed.filter(check => check.id === id));
    const details = telling.map(({ detail }) => detail).join(', ');
    const text = `${plural(passed.length, 'check')}${details === '' ? '' : `: ${details}`}`;
    return [`  ${layer.padEnd(9)} ${text.length <= MAX_FINE ? text : `${text.slice(0, MAX_FINE - 1)}…`}`];
  });
  return lines.length === 0 ? [] : [style('bold', 'Fine'), ...lines];
}

function plural(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Checks that were not made, together with those that were not made for the same reason. */
function notExaminedLines({ notExamined }: Diagnosis, style: Style, verbose: boolean): string[] {
  if (notExamined.length === 0) return [];
  const byReason = Map.groupBy(notExamined, ({ why }) => why);
  const lines = [...byReason].map(([why, items]) => {
    const what = verbose ? items.map(({ check }) => check).join(', ') : plural(items.length, 'check');
    return `  ${what}: ${why}`;
  });
  return [style('bold', 'Not examined'), ...lines];
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
