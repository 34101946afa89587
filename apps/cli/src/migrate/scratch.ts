import type { ScratchOptions } from '@holdfast/database/migrate';
import { assertDatabaseUrl } from '../database-url-option.ts';
import type { MigrateContext } from './options.ts';
import type { ProjectRun } from './project.ts';

/** Where to build what the files build: beside the database, as a role that may, or where the options say. */
export function scratchOptions({ options }: MigrateContext, { access, signal }: ProjectRun): ScratchOptions {
  assertDatabaseUrl('--scratch-url', options['scratch-url']);
  return { ...access, scratchUrl: options['scratch-url'], signal };
}
