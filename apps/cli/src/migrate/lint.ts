import { basename, dirname, resolve } from 'node:path';
import { migrationsDirectory } from '@holdfast/database';
import {
  LINT_RULES,
  type LintFinding,
  type LintReport,
  type LintSource,
  lintMigrations,
  readLintSource,
  readLintSources,
} from '@holdfast/database/lint';
import type { CommandContext, OptionDefinitions } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { count, indent, wrap } from './text.ts';

export const LINT_OPTIONS = {
  strict: { type: 'boolean', description: 'exit with 1 for warnings, too' },
  rules: { type: 'boolean', description: 'list the rules' },
} as const satisfies OptionDefinitions;

export const LINT_EXAMPLES = [
  ['holdfast migrate lint', 'look at every migration'],
  [
    'holdfast migrate lint db/migrations/0042_orders.sql',
    'at one, with those before it in its directory in mind',
  ],
  ['holdfast migrate lint --rules', 'list the rules'],
] as const;

export const LINT_EXIT_STATUS = [
  [0, 'nothing is refused (with --strict: nothing is found)'],
  [1, 'a statement locks or breaks what is in use, or a file is no migration'],
  [2, 'an option is wrong, a file cannot be read, or there is no migration in the directory'],
] as const;

/**
 * `holdfast migrate lint [FILE…]`: needs no database.
 * @param dir where the migrations are, when no files are named
 */
export async function runMigrateLint(
  { options, positionals, terminal, environment }: CommandContext<typeof LINT_OPTIONS>,
  dir: string = migrationsDirectory(),
): Promise<ExitCode> {
  if (options.rules === true) return listRules(terminal);
  const report =
    positionals.length === 0
      ? await lintMigrations(await readLintSources(dir))
      : await lintFiles(positionals.map(path => resolve(environment.cwd, path)));
  const refused = report.findings.filter(({ level }) => level === 'refuse').length;
  const warnings = report.findings.length - refused;
  const result = {
    ok: refused === 0,
    files: report.files,
    statements: report.statements,
    refused,
    warnings,
    findings: report.findings.map(toJson),
    allowed: report.allowed.map(finding => ({ ...toJson(finding), reason: finding.reason })),
  };
  terminal.result(result, () => renderReport(report, terminal));
  return refused > 0 || (options.strict === true && warnings > 0) ? 1 : 0;
}

function listRules(terminal: Terminal): ExitCode {
  const rules = Object.entries(LINT_RULES).map(([rule, [level, title]]) => ({ rule, level, title }));
  terminal.result({ rules }, () =>
    rules.map(({ rule, level, title }) => `${rule.padEnd(31)} ${level.padEnd(7)} ${title}`).join('\n'),
  );
  return 0;
}

/** Each file after the migrations before it in its own directory, which tell what is in use and what is proven. */
async function lintFiles(paths: readonly string[]): Promise<LintReport> {
  const groups = Map.groupBy(paths, path => dirname(path));
  const reports: LintReport[] = [];
  for (const [dir, named] of groups) {
    const sources = await Promise.all(named.map(path => readLintSource(path)));
    const names = new Set(named.map(path => basename(path)));
    reports.push(await lintMigrations(await withHistory(dir, sources), names));
  }
  return {
    findings: reports.flatMap(({ findings }) => findings),
    allowed: reports.flatMap(({ allowed }) => allowed),
    files: reports.reduce((sum, { files }) => sum + files, 0),
    statements: reports.reduce((sum, { statements }) => sum + statements, 0),
  };
}

/** A file that was asked for by its name may have any. */
async function withHistory(dir: string, sources: readonly LintSource[]): Promise<LintSource[]> {
  const names = new Set(sources.map(({ file }) => file));
  const listed = [...names].some(name => /^[^.].*\.sql$/i.test(name));
  const around = listed ? await readLintSources(dir) : [];
  const last = around.findLastIndex(({ file }) => names.has(file));
  const isMigration = ({ file }: LintSource): boolean => /^\d/.test(file);
  const before = around
    .slice(0, last + 1)
    .filter(source => names.has(source.file) || isMigration(source))
    .map(source => (isMigration(source) ? source : { ...source, problem: undefined }));
  const missing = sources.filter(({ file }) => !before.some(source => source.file === file));
  return [...before, ...missing];
}

function toJson(finding: LintFinding): object {
  const { rule, level, file, line, column, statement, message, safer, lock, work } = finding;
  return {
    rule,
    level,
    file,
    line,
    column,
    statement,
    message,
    safer,
    lock: lock ?? null,
    work: work ?? null,
  };
}

function renderReport(report: LintReport, terminal: Terminal): string {
  const files = Map.groupBy(report.findings, ({ file }) => file);
  const blocks = [...files].map(([file, findings]) =>
    [terminal.style('bold', file), ...findings.map(finding => renderFinding(finding, terminal))].join('\n'),
  );
  return [...blocks, summaryOf(report)].join('\n\n');
}

function renderFinding(
  { line, column, level, rule, statement, message, safer }: LintFinding,
  { style }: Terminal,
): string {
  const mark = style(level === 'refuse' ? 'red' : 'yellow', level);
  const lines = [
    `  ${line}:${column}  ${mark}  ${rule}  ${style('dim', statement)}`,
    indent(wrap(message), 7),
  ];
  if (safer !== '') lines.push('       safer:', indent(safer, 9));
  return lines.join('\n');
}

function summaryOf({ findings, allowed, files, statements }: LintReport): string {
  const refused = findings.filter(({ level }) => level === 'refuse').length;
  const warnings = findings.length - refused;
  const where = `${count(statements, 'statement')} in ${count(files, 'file')}`;
  const permitted = allowed.length === 0 ? '' : ` ${allowed.length} allowed with a reason.`;
  if (findings.length === 0) return `Nothing to object to in ${where}.${permitted}`;
  return `${refused} refused, ${count(warnings, 'warning')} in ${where}.${permitted}`;
}
