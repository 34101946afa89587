/**
 * Lint: which statements of migrations lock or break what is in use, told from the files alone, with PostgreSQL's own parser.
 */
export {
  blockedBy,
  type LintFinding,
  LOCK_MODES,
  type LockMode,
  type TableLock,
  type Work,
} from './finding.ts';
export { type AllowedFinding, type LintReport, lintMigrations } from './lint-migrations.ts';
export { type LintSource, readLintSource, readLintSources } from './read-sources.ts';
export { refuseDangerous } from './refuse-dangerous.ts';
export { LINT_RULES, type RuleName } from './rule-names.ts';
