import { HoldfastError, parseDuration } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import { lintMigrations, readLintSources } from '@holdfast/database/lint';
import { readMigrations } from '@holdfast/database/migrate';
import { type MigrationPlan, planMigrations } from '@holdfast/database/plan';
import type { CommandContext, OptionDefinitions } from '../command.ts';
import { withOwnerConnection } from '../database-access.ts';
import type { ExitCode } from '../exit-codes.ts';
import { renderPlan } from './render-plan.ts';

export const PLAN_OPTIONS = {
  to: { type: 'string', value: 'VERSION', description: 'the last version to try' },
  'statement-limit': {
    type: 'string',
    value: 'TIME',
    description: 'stop a statement after this time, because its locks are real meanwhile (default 5s)',
  },
} as const satisfies OptionDefinitions;

export const PLAN_EXAMPLES = [
  ['holdfast migrate plan', 'what the pending migrations would lock, rewrite and read here'],
  ['holdfast --database-url URL migrate plan --statement-limit 30s', 'on a copy, where nobody waits'],
  ['holdfast migrate plan --to 0042 --json', 'up to one version, for programs'],
] as const;

export const PLAN_EXIT_STATUS = [
  [0, 'every pending statement would run, and lint refuses none'],
  [1, 'a statement would fail, took too long to be tried, or is refused by lint'],
  [2, 'a setting or an option is wrong'],
  [3, 'the database is not available, or its tables were in use all the time'],
] as const;

/**
 * `holdfast migrate plan`: a dry run in a transaction that is rolled back.
 * @param dir where the migrations are
 */
export async function runMigratePlan(
  { configuration, options, terminal }: CommandContext<typeof PLAN_OPTIONS>,
  dir: string = migrationsDirectory(),
): Promise<ExitCode> {
  const limit = statementLimit(options['statement-limit']);
  const migrations = await readMigrations(dir);
  const { findings } = await lintMigrations(await readLintSources(dir));
  const plan = await withOwnerConnection(configuration(), terminal, connection =>
    planMigrations({
      connection,
      migrations,
      findings,
      ...(options.to === undefined ? {} : { to: options.to }),
      ...(limit === undefined ? {} : { statementLimitMs: limit }),
      onProgress: progress => {
        if (progress.kind !== 'lock_retry') return;
        terminal.progress(`a table is in use; attempt ${progress.attempt} in ${progress.delayMs} ms`);
      },
    }),
  );
  terminal.result(toJson(plan), () => renderPlan(plan, terminal));
  return plan.complete && !isRefused(plan) ? 0 : 1;
}

function statementLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new HoldfastError('usage', `--statement-limit ${text} is not a time; write 500ms, 10s or 2m.`);
}

function isRefused({ migrations }: MigrationPlan): boolean {
  return migrations.some(({ statements }) =>
    statements.some(({ findings }) => findings.some(({ level }) => level === 'refuse')),
  );
}

function toJson(plan: MigrationPlan): object {
  const migrations = plan.migrations.map(migration => ({
    ...migration,
    statements: migration.statements.map(statement => ({
      ...statement,
      findings: statement.findings.map(({ rule, level, message, safer }) => ({
        rule,
        level,
        message,
        safer,
      })),
    })),
  }));
  return {
    ok: plan.complete && !isRefused(plan),
    version: plan.version ?? null,
    complete: plan.complete,
    migrations,
  };
}
