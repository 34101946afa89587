import { keyOf, type SchemaObject } from '../objects/schema-object.ts';
import { quoteName, quotePath, quoteText, relationOf } from './quote.ts';
import { commentStep, rightsSteps } from './rights-steps.ts';
import { type PlanContext, type Step, textOf } from './step.ts';

/** `name type collate … default … not null`; a default that needs something of this script comes later. */
export function columnClause(column: SchemaObject, withDefault: boolean, sequence?: SchemaObject): string {
  const { properties } = column;
  const parts = [quoteName(column.path[3] ?? ''), textOf(column, 'type')];
  if (typeof properties.collation === 'string') parts.push(`collate ${properties.collation}`);
  if (typeof properties.compression === 'string') parts.push(`compression ${properties.compression}`);
  if (withDefault && typeof properties.default === 'string') parts.push(`default ${properties.default}`);
  if (typeof properties.generated === 'string') parts.push(generatedClause(properties.generated));
  if (typeof properties.identity === 'string') {
    parts.push(`generated ${properties.identity} as identity${sequenceOptions(sequence)}`);
  }
  if (properties['not null'] === true) parts.push('not null');
  return parts.join(' ');
}

function generatedClause(generated: string): string {
  const [, expression = '', kind = ''] = /^(.*) (stored|virtual)$/s.exec(generated) ?? [];
  return `generated always as (${expression}) ${kind}`;
}

/** The options of the sequence behind an identity column. */
function sequenceOptions(sequence: SchemaObject | undefined): string {
  if (sequence === undefined) return '';
  return ` (sequence name ${quotePath(sequence.path.slice(1))} ${sequenceClause(sequence, false)})`;
}

export function sequenceClause(sequence: SchemaObject, withType = true): string {
  const { properties } = sequence;
  return [
    ...(withType ? [`as ${properties.type}`] : []),
    `increment by ${properties.increment} minvalue ${properties.minimum} maxvalue ${properties.maximum}`,
    `start with ${properties.start}${properties.cache === undefined ? '' : ` cache ${properties.cache}`}`,
    properties.cycle === true ? 'cycle' : 'no cycle',
  ].join(' ');
}

/** Whether the default of a column stands on its own: what it needs is there already. */
export function hasPlainDefault(column: SchemaObject, needsOfDefault: Iterable<string>): boolean {
  return [...needsOfDefault].every(key => key === column.key || column.within.includes(key));
}

/** What a column has that its clause cannot say. */
export function columnDetails(column: SchemaObject): Step[] {
  const { properties } = column;
  return [
    ...(typeof properties.storage === 'string' ? [storageStep(column)] : []),
    ...(typeof properties.statistics === 'number' ? [statisticsStep(column)] : []),
    ...optionSteps(column, []),
    ...(typeof properties.comment === 'string' ? [commentStep(column)] : []),
  ];
}

/** After the rights of the table: REVOKE ALL on that takes those of its columns along. */
export function columnRights(column: SchemaObject): Step[] {
  return rightsSteps(column, {}, column.properties.privileges ?? {});
}

const REWRITING = [
  'rewriting-column',
  'the column must exist, and its value is computed for every row',
] as const;
const UNFILLED = [
  'not-null-column',
  'expected so; where the table has rows, add it without NOT NULL, fill it, then set NOT NULL',
] as const;

export function addColumn({ object, identitySequence }: PlanContext, plain: boolean): Step[] {
  const { properties } = object;
  const computed = ['generated', 'identity'].some(name => typeof properties[name] === 'string');
  const empty = !computed && properties['not null'] === true && properties.default === null;
  const clause = columnClause(object, plain, identitySequence);
  const step: Step = {
    sql: `alter table ${relationOf(object.path)} add column ${clause}`,
    ...(computed ? { allow: REWRITING } : {}),
    ...(empty ? { allow: UNFILLED } : {}),
  };
  return [step, ...columnDetails(object), ...columnRights(object)];
}

/** The statements that change one property of a column. */
export function alterColumn(context: PlanContext, property: string): Step[] {
  const { object } = context;
  const { properties } = object;
  const target = `alter table ${relationOf(object.path)} alter column ${quoteName(object.path[3] ?? '')}`;
  if (property === 'type' || property === 'collation') return [typeStep(context, target)];
  if (property === 'default') return [defaultStep(object)];
  if (property === 'not null') return notNullSteps(context, target);
  if (property === 'generated') return [{ sql: `${target} drop expression` }];
  if (property === 'identity') return identitySteps(context, target);
  if (property === 'storage') return [storageStep(object)];
  if (property === 'statistics') return [statisticsStep(object)];
  if (property === 'compression')
    return [{ sql: `${target} set compression ${properties.compression ?? 'default'}` }];
  if (property === 'options') return optionSteps(object, context.live(object.key)?.properties.options ?? []);
  return [];
}

export function defaultStep(column: SchemaObject): Step {
  const expression = column.properties.default;
  const target = `alter table ${relationOf(column.path)} alter column ${quoteName(column.path[3] ?? '')}`;
  return {
    sql: typeof expression === 'string' ? `${target} set default ${expression}` : `${target} drop default`,
  };
}

