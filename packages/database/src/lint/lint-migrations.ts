import { isHoldfastError } from '@holdfast/core';
import { loadModule } from 'libpg-query';
import { parseFileName } from '../migrate/file-name.ts';
import type { MigrationScript } from '../migrate/migration.ts';
import { parseSections, parseSingle, type ScriptCheck } from '../migrate/parse-migration.ts';
import { type Allowance, createOffsets, findAllowances, statementOf } from './allowances.ts';
import type { LintFinding } from './finding.ts';
import { lintScript } from './lint-script.ts';
import type { LintSource } from './read-sources.ts';
import { isRuleName, LINT_RULES, type RuleName } from './rule-names.ts';
import { createKnownSchema, type KnownSchema } from './schema/known-schema.ts';

/** A finding that a comment in the file allows. */
export interface AllowedFinding extends LintFinding {
  readonly reason: string;
}

export interface LintReport {
  /** By file and line. */
  readonly findings: readonly LintFinding[];
  readonly allowed: readonly AllowedFinding[];
  /** How many files and statements were looked at. */
  readonly files: number;
  readonly statements: number;
}

/**
 * Reads the up sections of migrations in their order and tells which statements lock or break what is in use. Pure. What a file
 * itself creates is not in use yet; what earlier files created is, and what they said about it (types, validated checks, indexes)
 * counts. `-- holdfast:allow RULE: reason` before a statement allows one rule for it. Never throws for what is in the files.
 * @param only the names of the files to report; the others tell about the schema alone. Default: all.
 */
export async function lintMigrations(
  sources: readonly LintSource[],
  only?: ReadonlySet<string>,
): Promise<LintReport> {
  await loadModule();
  const schema = createKnownSchema();
  const findings: LintFinding[] = [];
  const allowed: AllowedFinding[] = [];
  let files = 0;
  let statements = 0;
  for (const [index, source] of sources.entries()) {
    schema.file = index;
    const result = lintSource(schema, source);
    if (only !== undefined && !only.has(source.file)) continue;
    files++;
    statements += result.statements;
    findings.push(...result.findings);
    allowed.push(...result.allowed);
  }
  return { findings, allowed, files, statements };
}

function lintSource(schema: KnownSchema, source: LintSource): Omit<LintReport, 'files'> {
  const { file, problem } = source;
  if (problem === undefined) return lintText(schema, source);
  const undoes = parseFileName(file)?.part === 'down';
  const inside = undoes ? { findings: [], allowed: [], statements: 0 } : lintText(schema, source);
  return { ...inside, findings: [invalid(source, { problem, line: 1 }), ...inside.findings] };
}

function lintText(schema: KnownSchema, source: LintSource): Omit<LintReport, 'files'> {
  const script = parseUp(source, () => undefined);
  if ('problem' in script) return { findings: [invalid(source, script)], allowed: [], statements: 0 };
  const perStatement = lintScript(schema, script);
  const checked = parseUp(source, undefined);
  const about = (rule: RuleName): boolean => perStatement.flat().some(finding => finding.rule === rule);
  const explained = about('transaction-control') || about('concurrently-in-transaction');
  const invalidity = 'problem' in checked && !explained ? [invalid(source, checked)] : [];
  const { findings, allowed } = applyAllowances(source, script, perStatement);
  const sorted = [...invalidity, ...findings].sort((a, b) => a.line - b.line || a.column - b.column);
  return { findings: sorted, allowed, statements: script.statements.length };
}

interface InvalidFile {
  readonly problem: string;
  readonly line: number;
}

/** The statements for up; with a check of its own, also those of a file that the runner would refuse. */
function parseUp({ file, text }: LintSource, check: ScriptCheck | undefined): MigrationScript | InvalidFile {
  const name = parseFileName(file);
  const sections = name?.part === 'both' || /^--[ \t]*migrate:up\b/m.test(text);
  try {
    return sections ? parseSections(file, text, check).up : parseSingle(file, text, 'up', check);
  } catch (error) {
    if (!isHoldfastError(error, 'sql_file_invalid')) throw error;
    const { line } = (error.details ?? {}) as { line?: number };
    return { problem: error.message, line: line ?? 1 };
  }
}

function invalid({ file }: LintSource, { problem, line }: InvalidFile): LintFinding {
  return aboutFile(file, 'invalid-file', { line, column: 1 }, problem, '');
}

function aboutFile(
  file: string,
  rule: RuleName,
  { line, column }: { readonly line: number; readonly column: number },
  message: string,
  statement: string,
): LintFinding {
  const level = LINT_RULES[rule][0];
  return { rule, level, file, line, column, statement, message, safer: '', lock: undefined, work: undefined };
}

function applyAllowances(
  { file, text }: LintSource,
  { statements }: MigrationScript,
  perStatement: readonly (readonly LintFinding[])[],
): Pick<LintReport, 'findings' | 'allowed'> {
  const offsetOf = createOffsets(text);
  const extents = statements.map(statement => {
    const start = offsetOf(statement);
    return { start, end: start + statement.text.length };
  });
  const down = /^--[ \t]*migrate:down\b/m.exec(text)?.index ?? text.length;
  const allowances = findAllowances(text).filter(({ offset }) => offset < down);
  const open = perStatement.map(findings => [...findings]);
  const allowed: AllowedFinding[] = [];
  const problems = allowances.flatMap((allowance): LintFinding[] => {
    const index = statementOf(allowance, extents, text);
    const problem = problemOf(allowance, index);
    if (problem !== undefined || index === undefined) {
      return problem === undefined ? [] : [aboutFile(file, ...problem)];
    }
    const here = open[index] ?? [];
    const matching = here.filter(({ rule }) => rule === allowance.rule);
    allowed.push(...matching.map(finding => ({ ...finding, reason: allowance.reason })));
    open[index] = here.filter(({ rule }) => rule !== allowance.rule);
    if (matching.length > 0) return [];
    const message = `Nothing of ${allowance.rule} is found in the statement it is for; remove it.`;
    return [aboutFile(file, 'allow-unused', allowance, message, commentOf(allowance))];
  });
  return { findings: [...open.flat(), ...problems], allowed };
}

type Problem = [rule: RuleName, place: Allowance, message: string, statement: string];

function problemOf(allowance: Allowance, index: number | undefined): Problem | undefined {
  const { rule, reason } = allowance;
  const comment = commentOf(allowance);
  if (!isRuleName(rule)) {
    const message = `There is no rule "${rule}". Write: -- holdfast:allow RULE: reason`;
    return ['allow-unknown-rule', allowance, message, comment];
  }
  if (reason === '') {
    const message = `Say why this is right here: -- holdfast:allow ${rule}: reason. Without a reason nothing is allowed.`;
    return ['allow-without-reason', allowance, message, comment];
  }
  if (index !== undefined) return undefined;
  return ['allow-unused', allowance, 'No statement follows that it could be for; remove it.', comment];
}

function commentOf({ rule, reason }: Allowance): string {
  return `-- holdfast:allow ${rule}: ${reason}`;
}
