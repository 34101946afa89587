import type { LoadedTables, Sides } from './load-tables.ts';
import { tableText } from './relation.ts';
import { readRelation } from './relation-queries.ts';
import { moveForward, readSequence, setSequence } from './sequence-queries.ts';

const NUMBERS = /^(smallint|integer|bigint|numeric)/;

/**
 * Moves the sequences of the tables past the rows that came back; those that were made again first go to where the backup had
 * them, so that numbers of rows that were deleted before are not given again.
 * @returns the names of those that were moved
 */
export async function advanceSequences(
  { source, target }: Sides,
  { tables, recreated }: LoadedTables,
): Promise<string[]> {
  const moved = new Set<string>();
  for (const { sequences } of recreated) {
    for (const { schema, name } of sequences) {
      await setSequence(target, schema, name, await readSequence(source, schema, name));
      moved.add(tableText({ schema, name }));
    }
  }
  for (const table of tables) {
    const relation = table.created ? await readRelation(target, table.relation.oid) : table.relation;
    for (const sequence of relation.sequences) {
      const type = relation.columns.find(({ name }) => name === sequence.column)?.type ?? '';
      if (!NUMBERS.test(type)) continue;
      if (await moveForward(target, relation, sequence)) moved.add(tableText(sequence));
    }
  }
  return [...moved].sort();
}
