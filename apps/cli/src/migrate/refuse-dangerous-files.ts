import { type LintFinding, lintMigrations, readLintSources, refuseDangerous } from '@holdfast/database/lint';
import { type MigrationEntry, migrationStatus } from '@holdfast/database/migrate';
import type { MigrateContext } from './options.ts';
import { type ProjectRun, projectDirectory } from './project.ts';

/**
 * What lint refuses is not run where people may be at work; a database without any migration has nobody at work in it. Files that
 * failed or stopped half-way before are looked at like new ones, but for their statements that are done.
 * @param to the last version that is to be run; undefined: all
 * @throws `migration_dangerous`
 */
export async function refuseDangerousFiles(
  context: MigrateContext,
  project: ProjectRun,
  to: string | undefined,
): Promise<void> {
  const { entries } = await migrationStatus(project.connection, project.migrations);
  if (entries.every(({ state }) => state === 'pending')) return;
  const toRun = entries.filter(entry => runs(entry) && (to === undefined || !comesAfter(entry.version, to)));
  const files = toRun.flatMap(({ file }) => file ?? []);
  if (files.length === 0) return;
  const sources = await readLintSources(projectDirectory(context));
  const { findings } = await lintMigrations(sources, new Set(files));
  const firstLines = new Map(toRun.map(entry => [entry.file, firstLine(entry, project)]));
  const isAhead = ({ file, line }: LintFinding): boolean => line >= (firstLines.get(file) ?? 0);
  refuseDangerous(findings.filter(isAhead));
}

/** What was tampered with is refused for that. */
function runs({ state }: MigrationEntry): boolean {
  return state === 'pending' || state === 'failed' || state === 'half_done';
}

function comesAfter(version: string, other: string): boolean {
  return /^\d+$/.test(other) && BigInt(version) > BigInt(other);
}

/** Of a half-done migration, where its next statement begins. */
function firstLine(entry: MigrationEntry, { migrations }: ProjectRun): number {
  if (entry.state !== 'half_done') return 0;
  const migration = migrations.find(({ version }) => version === entry.version);
  return migration?.up.statements[entry.nextStatement - 1]?.line ?? 0;
}
