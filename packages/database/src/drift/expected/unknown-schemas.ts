import { HoldfastError } from '@holdfast/core';
import type { Catalog } from '@holdfast/postgres';
import { displayName } from '../objects/schema-object.ts';

/**
 * Refuses the name of a schema that is on no side: there would be nothing to find, which looks as if all were well.
 * @param others schemas that are there besides, to be named in the message
 * @throws `usage` with the schemas that there are
 */
export function refuseUnknownSchemas(
  names: readonly string[],
  sides: readonly Pick<Catalog, 'schemas'>[],
  others: readonly string[],
): void {
  const found = sides.flatMap(({ schemas }) => schemas);
  const unknown = names.filter(name => !found.includes(name));
  if (unknown.length === 0) return;
  const known = [...new Set([...found, ...others])].sort();
  const noun = unknown.length === 1 ? 'schema' : 'schemas';
  const message = `There is no ${noun} ${displayList(unknown)} to look at; there are ${displayList(known)}`;
  throw new HoldfastError('usage', message, { details: { unknown, known } });
}

/** Names for a sentence, quoted as SQL needs it. */
export function displayList(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map(name => displayName([name])).join(', ');
}
