import type { ForeignKeyFacts, IndexFacts } from './index-queries.ts';

/** Whether an index finds the rows of a foreign key: its first columns are those of the key, in any order. */
export function servesForeignKey(index: IndexFacts, key: ForeignKeyFacts): boolean {
  if (index.tableOid !== key.tableOid || !index.valid || !index.ready) return false;
  if (!['btree', 'hash'].includes(index.method) || !holdsAllKeys(index, key)) return false;
  const leading = index.keys.slice(0, key.numbers.length);
  return leading.length === key.numbers.length && key.numbers.every(number => leading.includes(number));
}

/** A partial index serves when all it leaves out are nulls, which refer to nothing. */
function holdsAllKeys({ predicate }: IndexFacts, { columns }: ForeignKeyFacts): boolean {
  if (predicate === null) return true;
  const [column = ''] = columns;
  const quoted = [column, `"${column.replaceAll('"', '""')}"`];
  return columns.length === 1 && quoted.some(name => predicate === `(${name} IS NOT NULL)`);
}

/**
 * Whether everything that `index` does is done by `other`, too: the same rows, the same leading keys compared and sorted in
 * the same way, no column less, and no uniqueness that would be lost. Of two that are alike each covers the other.
 */
export function isCoveredBy(index: IndexFacts, other: IndexFacts): boolean {
  if (index.oid === other.oid || index.tableOid !== other.tableOid || index.method !== other.method)
    return false;
  if (index.predicate !== other.predicate || !other.valid || !other.ready) return false;
  const length = index.keys.length;
  const sameKeys = length === other.keys.length;
  if (!sameKeys && (index.method !== 'btree' || length > other.keys.length)) return false;
  if (!sameLeading(index, other)) return false;
  if (index.unique && !(sameKeys && enforcesAsMuch(index, other))) return false;
  const held = new Set([...other.keys, ...other.includes]);
  return index.includes.every(column => held.has(column));
}

function enforcesAsMuch(index: IndexFacts, other: IndexFacts): boolean {
  return other.unique && (other.nullsNotDistinct || !index.nullsNotDistinct);
}

function sameLeading(index: IndexFacts, other: IndexFacts): boolean {
  const alike = index.keys.every(
    (key, at) =>
      key === other.keys[at] &&
      index.opclasses[at] === other.opclasses[at] &&
      index.collations[at] === other.collations[at] &&
      index.options[at] === other.options[at],
  );
  if (!alike) return false;
  const hasExpression = index.keys.includes(0);
  // expressions are compared as a whole: which one belongs to which position cannot be told from the text
  return (
    !hasExpression || (index.expressions === other.expressions && index.keys.length === other.keys.length)
  );
}
