import { styleText } from 'node:util';
import { CHANGES } from '../run/examine-writes.ts';
import { refusedByAll } from '../run/judge-entry.ts';
import type { ApiFinding, ApiReport, NotExamined } from './api-report.ts';
import { FINDING_KINDS } from './finding-kinds.ts';

export interface RenderOptions {
  /** Lists every finding with its example, every operation, and what was not examined. */
  readonly verbose?: boolean;
  readonly color?: boolean;
}

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Operations that are named before the others are only counted. */
const NAMED = 3;
const KINDS_SHOWN = 6;
const WIDTH = 200;

/** A report for the terminal, on one screen: what is wrong, kind by kind, with one example each. */
export function renderApiReport(report: ApiReport, options: RenderOptions = {}): string {
  const { verbose = false, color = false } = options;
  const style: Style = (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
  const groups = [...Map.groupBy(report.findings, ({ kind, severity }) => `${kind} ${severity}`).values()];
  const shown = verbose ? groups : groups.slice(0, KINDS_SHOWN);
  const sections = [
    headLines(report, style),
    ...shown.map(group => groupLines(group, report, { style, verbose })),
    groups.length > shown.length
      ? [`… and ${plural(groups.length - shown.length, 'other kind')} (--verbose)`]
      : [],
    notExaminedLines(report, style, verbose),
    verbose ? operationLines(report, style) : slowestLine(report),
  ];
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headLines(report: ApiReport, style: Style): string[] {
  const { document, requests, durationMs, seed, targets } = report;
  const { title, openapi, operations, name } = document;
  const facts = `${title}: ${plural(operations, 'operation')} of ${name} (OpenAPI ${openapi}), ${plural(requests, 'request')} to ${targets.join(', ')} in ${(durationMs / 1_000).toFixed(1)} s, seed ${seed}.`;
  return [...verdictLines(report, style), facts];
}

function verdictLines(report: ApiReport, style: Style): string[] {
  const { status, findings, notExamined } = report;
  const unseen = new Set(
    notExamined.flatMap(({ operation, why }) => (why === CHANGES ? [] : (operation ?? []))),
  );
  const but = unseen.size === 0 ? '' : ` ${plural(unseen.size, 'operation')} could not be examined.`;
  const issued = findings.some(({ kind }) => kind === 'token_refused');
  if (refusedByAll(report).length > 0 && !issued) {
    const rest = findings.length === 0 ? 'Nothing differs in the rest' : differences(findings);
    return [
      style(
        ['bold', isError(findings) ? 'red' : 'yellow'],
        `Every operation that asks for credentials refused the given ones (401).${but} ${rest}.`,
      ),
      '→ Give some that let in, with API_TOKEN or --access FILE.',
    ];
  }
  if (status === 'not_examined') return [style(['bold', 'yellow'], 'Nothing could be examined.')];
  if (findings.length > 0)
    return [style(['bold', isError(findings) ? 'red' : 'yellow'], `${differences(findings)}.${but}`)];
  return [
    but === ''
      ? style(['bold', 'green'], 'The API does what its document says.')
      : style(['bold', 'yellow'], `Nothing differs from the document in what was examined.${but}`),
  ];
}

function isError(findings: readonly ApiFinding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

function differences(findings: readonly ApiFinding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const counts = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(findings.length > errors ? [plural(findings.length - errors, 'warning')] : []),
  ].join(' and ');
  return `The API differs from its document: ${counts}`;
}

function groupLines(
  group: readonly ApiFinding[],
  { targets }: ApiReport,
  { style, verbose }: { readonly style: Style; readonly verbose: boolean },
): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const count = group.reduce((sum, finding) => sum + finding.count, 0);
  const where =
    targets.length > 1 && first.targets.length < targets.length
      ? `, only at ${first.targets.join(', ')}`
      : '';
  const title = `${FINDING_KINDS[first.kind].title} · ${first.kind} · ${first.severity}, ${plural(count, 'time')}${where}`;
  const named = verbose ? group : group.slice(0, NAMED);
  return [
    style('bold', title),
    ...named.map(({ operation, summary }) => clip(`  ${operation ?? 'The API'} ${summary}`)),
    ...(group.length > named.length
      ? [`  … and ${plural(group.length - named.length, 'other operation')}`]
      : []),
    ...exampleLines(first),
    `  → ${first.advice}`,
  ];
}

function exampleLines({ example }: ApiFinding): string[] {
  if (example === undefined) return [];
  const { status, contentType, excerpt, curl } = example;
  const answer =
    status === undefined ? [] : [clip(`    ${status} ${contentType ?? ''} ${excerpt ?? ''}`.trimEnd())];
  return [`    ${curl}`, ...answer];
}

function clip(line: string): string {
  return line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 1)}…`;
}

function plural(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function notExaminedLines({ notExamined }: ApiReport, style: Style, verbose: boolean): string[] {
  if (notExamined.length === 0) return [];
  const lines = [...Map.groupBy(notExamined, ({ why }) => why)].map(
    ([why, items]) => `  ${whatOf(items, verbose)}: ${why}`,
  );
  return [style('bold', 'Not examined'), ...lines];
}

function whatOf(items: readonly NotExamined[], verbose: boolean): string {
  const names = [...new Set(items.map(({ operation }) => operation ?? 'the rest'))];
  return verbose || names.length <= 2 ? names.join(', ') : plural(names.length, 'operation');
}

function slowestLine({ operations }: ApiReport): string[] {
  const slowest = operations
    .filter(({ p50 }) => p50 !== undefined)
    .toSorted((a, b) => (b.p50 ?? 0) - (a.p50 ?? 0))
    .slice(0, 3);
  if (slowest.length === 0) return [];
  return [
    `Slowest: ${slowest.map(({ operation, p50, p95 }) => `${operation} ${p50} ms (p95 ${p95} ms)`).join(', ')}.`,
  ];
}

function operationLines({ operations }: ApiReport, style: Style): string[] {
  const lines = operations.map(({ operation, requests, statuses, p50, p95 }) => {
    const counts = Object.entries(statuses).map(([status, count]) => `${status} × ${count}`);
    const times = p50 === undefined ? '' : `, p50 ${p50} ms, p95 ${p95} ms`;
    return `  ${operation}: ${plural(requests, 'request')} (${counts.join(', ')})${times}`;
  });
  return [style('bold', 'Operations'), ...lines];
}
