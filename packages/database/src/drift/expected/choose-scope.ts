import { HoldfastError } from '@holdfast/core';
import type { Catalog } from '@holdfast/postgres';
import { narrowCatalog } from './narrow-catalog.ts';
import type { StoredCatalog } from './snapshot-file.ts';
import { displayList } from './unknown-schemas.ts';

export interface Scope {
  /** Only of the schemas that are compared. */
  readonly expected: Catalog;
  /** What the live catalog is to be read for. */
  readonly schemas: readonly string[] | 'all';
}

/**
 * What is compared: the schemas that are wanted, else those that the expectation speaks of.
 * @param source where the expectation comes from, for the message
 * @throws `drift_unknown` when it says nothing about a wanted schema, or about none that exists
 */
export function chooseScope(
  { catalog, schemas: held }: StoredCatalog,
  wanted: readonly string[] | 'all',
  source: string,
): Scope {
  if (held !== 'all' && catalog.schemas.length === 0) {
    throw silent(source, `was taken of ${displayList(held)}, which did not exist. Compare`);
  }
  if (wanted === 'all') return { expected: catalog, schemas: held };
  const beyond = held === 'all' ? [] : wanted.filter(name => !held.includes(name));
  if (held === 'all' || beyond.length === 0) {
    return { expected: narrowCatalog(catalog, wanted), schemas: wanted };
  }
  throw silent(
    source,
    `was taken of ${displayList(held)} and says nothing about ${displayList(beyond)}. Leave that out of --schema, or compare`,
  );
}

function silent(source: string, problem: string): HoldfastError {
  const message = `${source} ${problem} with the migrations (--migrations DIR) or another database (--against URL). After the next migration that is run without --schema, the ledger holds every schema`;
  return new HoldfastError('drift_unknown', message);
}
