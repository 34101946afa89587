import type { CatalogPair, Difference } from '@holdfast/database/drift';
import type { Sightings } from '../sightings.ts';
import { shorten, statementsFor } from './reconciling-statements.ts';

type ChangedColumns = Sightings['schema.catalog']['changedColumns'];

/** Columns that are taken for missing and are there all the same: renamed, or of another type. */
export function changedColumns(
  { expected, live }: CatalogPair,
  differences: readonly Difference[],
  missing: readonly string[],
): ChangedColumns {
  return differences.filter(isOtherColumn).flatMap(({ name, property, expected: wanted, live: found }) => {
    const column = shorten(name);
    if (!missing.includes(column)) return [];
    const names = property === 'name' ? [name, String(found)] : [name];
    const isIt = (item: Difference): boolean => isOtherColumn(item) && names.includes(item.name);
    const statements = statementsFor({ expected, live }, isIt);
    const undo = statementsFor({ expected: live, live: expected }, isIt).join(' ');
    return property === 'name'
      ? [{ column, problem: `is called ${shorten(String(found))} now`, remedy: statements, undo }]
      : [
          {
            column,
            problem: `has the type ${found}, not ${wanted}`,
            remedy: [...statements, ...OF_VALUES],
            undo,
          },
        ];
  });
}

const OF_VALUES = [
  '-- look first for values that do not fit: they are cut off, rounded or refused',
  '-- what the other type could not hold is in a backup alone',
];

function isOtherColumn({ kind, type, property }: Difference): boolean {
  return kind === 'changed' && type === 'column' && (property === 'name' || property === 'type');
}
