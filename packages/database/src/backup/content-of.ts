import type { DatabaseContent } from './manifest.ts';

/**
 * What a backup of several databases knows of the one of this name, else of the only one besides `postgres`. Tables of the same
 * name in another database are other tables.
 */
export function contentOf(
  databases: readonly DatabaseContent[],
  name: string | undefined,
): DatabaseContent | undefined {
  const found = databases.find(database => database.name === name);
  if (found !== undefined) return found;
  const [only, second] = databases.filter(database => database.name !== 'postgres');
  return second === undefined ? only : undefined;
}
