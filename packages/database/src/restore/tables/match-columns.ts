import type { Relation } from './relation.ts';
import type { RowMatch } from './table-plan.ts';

export interface ColumnMatch {
  readonly columns: readonly string[];
  readonly match: RowMatch;
  readonly notes: string[];
  /** Columns that came after the backup, must have a value, and have none by default. */
  readonly unfillable: readonly string[];
}

/** Pairs the columns of the backup's table with those of the live one by their names, and finds the key to match rows by. */
export function matchColumns(backup: Relation, live: Relation): ColumnMatch {
  const theirs = new Map(backup.columns.map(column => [column.name, column]));
  const common = live.columns.filter(({ name, generated }) => generated === null && theirs.has(name));
  const columns = common.map(({ name }) => name);
  const added = live.columns.filter(({ name, generated }) => generated === null && !theirs.has(name));
  const vanished = backup.columns.filter(
    ({ name, generated }) => generated === null && !live.columns.some(column => column.name === name),
  );
  const changed = common.filter(({ name, type }) => theirs.get(name)?.type !== type);
  const generated = live.columns.filter(column => column.generated !== null);
  const match = findKey(live, columns);
  const notes = [
    ...listed(
      vanished.map(({ name }) => name),
      'is in the backup alone and is left out',
    ),
    ...listed(
      added.map(({ name }) => name),
      'was added after the backup: rows that are inserted get its default, others keep their value',
    ),
    ...changed.map(({ name, type }) => `${name} was ${theirs.get(name)?.type} and is ${type} now`),
    ...listed(
      generated.map(({ name }) => name),
      'is generated and computed anew',
    ),
    ...(match.kind === 'rows'
      ? [
          'there is no primary key or unique not-null key: whole rows are compared, and as many equal ones as in the backup are made',
        ]
      : []),
  ];
  const unfillable = added.filter(column => column.notNull && !column.hasDefault).map(({ name }) => name);
  return { columns, match, notes, unfillable };
}

/** The primary key, or a unique index over columns that are never null and hold for every row at once. */
function findKey({ indexes, columns: all }: Relation, columns: readonly string[]): RowMatch {
  const notNull = new Set(all.filter(column => column.notNull).map(({ name }) => name));
  for (const index of indexes) {
    if (index.exclusion || !index.immediate || index.predicate !== null) continue;
    const names = index.parts.flatMap(({ column, operator }) =>
      column !== null && operator !== null && notNull.has(column) && columns.includes(column) ? [column] : [],
    );
    if (names.length === index.parts.length) return { kind: 'key', index, columns: names };
  }
  return { kind: 'rows' };
}

function listed(names: readonly string[], what: string): string[] {
  return names.map(name => `${name} ${what}`);
}
