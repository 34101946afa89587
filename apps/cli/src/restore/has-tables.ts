import type { HasWanted } from '@holdfast/database/restore';
import { unknownTables } from '@holdfast/database/restore/tables';
import { tableNames } from './restore-tables.ts';
import type { TableOptionValues } from './table-options.ts';

/**
 * Tells of a backup whether one of its databases has the tables that the options name; one that does not say may have them.
 * @param database the only one that counts
 */
export function hasTables(options: TableOptionValues, database?: string): HasWanted {
  const names = tableNames(options);
  return ({ manifest: { databases } }) =>
    databases.length === 0 ||
    databases.some(
      content =>
        (database === undefined || content.name === database) && unknownTables(names, content).length === 0,
    );
}
