import { seedsDirectory } from '@holdfast/database';
import { type MigrationRun, migrateUp } from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import type { ExitCode } from '../exit-codes.ts';
import type { MigrateContext } from './options.ts';
import { type ProjectRun, withProject } from './project.ts';
import { refuseDangerousFiles } from './refuse-dangerous-files.ts';

/** `holdfast migrate up`: every pending migration; of Holdfast's own also the built-in rows. */
export async function runUp(context: MigrateContext): Promise<ExitCode> {
  const { options, terminal } = context;
  const own = options.migrations === undefined;
  const again = `migrate up${options.to === undefined ? '' : ` --to ${options.to}`}`;
  const { run, inserted } = await withProject(context, again, async project => {
    const to = options.to === undefined ? {} : { to: options.to };
    await refuseDangerousFiles(context, project, options.to);
    const result = await migrateUp({ ...project, ...to });
    const complete = own && options.to === undefined;
    return { run: result, inserted: complete ? await insertBuiltIn(context, project) : 0 };
  });
  terminal.result({ direction: 'up', ...run, seeded: inserted }, () => upText(run, inserted));
  return 0;
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
