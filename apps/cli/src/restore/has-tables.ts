import { contentOf } from '@holdfast/database/backup';
import type { HasWanted } from '@holdfast/database/restore';
import { unknownTables } from '@holdfast/database/restore/tables';
import { tableNames } from './restore-tables.ts';
import type { TableOptionValues } from './table-options.ts';

/** Tells of a backup whether this database has the tables there that the options name; one that does not say may have them. */
export function hasTables(options: TableOptionValues, database: string | undefined): HasWanted {
  const names = tableNames(options);
  return ({ manifest: { databases } }) => {
    const content = contentOf(databases, database);
    return content === undefined ? databases.length === 0 : unknownTables(names, content).length === 0;
  };
}
