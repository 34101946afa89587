import { type CatalogPair, type Difference, reconcilePart } from '@holdfast/database/drift';

/** What makes the wanted differences go away, as it is typed. */
export function statementsFor(pair: CatalogPair, isWanted: (difference: Difference) => boolean): string[] {
  const { statements } = reconcilePart(pair, isWanted, { allowDestructive: true });
  return statements.map(statement => `${statement};`);
}

/** Names in the schema everybody uses are shown without it. */
export function shorten(name: string): string {
  return name.replace(/^public\./, '');
}