/** Widening that PostgreSQL does without a look at the rows, or that at least loses nothing. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  smallint: ['integer', 'bigint', 'numeric'],
  integer: ['bigint', 'numeric'],
  bigint: ['numeric'],
  real: ['double precision'],
  json: ['jsonb'],
};

function typeStep({ object, live }: PlanContext, target: string): Step {
  const column = object.path[3] ?? '';
  const [from, to] = [textOf(live(object.key) ?? object, 'type'), textOf(object, 'type')];
  const { collation } = object.properties;
  const collate = typeof collation === 'string' ? ` collate ${collation}` : '';
  // between types that somebody made there is no cast, but each has a text
  const made = [from, to].some(type => type.includes('.'));
  const using = from === to ? '' : ` using ${quoteName(column)}${made ? '::text' : ''}::${to}`;
  const sql = `${target} type ${to}${collate}${using}`;
  if (losesNothing(from, to)) return { sql };
  return {
    sql,
    destroys: `values of ${object.name} that do not fit ${to} (now ${from}) are cut off, rounded or refused`,
  };
}

function losesNothing(from: string, to: string): boolean {
  if (from === to || WIDER[from]?.includes(to) === true) return true;
  const [one, other] = [from, to].map(type => /^(character varying|character)\((\d+)\)$/.exec(type));
  const isText = from.startsWith('character varying') || from === 'text';
  if (isText && (to === 'text' || to === 'character varying')) return true;
  return one?.[1] === 'character varying' && one[1] === other?.[1] && Number(other[2]) >= Number(one[2]);
}

/** A check that is validated without a lock first: SET NOT NULL then reads no rows (manual, ALTER TABLE). */
function notNullSteps({ object, newTable }: PlanContext, target: string): Step[] {
  const wanted = object.properties['not null'];
  if (wanted === false)
    return [
      { sql: `${target} drop not null`, allow: ['drop-not-null', 'nothing expects the column to be filled'] },
    ];
  if (newTable) return [{ sql: `${target} set not null` }];
  const table = `alter table ${relationOf(object.path)}`;
  const column = object.path[3] ?? '';
  const name = quoteName(`${column.slice(0, 40)}_filled_${keyOf(object.path).length}`);
  return [
    {
      sql: `${table} add constraint ${name} check (${quoteName(column)} is not null) not valid`,
      alone: true,
    },
    { sql: `${table} validate constraint ${name}`, alone: true },
    { sql: `${target} set not null`, alone: true },
    { sql: `${table} drop constraint ${name}`, alone: true },
  ];
}

function identitySteps({ object, live, identitySequence }: PlanContext, target: string): Step[] {
  const wanted = object.properties.identity;
  const found = live(object.key)?.properties.identity;
  if (typeof wanted !== 'string') return [{ sql: `${target} drop identity` }];
  if (typeof found === 'string') return [{ sql: `${target} set generated ${wanted}` }];
  const table = relationOf(object.path);
  const column = object.path[3] ?? '';
  const next = `select pg_catalog.setval(pg_catalog.pg_get_serial_sequence(${quoteText(table)}, ${quoteText(column)}), coalesce(max(${quoteName(column)}), 0) + 1, false) from ${table}`;
  return [
    { sql: `${target} add generated ${wanted} as identity${sequenceOptions(identitySequence)}` },
    { sql: next },
  ];
}

function storageStep(column: SchemaObject): Step {
  const target = `alter table ${relationOf(column.path)} alter column ${quoteName(column.path[3] ?? '')}`;
  const { storage } = column.properties;
  return {
    sql: `${target} set storage ${typeof storage === 'string' ? storage : defaultStorage(textOf(column, 'type'))}`,
  };
}

/** PostgreSQL 16 began to take DEFAULT; before that the storage of the type must be named. */
function defaultStorage(type: string): string {
  if (/^(numeric|inet|cidr)/.test(type) && !type.endsWith('[]')) return 'main';
  return /^(smallint|integer|bigint|real|double precision|boolean|date|time|timestamp|uuid|interval|oid)/.test(
    type,
  ) && !type.endsWith('[]')
    ? 'plain'
    : 'extended';
}

function statisticsStep(column: SchemaObject): Step {
  const { statistics } = column.properties;
  const target = `alter table ${relationOf(column.path)} alter column ${quoteName(column.path[3] ?? '')}`;
  return { sql: `${target} set statistics ${typeof statistics === 'number' ? statistics : -1}` };
}

function optionSteps(column: SchemaObject, before: unknown): Step[] {
  const wanted = (column.properties.options ?? []) as readonly string[];
  const found = (before ?? []) as readonly string[];
  const gone = found.filter(option => !wanted.some(item => item.split('=')[0] === option.split('=')[0]));
  const target = `alter table ${relationOf(column.path)} alter column ${quoteName(column.path[3] ?? '')}`;
  return [
    ...(gone.length === 0
      ? []
      : [{ sql: `${target} reset (${gone.map(option => option.split('=')[0]).join(', ')})` }]),
    ...(wanted.length === 0 ? [] : [{ sql: `${target} set (${wanted.join(', ')})` }]),
  ];
}
