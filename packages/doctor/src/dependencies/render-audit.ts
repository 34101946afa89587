import { styleText } from 'node:util';
import type { DependencyAudit, DependencyFinding } from './audit.ts';

export interface RenderAuditOptions {
  /** Shows notes, reasons and places of everything. */
  readonly verbose?: boolean;
  readonly color?: boolean;
}

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

const MAX_PROBLEMS = 12;
const MAX_NOTES = 5;
const MAX_PLACES = 3;

/** An audit for the terminal, on one screen: problems first, then notes, then what could not be looked at. */
export function renderAudit(audit: DependencyAudit, options: RenderAuditOptions = {}): string {
  const { verbose = false, color = false } = options;
  const style: Style = (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
  const problems = audit.findings.filter(({ severity }) => severity === 'problem');
  const notes = audit.findings.filter(({ severity }) => severity === 'note');
  const sections = [
    headLines(audit, problems.length, style),
    ...problems
      .slice(0, verbose ? problems.length : MAX_PROBLEMS)
      .map(finding => findingLines(finding, verbose, style)),
    problems.length > MAX_PROBLEMS && !verbose
      ? [`… and ${problems.length - MAX_PROBLEMS} more problems (--verbose)`]
      : [],
    noteLines(notes, verbose, style),
    scriptLines(audit, verbose, style),
    limitLines(audit, style),
  ];
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headLines(
  { name, directory, packages, status, lock, advisories, node }: DependencyAudit,
  problems: number,
  style: Style,
): string[] {
  const who = name === '' ? directory : name;
  const words = {
    clean: style(['bold', 'green'], `${who}: no problem in its dependencies.`),
    incomplete: style(
      ['bold', 'yellow'],
      `${who}: no problem was seen, but not everything could be looked at.`,
    ),
    problems: style(
      ['bold', 'red'],
      `${who}: ${problems} ${problems === 1 ? 'problem' : 'problems'} in its dependencies.`,
    ),
  };
  const asked = advisories.asked
    ? `vulnerabilities asked of ${advisories.registry} for ${advisories.packages} packages${advisories.withheld > 0 ? `, not for ${advisories.withheld} from elsewhere` : ''}`
    : `vulnerabilities not asked: ${advisories.why}`;
  return [words[status], `${packages} packages; ${lock}; Node.js ${node}; ${asked}.`];
}

function findingLines(
  { kind, summary, why, remedy, where }: DependencyFinding,
  verbose: boolean,
  style: Style,
): string[] {
  const places = where.slice(0, verbose ? where.length : MAX_PLACES).join(', ');
  const more = where.length - MAX_PLACES;
  return [
    `${style('bold', kind.replaceAll('_', ' '))}: ${summary}`,
    `  ${why}`,
    `  ${style('dim', `in ${places}${more > 0 && !verbose ? ` and ${more} more places` : ''}`)}`,
    `  → ${remedy}`,
  ];
}

function noteLines(notes: readonly DependencyFinding[], verbose: boolean, style: Style): string[] {
  if (notes.length === 0) return [];
  const shown = verbose ? notes : notes.slice(0, MAX_NOTES);
  const more = notes.length - shown.length;
  return [
    style('bold', 'Worth knowing'),
    ...shown.map(({ summary }) => `  - ${summary}`),
    ...(more > 0 ? [`  … and ${more} more (--verbose)`] : []),
  ];
}

function scriptLines({ installScripts }: DependencyAudit, verbose: boolean, style: Style): string[] {
  if (installScripts.length === 0) return [];
  const names = [...new Set(installScripts.map(({ package: name, version }) => `${name} ${version}`))];
  const shown = verbose ? names : names.slice(0, MAX_NOTES);
  const more = names.length - shown.length;
  return [
    style('bold', 'Run scripts of their own when they are installed'),
    `  ${shown.join(', ')}${more > 0 ? ` and ${more} more (--verbose)` : ''}`,
  ];
}

function limitLines({ limits }: DependencyAudit, style: Style): string[] {
  return limits.length === 0 ? [] : [style('bold', 'Not looked at'), ...limits.map(limit => `  - ${limit}`)];
}
