import type { DescribedCatalog } from '../objects/describe-catalog.ts';

/** Where nothing else decides, things come in this order. */
const RANKS = [
  'database',
  'schema',
  'extension',
  'collation',
  'type',
  'function',
  'table',
  'column',
  'sequence',
  'default',
  'index',
  'constraint',
  'statistics',
  'view',
  'materialized view',
  'rule',
  'trigger',
  'policy',
];

/**
 * All keys of a catalog, each after what it needs; the expressions of defaults among them. A table counts as needing what its
 * columns need, since it is made with them. Circles, which PostgreSQL can only make step by step, are cut somewhere.
 */
export function sortObjects(catalog: DescribedCatalog): string[] {
  const keys = allKeys(catalog);
  const ofTable = Map.groupBy(
    keys.filter(key => kindOf(key) === 'column'),
    key => tableKey(key),
  );
  const sorted: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const needsOf = (key: string): string[] => {
    const columns = kindOf(key) === 'table' ? (ofTable.get(key) ?? []) : [];
    const inner = columns
      .flatMap(column => [...catalog.needs(column)])
      .filter(need => need !== key && tableKey(need) !== key);
    return [...catalog.needs(key), ...inner, ...generatedNeeds(key, columns, catalog)].sort(byRank);
  };
  const visit = (key: string): void => {
    if (state.has(key)) return;
    state.set(key, 'open');
    for (const need of needsOf(key)) visit(need);
    state.set(key, 'done');
    sorted.push(key);
  };
  for (const key of keys) visit(key);
  return sorted;
}

function allKeys({ catalog, objects }: DescribedCatalog): string[] {
  const defaults = (catalog.dependencies ?? [])
    .map(({ object }) => object)
    .filter(([kind]) => kind === 'default');
  return [...new Set([...objects.keys(), ...defaults.map(key => JSON.stringify(key))])].sort(byRank);
}

/** A generated column is made with its expression, so that what that needs must be there before. */
function generatedNeeds(
  key: string,
  columns: readonly string[],
  { needs, objects }: DescribedCatalog,
): string[] {
  const own = kindOf(key) === 'column' ? [key] : columns;
  return own
    .filter(column => typeof objects.get(column)?.properties.generated === 'string')
    .flatMap(column => [...needs(defaultKeyOf(column))])
    .filter(need => !own.includes(need) && need !== tableKey(own[0] ?? ''));
}

export function defaultKeyOf(columnKey: string): string {
  return JSON.stringify(['default', ...(JSON.parse(columnKey) as string[]).slice(1)]);
}

export function columnKeyOf(defaultKey: string): string {
  return JSON.stringify(['column', ...(JSON.parse(defaultKey) as string[]).slice(1)]);
}

export function kindOf(key: string): string {
  return (JSON.parse(key) as string[])[0] ?? '';
}

function tableKey(key: string): string {
  const [, schema, table] = JSON.parse(key) as string[];
  return JSON.stringify(['table', schema, table]);
}

function byRank(one: string, other: string): number {
  const rank = (key: string): number => {
    const found = RANKS.indexOf(kindOf(key));
    return found === -1 ? RANKS.length : found;
  };
  return rank(one) - rank(other) || (one < other ? -1 : 1);
}
