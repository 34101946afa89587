import type { HealthContext } from '../../entry.ts';
import { type IndexFacts, readIndexes } from './index-queries.ts';

/** By what all entries of one examination share, and no other examination does. */
const known = new WeakMap<HealthContext['catalog'], readonly IndexFacts[]>();

/** All indexes, read once in an examination: on thousands of tables that takes a noticeable part of its time. */
export async function readAllIndexes({ db, server, catalog }: HealthContext): Promise<readonly IndexFacts[]> {
  const found = known.get(catalog) ?? (await readIndexes(db, server));
  known.set(catalog, found);
  return found;
}
