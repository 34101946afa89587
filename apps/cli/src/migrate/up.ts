import { seedsDirectory } from '@holdfast/database';
import { lintMigrations, readLintSources, refuseDangerous } from '@holdfast/database/lint';
import { type MigrationRun, migrateUp, migrationStatus } from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import type { ExitCode } from '../exit-codes.ts';
import type { MigrateContext } from './options.ts';
import { type ProjectRun, projectDirectory, withProject } from './project.ts';

/** `holdfast migrate up`: every pending migration; of Holdfast's own also the built-in rows. */
export async function runUp(context: MigrateContext): Promise<ExitCode> {
  const { options, terminal } = context;
  const own = options.migrations === undefined;
  const { run, inserted } = await withProject(context, async project => {
    const to = options.to === undefined ? {} : { to: options.to };
    await refuseDangerousPending(context, project);
    const result = await migrateUp({ ...project, ...to });
    const complete = own && options.to === undefined;
    return { run: result, inserted: complete ? await insertBuiltIn(context, project) : 0 };
  });
  terminal.result({ direction: 'up', ...run, seeded: inserted }, () => upText(run, inserted));
  return 0;
}

/** What lint refuses is not run where people may be at work; a database without any migration has nobody at work in it. */
async function refuseDangerousPending(context: MigrateContext, project: ProjectRun): Promise<void> {
  const { entries } = await migrationStatus(project.connection, project.migrations);
  if (entries.every(({ state }) => state === 'pending')) return;
  const pending = new Set(entries.flatMap(({ version, state }) => (state === 'applied' ? [] : [version])));
  const files = project.migrations.filter(({ version }) => pending.has(version)).map(({ file }) => file);
  if (files.length === 0) return;
  const sources = await readLintSources(projectDirectory(context));
  refuseDangerous((await lintMigrations(sources, new Set(files))).findings);
}

async function insertBuiltIn({ configuration }: MigrateContext, { connection }: ProjectRun): Promise<number> {
  const environment = configuration().settings.nodeEnv;
  const seed = await applySeed({ connection, dir: seedsDirectory(), name: 'built-in', environment });
  return seed.inserted;
}

function upText({ applied, version: current }: MigrationRun, inserted: number): string {
  const rows = inserted === 0 ? '' : ` ${inserted} built-in rows were put in place.`;
  if (applied.length === 0) return `The schema is up to date at ${current ?? 'nothing'}.${rows}`;
  return `Applied ${applied.map(migration => migration.version).join(', ')}; the schema is at ${current}.${rows}`;
}
