import { HoldfastError, systemClock } from '@holdfast/core';
import { newMigration } from '@holdfast/database/migrate';
import type { ExitCode } from '../exit-codes.ts';
import type { MigrateContext } from './options.ts';
import { projectDirectory } from './project.ts';

/** `holdfast migrate new NAME`: an empty file with the next version. Needs no database. */
export async function runNew(context: MigrateContext, [name]: readonly string[]): Promise<ExitCode> {
  if (name === undefined) throw new HoldfastError('usage', 'holdfast migrate new needs a NAME.');
  const path = await newMigration(projectDirectory(context), name, systemClock);
  context.terminal.result({ path }, () => path);
  return 0;
}
