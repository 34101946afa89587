import { defineCommand } from '../command.ts';
import { runDown } from '../migrate/down.ts';
import { PROJECT_OPTIONS, ROLLBACK_OPTIONS } from '../migrate/options.ts';
import { MIGRATE_EXIT_STATUS } from './migrate.ts';

/** `holdfast rollback`: the same as `holdfast migrate down`. */
export const rollback = defineCommand({
  usage: '--to VERSION',
  description:
    'Rolls back every migration after a version, newest first. All of it is tried beforehand; when rows or values would be lost, nothing is done unless that is accepted.',
  options: { ...PROJECT_OPTIONS, ...ROLLBACK_OPTIONS },
  examples: [
    ['holdfast rollback --to 0003', 'undo everything after 0003'],
    ['holdfast rollback --to 0 --accept-data-loss', 'undo everything, with all rows'],
  ],
  exitStatus: MIGRATE_EXIT_STATUS,
  run: runDown,
});
