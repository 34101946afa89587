import { type CatalogPair, type Difference, displayName } from '@holdfast/database/drift';
import type { Catalog } from '@holdfast/postgres';
import type { Sightings } from '../sightings.ts';
import { shorten, statementsFor } from './reconciling-statements.ts';

type CatalogSighting = Sightings['schema.catalog'];

/** Tables that show other rows, or take other ones, than they are expected to: row level security and its policies. */
export function changedRowSecurity(
  pair: CatalogPair,
  differences: readonly Difference[],
): CatalogSighting['changedRowSecurity'] {
  const guarded = new Set(
    [...pair.expected.tables, ...pair.live.tables]
      .filter(({ rowSecurity }) => rowSecurity)
      .map(({ schema, name }) => displayName([schema, name])),
  );
  const relevant = differences.filter(item => isRowSecurity(item) && guarded.has(tableOf(item)));
  return [...Map.groupBy(relevant, tableOf)].map(([table, own]) => ({
    table: shorten(table),
    changes: own.map(item => changeOf(item, pair.live)),
    remedy: statementsFor(pair, item => isRowSecurity(item) && tableOf(item) === table),
  }));
}

/** What is about row level security of one table, as the doctor names it. */
export function isRowSecurityOf(table: string): (difference: Difference) => boolean {
  return difference => isRowSecurity(difference) && shorten(tableOf(difference)) === table;
}

function isRowSecurity({ kind, type, property }: Difference): boolean {
  if (type === 'policy') return property !== 'comment';
  const isTable = type === 'table' && kind === 'changed';
  return isTable && (property === 'row level security' || property === 'force row level security');
}

/** Of a policy the table that it is of. */
function tableOf({ type, name }: Difference): string {
  return type === 'policy' ? name.replace(/\.(?:"(?:[^"]|"")+"|[^."]+)$/, '') : name;
}

function changeOf({ kind, type, name, property, live }: Difference, catalog: Catalog): string {
  if (type === 'policy') {
    const policy = name.slice(tableOf({ type, name } as Difference).length + 1);
    if (kind === 'missing') return `the policy ${policy} is gone`;
    return kind === 'unexpected'
      ? `the policy ${policy} was added`
      : `the policy ${policy} is another one: its ${property}`;
  }
  const on = live === true;
  if (property === 'force row level security')
    return on ? 'it holds for the owner as well now' : 'it does not hold for the owner any more';
  if (!on) return 'it was switched off: every row is seen';
  const policies = (catalog.policies ?? []).filter(item => displayName([item.schema, item.table]) === name);
  const whose = policies.map(({ name: policy, roles }) => `${policy} for ${roles.join(', ')}`);
  return policies.length === 0
    ? 'it was switched on without a policy: no row is seen, and none is taken, except by the owner'
    : `it was switched on, with the policies ${whose.join('; ')}`;
}
