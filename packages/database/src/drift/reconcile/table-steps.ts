import type { CatalogKey } from '@holdfast/postgres';
import { keyOf, type SchemaObject } from '../objects/schema-object.ts';
import { quoteName, quotePath, relationOf } from './quote.ts';
import { listOf, type PlanContext, type Step, textOf } from './step.ts';

/** `create table …` with the given clauses of its own columns. */
export function createTable(table: SchemaObject, columns: readonly string[]): Step {
  const { properties } = table;
  const name = quotePath(table.path.slice(1));
  const kind = properties.kind === 'foreign' ? 'foreign table' : 'table';
  const unlogged = properties.persistence === 'unlogged' ? 'unlogged ' : '';
  const partition = partitionOf(table);
  const body =
    partition === undefined
      ? ` (${columns.length === 0 ? '' : `\n  ${columns.join(',\n  ')}\n`})`
      : ` partition of ${quotePath(partition.parent.slice(1))} ${partition.bound}`;
  const inherits = (properties.inherits ?? []) as unknown as readonly CatalogKey[];
  const clauses = [
    ...(inherits.length === 0
      ? []
      : [`inherits (${inherits.map(parent => quotePath(parent.slice(1))).join(', ')})`]),
    ...(typeof properties['partition key'] === 'string'
      ? [`partition by ${properties['partition key']}`]
      : []),
    ...(typeof properties['access method'] === 'string' && properties['access method'] !== 'heap'
      ? [`using ${quoteName(properties['access method'])}`]
      : []),
    ...(typeof properties.server === 'string' ? [foreignClause(table)] : []),
    ...(listOf(table, 'options').length === 0 ? [] : [`with (${listOf(table, 'options').join(', ')})`]),
    ...(typeof properties.tablespace === 'string' ? [`tablespace ${quoteName(properties.tablespace)}`] : []),
  ];
  return { sql: `create ${unlogged}${kind} ${name}${body}${clauses.map(clause => `\n${clause}`).join('')}` };
}

function foreignClause(table: SchemaObject): string {
  const options = listOf(table, 'foreign options').map(option => {
    const [name = '', ...value] = option.split('=');
    return `${quoteName(name)} '${value.join('=').replaceAll("'", "''")}'`;
  });
  return `server ${quoteName(textOf(table, 'server'))}${options.length === 0 ? '' : ` options (${options.join(', ')})`}`;
}

export interface PartitionOf {
  readonly parent: CatalogKey;
  readonly bound: string;
}

export function partitionOf(table: SchemaObject | undefined): PartitionOf | undefined {
  const value = table?.properties['partition of'];
  return value === null || value === undefined ? undefined : (value as unknown as PartitionOf);
}

/** The statements that change one property of a table; owner, rights and comment are everybody's. */
export function alterTable(context: PlanContext, property: string): Step[] {
  const { object, live } = context;
  const { properties } = object;
  const target = `alter table ${quotePath(object.path.slice(1))}`;
  const before = live(object.key);
  switch (property) {
    case 'row level security':
      return [rowSecurityStep(object)];
    case 'force row level security':
      return [{ sql: `${target} ${properties[property] === true ? '' : 'no '}force row level security` }];
    case 'persistence':
      return [
        {
          sql: `${target} set ${properties.persistence === 'unlogged' ? 'unlogged' : 'logged'}`,
          allow: [
            'rewrite-table',
            'whether the table survives a crash is not as expected; it is written anew',
          ],
        },
      ];
    case 'options':
      return optionSteps(target, listOf(object, property), before ? listOf(before, property) : []);
    case 'access method':
      return [
        {
          sql: `${target} set access method ${quoteName(textOf(object, property))}`,
          allow: ['rewrite-table', 'the storage differs'],
        },
      ];
    case 'tablespace':
      return [
        {
          sql: `${target} set tablespace ${quoteName(textOf(object, property) || 'pg_default')}`,
          allow: ['rewrite-table', 'the table lies in another tablespace'],
        },
      ];
    case 'partition of':
      return partitionSteps(context);
    case 'inherits':
      return inheritSteps(target, context);
    default:
      return [];
  }
}

export function rowSecurityStep({ path, properties }: SchemaObject): Step {
  const target = `alter table ${quotePath(path.slice(1))}`;
  if (properties['row level security'] === true) return { sql: `${target} enable row level security` };
  return {
    sql: `${target} disable row level security`,
    allow: ['row-security-off', 'the expected table has none'],
  };
}

/** What can only be said when the indexes are there. */
export function lateTableSteps(object: SchemaObject, changed: (property: string) => boolean): Step[] {
  const { properties } = object;
  const target = `alter table ${quotePath(object.path.slice(1))}`;
  const identity = textOf(object, 'replica identity');
  const cluster = properties['clustered on'];
  return [
    ...(changed('replica identity') && properties.kind !== 'foreign'
      ? [{ sql: `${target} replica identity ${identity.replace(/^index /, 'using index ')}` }]
      : []),
    ...(changed('clustered on')
      ? [
          {
            sql:
              typeof cluster === 'string'
                ? `${target} cluster on ${quoteName(cluster)}`
                : `${target} set without cluster`,
          },
        ]
      : []),
  ];
}

export function optionSteps(target: string, wanted: readonly string[], found: readonly string[]): Step[] {
  const name = (option: string): string => option.split('=')[0] ?? '';
  const gone = found.map(name).filter(option => !wanted.some(item => name(item) === option));
  const set = wanted.filter(option => !found.includes(option));
  return [
    ...(gone.length === 0 ? [] : [{ sql: `${target} reset (${gone.join(', ')})` }]),
    ...(set.length === 0 ? [] : [{ sql: `${target} set (${set.join(', ')})` }]),
  ];
}

export function detachStep({ parent }: PartitionOf, partition: string): Step {
  return {
    sql: `alter table ${quotePath(parent.slice(1))} detach partition ${partition}`,
    allow: ['detach-partition', 'it is no part of the expected table'],
  };
}

/** A partition of a table that nobody expects was detached before that was dropped. */
function partitionSteps({ object, live, expected }: PlanContext): Step[] {
  const [wanted, before] = [partitionOf(object), live(object.key)];
  const found = partitionOf(before);
  const name = relationOf(object.path);
  const detached = found === undefined || expected(keyOf(found.parent)) === undefined;
  return [
    ...(detached ? [] : [detachStep(found, name)]),
    ...(wanted === undefined
      ? []
      : [
          {
            sql: `alter table ${quotePath(wanted.parent.slice(1))} attach partition ${name} ${wanted.bound}`,
            allow: ['attach-partition', 'its rows have to be checked against the bound once'] as const,
          },
        ]),
  ];
}

function inheritSteps(target: string, { object, live, expected }: PlanContext): Step[] {
  const parents = (item: SchemaObject | undefined): string[] =>
    ((item?.properties.inherits ?? []) as unknown as readonly CatalogKey[])
      .filter(parent => expected(keyOf(parent)) !== undefined)
      .map(parent => quotePath(parent.slice(1)));
  const [wanted, found] = [parents(object), parents(live(object.key))];
  return [
    ...found
      .filter(parent => !wanted.includes(parent))
      .map(parent => ({ sql: `${target} no inherit ${parent}` })),
    ...wanted
      .filter(parent => !found.includes(parent))
      .map(parent => ({ sql: `${target} inherit ${parent}` })),
  ];
}
