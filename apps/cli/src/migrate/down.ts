import { HoldfastError } from '@holdfast/core';
import { migrateDown, type RollbackRun } from '@holdfast/database/migrate';
import type { CommandContext } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { PROJECT_OPTIONS, ROLLBACK_OPTIONS } from './options.ts';
import { withProject } from './project.ts';

type RollbackContext = CommandContext<typeof PROJECT_OPTIONS & typeof ROLLBACK_OPTIONS>;

/** `holdfast migrate down`, also `holdfast rollback`: back to the version that stays. */
export async function runDown(context: RollbackContext): Promise<ExitCode> {
  const { options, terminal } = context;
  const { to } = options;
  if (to === undefined) {
    throw new HoldfastError('usage', 'Rolling back needs --to VERSION: the version that stays; 0 for none.');
  }
  const acceptDataLoss = options['accept-data-loss'] === true;
  const again = `migrate down --to ${to}${acceptDataLoss ? ' --accept-data-loss' : ''}`;
  const run = await withProject(context, again, project => migrateDown({ ...project, to, acceptDataLoss }));
  terminal.result({ direction: 'down', ...run }, () => downText(run));
  return 0;
}

function downText({ reverted, version: current }: RollbackRun): string {
  if (reverted.length === 0)
    return `There was nothing to roll back; the schema is at ${current ?? 'nothing'}.`;
  const versions = reverted.map(migration => migration.version).join(', ');
  return `Rolled back ${versions}; the schema is at ${current ?? 'nothing'}.`;
}
