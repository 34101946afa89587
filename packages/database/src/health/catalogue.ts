import { CONNECTIVITY } from './entries/connectivity/index.ts';
import { dataEntries } from './entries/index.ts';
import { INDEXES } from './entries/indexes/index.ts';
import { POOL } from './entries/pool/index.ts';
import { VACUUM } from './entries/vacuum/index.ts';
import type { HealthEntry } from './entry.ts';

/** Every entry of the catalogue, by number. */
export const CATALOGUE: readonly HealthEntry[] = [CONNECTIVITY, POOL, VACUUM, INDEXES, dataEntries]
  .flat()
  .toSorted((a, b) => a.number - b.number);

/** What is wrong with a catalogue whose entries should be numbered from 1 to `last`; empty when nothing is. */
export function catalogueProblems(entries: readonly HealthEntry[], last: number): string[] {
  const numbers = Map.groupBy(entries, ({ number }) => number);
  const ids = Map.groupBy(entries, ({ id }) => id);
  const wanted = Array.from({ length: last }, (_, index) => index + 1);
  return [
    ...wanted.filter(number => !numbers.has(number)).map(number => `${number} is missing`),
    ...[...numbers].filter(([number]) => !wanted.includes(number)).map(([number]) => `${number} is unknown`),
    ...[...numbers].filter(([, all]) => all.length > 1).map(([number]) => `${number} is there twice`),
    ...[...ids].filter(([, all]) => all.length > 1).map(([id]) => `${id} is there twice`),
    ...[...ids.keys()]
      .filter(id => !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id))
      .map(id => `${id} is not kebab-case`),
  ];
}
