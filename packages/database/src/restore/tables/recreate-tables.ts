import type { Catalog } from '@holdfast/postgres';
import { type DescribedCatalog, describeCatalog } from '../../drift/objects/describe-catalog.ts';
import { planObjectSteps } from '../../drift/reconcile/plan-steps.ts';
import { kindOf } from '../../drift/reconcile/sort-objects.ts';
import type { Step } from '../../drift/reconcile/step.ts';
import { tableText } from './relation.ts';

/** The statements that make dropped tables again, with everything that hung on them. */
export interface Recreation {
  /** Types, sequences, functions and the bare tables: before the rows. */
  readonly before: readonly string[];
  /** Indexes, constraints, triggers, policies, views, functions of the row types: after them, which is faster and fires nothing. */
  readonly after: readonly string[];
  /** What is made, as `table public.users`. */
  readonly objects: readonly string[];
  /** The columns among them that other tables had lost, and have again without their values. */
  readonly emptyColumns: readonly EmptyColumn[];
  /** What has to be done by hand. */
  readonly notes: readonly string[];
}

export interface EmptyColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** What hangs on a table, or on its row type, and goes with it. */
const DEPENDENTS: ReadonlySet<string> = new Set([
  'constraint',
  'index',
  'trigger',
  'policy',
  'rule',
  'statistics',
  'sequence',
  'view',
  'materialized view',
  'function',
  'type',
]);

const LATE: ReadonlySet<string> = new Set([
  'constraint',
  'index',
  'trigger',
  'policy',
  'rule',
  'statistics',
  'view',
  'materialized view',
]);

/** Plans to make the given tables (as `[schema, name]`) as the backup's catalog has them. Pure: nothing is run. */
export function planRecreation(
  pair: { readonly backup: Catalog; readonly live: Catalog },
  tables: readonly (readonly [string, string])[],
): Recreation {
  const expected = describeCatalog(pair.backup);
  const live = describeCatalog(pair.live);
  const wanted = tables.map(path => JSON.stringify(['table', ...path]));
  const keys = missingKeys(wanted, expected, live);
  const raw = [...keys].map(key => ({
    kind: 'missing' as const,
    key,
    property: null,
    expected: null,
    live: null,
  }));
  const nothing = { renames: [], groups: [], differences: [], notes: [], compared: 0 };
  const planned = planObjectSteps({ ...nothing, expected, live, raw });
  const early = neededByRows(keys, expected);
  const isEarly = ({ key, last }: (typeof planned)[number]): boolean => !last && early(key);
  const steps = (part: typeof planned): Step[] => part.flatMap(item => item.steps);
  const run = (part: typeof planned): string[] =>
    steps(part)
      .filter(step => step.manual !== true)
      .map(({ sql }) => sql);
  return {
    before: run(planned.filter(isEarly)),
    after: run(planned.filter(item => !isEarly(item))),
    objects: [...keys].flatMap(key => {
      const object = expected.objects.get(key);
      const inNewTable = object?.type === 'column' && object.within.some(table => keys.has(table));
      return object === undefined || inNewTable ? [] : [`${object.type} ${object.name}`];
    }),
    emptyColumns: [...keys].flatMap(key => emptyColumn(key, keys, expected)),
    notes: [
      ...steps(planned)
        .filter(step => step.manual === true)
        .map(({ sql }) => `by hand: ${sql}`),
      ...publicationNotes(pair, tables),
    ],
  };
}

/**
 * The tables with what they need, and then what hangs on them, as far as the live database lacks it. What also needs a table
 * that is missing and nobody asked for, such as a foreign key to it, is left out.
 */
function missingKeys(
  tables: readonly string[],
  expected: DescribedCatalog,
  live: DescribedCatalog,
): Set<string> {
  const found = new Set<string>();
  const add = (start: readonly string[]): void => {
    const waiting = [...start];
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      if (found.has(key) || live.objects.has(key) || !expected.objects.has(key)) continue;
      found.add(key);
      waiting.push(...expected.needs(key), ...defaultNeeds(key, expected));
    }
  };
  const isThere = (key: string): boolean => live.objects.has(key) || found.has(key);
  add(tables);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const key of [...found].flatMap(item => [...expected.neededBy(item)])) {
      const kind = kindOf(key);
      if (kind === 'table' || kind === 'column') add([key]);
      else if (DEPENDENTS.has(kind) && tablesOf(key, expected).every(isThere)) add([key]);
    }
  }
  return found;
}

/** Whether something must be there before the rows: all but what only hangs on the tables. */
function neededByRows(keys: ReadonlySet<string>, expected: DescribedCatalog): (key: string) => boolean {
  const needed = new Set<string>();
  const waiting = [...keys].filter(key => ['table', 'column', 'sequence'].includes(kindOf(key)));
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (needed.has(key) || LATE.has(kindOf(key))) continue;
    needed.add(key);
    waiting.push(...expected.needs(key), ...defaultNeeds(key, expected));
  }
  return key => !LATE.has(kindOf(key)) && (needed.has(key) || !DEPENDENTS.has(kindOf(key)));
}

function emptyColumn(key: string, keys: ReadonlySet<string>, { objects }: DescribedCatalog): EmptyColumn[] {
  const object = objects.get(key);
  if (object?.type !== 'column' || object.within.some(table => keys.has(table))) return [];
  if (typeof object.properties.generated === 'string') return [];
  const [, schema = '', table = '', column = ''] = JSON.parse(key) as string[];
  return [{ schema, table, column }];
}

/** The tables that an object speaks of. */
function tablesOf(key: string, { needs, objects }: DescribedCatalog): string[] {
  const all = [...needs(key), ...(objects.get(key)?.within ?? [])].map(need => JSON.parse(need) as string[]);
  return all
    .filter(([kind]) => kind === 'table' || kind === 'column')
    .map(([, schema, name]) => JSON.stringify(['table', schema, name]));
}

/** The sequence or function in the default of a column. */
function defaultNeeds(key: string, { needs }: DescribedCatalog): string[] {
  const [kind, ...path] = JSON.parse(key) as string[];
  return kind === 'column' ? [...needs(JSON.stringify(['default', ...path]))] : [];
}

function publicationNotes(
  { backup, live }: { readonly backup: Catalog; readonly live: Catalog },
  tables: readonly (readonly [string, string])[],
): string[] {
  return (backup.publications ?? [])
    .filter(({ name }) => live.publications?.some(publication => publication.name === name))
    .flatMap(({ name, tables: published }) =>
      tables
        .filter(([schema, table]) => published.some(text => text.startsWith(`${schema}.${table}`)))
        .map(
          ([schema, table]) =>
            `${tableText({ schema, name: table })} was part of the publication ${name}: add it again`,
        ),
    );
}
