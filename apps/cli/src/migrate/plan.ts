import { HoldfastError, parseDuration } from '@holdfast/core';
import { lintMigrations, readLintSources } from '@holdfast/database/lint';
import { refuseUnknownSchemas } from '@holdfast/database/migrate';
import { type MigrationPlan, planMigrations } from '@holdfast/database/plan';
import type { ExitCode } from '../exit-codes.ts';
import type { MigrateContext } from './options.ts';
import { projectDirectory, withProject } from './project.ts';
import { renderPlan } from './render-plan.ts';

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
  [130, 'interrupted by Ctrl-C (143 by SIGTERM); it is rolled back as ever'],
] as const;

/** `holdfast migrate plan`: a dry run in a transaction that is rolled back. */
export async function runMigratePlan(context: MigrateContext): Promise<ExitCode> {
  const { options, terminal } = context;
  const limit = statementLimit(options['statement-limit']);
  const plan = await withProject(context, 'migrate plan', async project => {
    const { findings } = await lintMigrations(await readLintSources(projectDirectory(context)));
    await refuseUnknownSchemas(project, project.migrations);
    return planMigrations({
      ...project,
      findings,
      ...(options.to === undefined ? {} : { to: options.to }),
      ...(limit === undefined ? {} : { statementLimitMs: limit }),
      onProgress: progress => {
        if (progress.kind !== 'lock_retry') return;
        terminal.progress(`a table is in use; attempt ${progress.attempt} in ${progress.delayMs} ms`);
      },
    });
  });
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
