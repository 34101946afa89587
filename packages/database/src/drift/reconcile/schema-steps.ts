import { keyOf, type SchemaObject } from '../objects/schema-object.ts';
import { sequenceClause } from './column-steps.ts';
import { quoteName, quotePath, quoteRole, relationOf } from './quote.ts';
import { objectReference } from './rights-steps.ts';
import { type PlanContext, type Step, textOf } from './step.ts';
import { optionSteps } from './table-steps.ts';

/** `create function …` with the name put back. */
export function createFunction(object: SchemaObject): Step[] {
  const [, schema = '', name = ''] = object.path;
  const qualified = quotePath([schema, name]);
  if (object.properties.kind === 'aggregate') {
    return [{ sql: `create aggregate ${objectReference(object)} (${textOf(object, 'definition')})` }];
  }
  const definition = textOf(object, 'definition');
  return [
    {
      sql: definition
        .replace(/^(CREATE OR REPLACE (?:FUNCTION|PROCEDURE)) \(/, (_, start) => `${start} ${qualified}(`)
        .trimEnd(),
    },
  ];
}

/** Whether CREATE OR REPLACE can make the change: the result and the defaults of arguments must stay. */
export function canReplaceFunction(expected: SchemaObject, live: SchemaObject): boolean {
  if (expected.properties.kind !== live.properties.kind || expected.properties.kind === 'aggregate')
    return false;
  const head = (object: SchemaObject): string =>
    /^CREATE OR REPLACE \w+ [^\n]*(\n RETURNS [^\n]*)?/.exec(textOf(object, 'definition'))?.[0] ?? '';
  return head(expected) === head(live);
}

export function createView(object: SchemaObject): Step[] {
  const materialized = object.type === 'materialized view';
  const options = (object.properties.options ?? []) as readonly string[];
  const withOptions = options.length === 0 ? '' : ` with (${options.join(', ')})`;
  const { tablespace } = object.properties;
  const place = typeof tablespace === 'string' ? ` tablespace ${quoteName(tablespace)}` : '';
  const query = textOf(object, 'definition').trim().replace(/;$/, '');
  const data = materialized && object.properties.populated === false ? ' with no data' : '';
  const verb = materialized ? 'create materialized view' : 'create or replace view';
  return [{ sql: `${verb} ${quotePath(object.path.slice(1))}${withOptions}${place} as\n${query}${data}` }];
}

interface ViewColumn {
  readonly name: string;
  readonly type: string;
}

/** CREATE OR REPLACE VIEW can add columns at the end and nothing else (manual, CREATE VIEW). */
export function canReplaceView(expected: SchemaObject, live: SchemaObject): boolean {
  const columns = (object: SchemaObject) =>
    object.properties.columns as unknown as readonly ViewColumn[] | undefined;
  const [wanted, found] = [columns(expected), columns(live)];
  if (expected.type !== 'view' || wanted === undefined || found === undefined) return false;
  return found.every(({ name, type }, index) => wanted[index]?.name === name && wanted[index]?.type === type);
}

export function alterView({ object, live }: PlanContext, property: string): Step[] {
  const name = quotePath(object.path.slice(1));
  const before = live(object.key)?.properties.options ?? [];
  if (property === 'definition') return createView(object);
  if (property === 'populated') {
    return [
      {
        sql: `refresh materialized view ${name}`,
        allow: ['refresh-not-concurrent', 'it was never filled, so that nobody can read it'],
      },
    ];
  }
  if (property === 'tablespace') {
    const tablespace = quoteName(textOf(object, property) || 'pg_default');
    return [
      {
        sql: `alter materialized view ${name} set tablespace ${tablespace}`,
        allow: ['rewrite-table', 'it lies in another tablespace'],
      },
    ];
  }
  if (property !== 'options') return [];
  return optionSteps(
    `alter ${object.type} ${name}`,
    object.properties.options as readonly string[],
    before as readonly string[],
  );
}

export function createSequence(context: PlanContext): Step[] {
  const { object } = context;
  const unlogged = object.properties.persistence === 'unlogged' ? 'unlogged ' : '';
  const owner = textOf(object, 'owned by');
  const name = quotePath(object.path.slice(1));
  return [
    { sql: `create ${unlogged}sequence ${name} ${sequenceClause(object)}` },
    ...(owner === '' ? [] : ownedBySteps(context)),
  ];
}

/** Behind a sequence that was lost there are rows with its numbers: it goes on after the greatest. */
export function sequenceStart(object: SchemaObject): Step[] {
  const column = object.within.map(key => JSON.parse(key) as string[]).find(([kind]) => kind === 'column');
  if (column === undefined) return [];
  const [, schema = '', table = '', name = ''] = column;
  const sequence = `'${quotePath(object.path.slice(1)).replaceAll("'", "''")}'`;
  const next = `coalesce(max(${quoteName(name)}), 0) + 1`;
  return [
    { sql: `select pg_catalog.setval(${sequence}, ${next}, false) from ${quotePath([schema, table])}` },
  ];
}

export function alterSequence(context: PlanContext, property: string): Step[] {
  const { object } = context;
  const target = `alter sequence ${quotePath(object.path.slice(1))}`;
  const { properties } = object;
  if (property === 'owned by') return ownedBySteps(context);
  if (property === 'persistence')
    return [{ sql: `${target} set ${properties.persistence === 'unlogged' ? 'unlogged' : 'logged'}` }];
  return [{ sql: `${target} ${sequenceClause(object)}` }];
}

/** A sequence must have the owner of the table before it can belong to a column of it. */
function ownedBySteps({ object, expected }: PlanContext): Step[] {
  const column = object.within.map(key => JSON.parse(key) as string[]).find(([kind]) => kind === 'column');
  const target = `alter sequence ${quotePath(object.path.slice(1))}`;
  if (column === undefined) return [{ sql: `${target} owned by none` }];
  const table = expected(keyOf(['table', ...column.slice(1, 3)]));
  const owner = table === undefined ? '' : textOf(table, 'owner');
  return [
    ...(owner === '' ? [] : [{ sql: `${target} owner to ${quoteName(owner)}` }]),
    { sql: `${target} owned by ${quotePath(column.slice(1))}` },
  ];
}

export function createTrigger(object: SchemaObject): Step[] {
  const name = quoteName(object.path[3] ?? '');
  const definition = textOf(object, 'definition');
  const sql = definition.replace(/^(CREATE (?:CONSTRAINT )?TRIGGER) /, (_, start) => `${start} ${name} `);
  const allow = ['create-trigger', 'the expected table has this trigger'] as const;
  return [{ sql, allow }, ...(object.properties.enabled === 'origin' ? [] : [triggerStateStep(object)])];
}

export function triggerStateStep(object: SchemaObject): Step {
  const table = relationOf(object.path);
  const name = quoteName(object.path[3] ?? '');
  const { enabled } = object.properties;
  const kind = object.type === 'rule' ? 'rule' : 'trigger';
  const verb = enabled === 'disabled' ? 'disable' : enabled === 'origin' ? 'enable' : `enable ${enabled}`;
  const sql = `alter table ${table} ${verb} ${kind} ${name}`;
  return kind === 'rule' ? { sql } : { sql, allow: ['disable-trigger', 'its state is not as expected'] };
}

export function createRule(object: SchemaObject): Step[] {
  const sql = textOf(object, 'definition')
    .replace(/^CREATE RULE AS/, () => `CREATE RULE ${quoteName(object.path[3] ?? '')} AS`)
    .trim()
    .replace(/;$/, '');
  const allow = ['create-trigger', 'the expected table has this rule'] as const;
  return [{ sql, allow }, ...(object.properties.enabled === 'origin' ? [] : [triggerStateStep(object)])];
}

export function createPolicy(object: SchemaObject): Step[] {
  const { properties } = object;
  const parts = [
    `create policy ${objectReference(object)}`,
    ...(properties.permissive === false ? ['as restrictive'] : []),
    `for ${properties.command}`,
    `to ${(properties.roles as readonly string[]).map(quoteRole).join(', ')}`,
    ...(typeof properties.using === 'string' ? [`using (${properties.using})`] : []),
    ...(typeof properties['with check'] === 'string' ? [`with check (${properties['with check']})`] : []),
  ];
  return [{ sql: parts.join(' ') }];
}

export function alterPolicy({ object }: PlanContext, property: string): Step[] {
  const target = `alter policy ${objectReference(object)}`;
  const { properties } = object;
  if (property === 'roles')
    return [{ sql: `${target} to ${(properties.roles as readonly string[]).map(quoteRole).join(', ')}` }];
  return [{ sql: `${target} ${property} (${properties[property]})` }];
}

export function createStatistics(object: SchemaObject): Step[] {
  const name = quotePath(object.path.slice(1));
  return [
    { sql: textOf(object, 'definition').replace(/^CREATE STATISTICS /, () => `CREATE STATISTICS ${name} `) },
  ];
}
