import type { Queryable } from '@holdfast/postgres';
import { listSequences, readPositions, type SequenceDefinition } from './sequence-queries.ts';

export interface Sequence extends SequenceDefinition {
  /** Null when no value was drawn yet, or when this session may not know. */
  readonly lastValue: string | null;
  /** Null when this session may not know. */
  readonly nextValue: string | null;
}

const BATCH = 200;

/** The sequences of the schemas and where they stand. */
export async function readSequences(db: Queryable, schemas: readonly string[]): Promise<Sequence[]> {
  const sequences = await listSequences(db, schemas);
  const names = sequences.filter(({ readable }) => readable).map(({ name }) => name);
  const positions = new Map<string, Pick<Sequence, 'lastValue' | 'nextValue'>>();
  const increments = new Map(sequences.map(({ name, increment }) => [name, BigInt(increment)]));
  for (let from = 0; from < names.length; from += BATCH) {
    for (const { name, lastValue, isCalled } of await readPositions(db, names.slice(from, from + BATCH))) {
      const after = String(BigInt(lastValue) + (increments.get(name) ?? 1n));
      positions.set(
        name,
        isCalled ? { lastValue, nextValue: after } : { lastValue: null, nextValue: lastValue },
      );
    }
  }
  return sequences.map(sequence => ({
    ...sequence,
    ...(positions.get(sequence.name) ?? { lastValue: null, nextValue: null }),
  }));
}
