import { dirname } from 'node:path';
import { HoldfastError, systemClock } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import { newMigration } from '@holdfast/database/migrate';
import type { ExitCode } from '../exit-codes.ts';
import type { MigrateContext } from './options.ts';
import { projectDirectory } from './project.ts';
import { refuseForeignPlace } from './refuse-foreign-place.ts';

/** `holdfast migrate new NAME`: an empty file with the next version. Needs no database. */
export async function runNew(context: MigrateContext, [name]: readonly string[]): Promise<ExitCode> {
  if (name === undefined) throw new HoldfastError('usage', 'holdfast migrate new needs a NAME.');
  if (context.options.migrations === undefined)
    refuseForeignPlace(migrationsDirectory(), context.environment.cwd, name);
  const { path, madeDirectory = null } = await newMigration(projectDirectory(context), name, systemClock);
  if (madeDirectory !== null)
    context.terminal.warning(`there was no directory ${dirname(path)}; it was made`);
  context.terminal.result({ path, madeDirectory }, () => path);
  return 0;
}
