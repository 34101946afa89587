import { type CatalogDifference, type CatalogObject, quoteName } from './catalog-differences.ts';

/** The statement that makes good one difference; for the others what shows the way. */
export function reconcile(difference: CatalogDifference): string {
  if (difference.change === 'unexpected') return `-- not expected: ${difference.type} ${difference.name}`;
  const statement = STATEMENTS[difference.type]?.(difference.object, difference);
  return statement ?? `-- ${describe(difference)}: holdfast drift --sql writes the whole reconciliation`;
}

function describe({ type, name, change, property, expected, live }: CatalogDifference): string {
  if (change !== 'changed') return `${type} ${name} is ${change}`;
  return `${type} ${name}: ${property} is ${live ?? 'none'}, expected ${expected ?? 'none'}`;
}

type Statement = (object: CatalogObject, difference: CatalogDifference) => string | undefined;

const STATEMENTS: Readonly<Record<string, Statement>> = {
  table: createOrOwn,
  column: columnStatement,
  index: (object, { change, name }) =>
    change === 'missing'
      ? `${String(object.definition).replace(/ INDEX /, ' INDEX CONCURRENTLY ')};`
      : `drop index concurrently ${indexName(object)}; ${object.definition}; -- ${name}`,
  constraint: constraintStatement,
  trigger: (object, { change }) =>
    change === 'missing'
      ? `${object.definition};`
      : `${String(object.definition).replace(/^CREATE /, 'create or replace ')};`,
  function: object => (typeof object.definition === 'string' ? `${object.definition.trim()};` : undefined),
  view: object =>
    object.materialized === true
      ? `create materialized view ${path(object)} as ${object.definition}`
      : `create or replace view ${path(object)} as ${object.definition}`,
  extension: (object, { change }) =>
    change === 'missing'
      ? `create extension ${quoteName(String(object.name))} schema ${quoteName(String(object.schema))} version '${object.version}';`
      : `alter extension ${quoteName(String(object.name))} update to '${object.version}';`,
};

function createOrOwn(object: CatalogObject, { change, property, expected }: CatalogDifference) {
  if (change === 'missing') {
    const columns = Array.isArray(object.columns) ? object.columns.map(columnDefinition).join(', ') : '';
    return `create table ${path(object)} (${columns}); -- its rows: holdfast restore --table ${object.name}`;
  }
  if (property === 'owner') return `alter table ${path(object)} owner to ${quoteName(expected ?? '')};`;
  if (property === 'rowSecurity') {
    return `alter table ${path(object)} ${expected === 'true' ? 'enable' : 'disable'} row level security;`;
  }
  return undefined;
}

function columnStatement(object: CatalogObject, { change, property, expected }: CatalogDifference) {
  const table = `alter table ${quoteName(String(object.schema))}.${quoteName(String(object.table))}`;
  const column = quoteName(String(object.name));
  if (change === 'missing') return `${table} add column ${columnDefinition(object)};`;
  if (property === 'type') {
    return `${table} alter column ${column} type ${expected} using ${column}::${expected};`;
  }
  if (property === 'default') {
    return `${table} alter column ${column} ${expected === null ? 'drop default' : `set default ${expected}`};`;
  }
  if (property === 'notNull') {
    return `${table} alter column ${column} ${expected === 'true' ? 'set' : 'drop'} not null;`;
  }
  return undefined;
}

function columnDefinition(column: CatalogObject): string {
  const generated = column.generated === 'stored' || column.generated === 'virtual';
  return [
    quoteName(String(column.name)),
    column.type,
    generated ? `generated always as (${column.default}) ${column.generated}` : '',
    typeof column.identity === 'string' ? `generated ${column.identity} as identity` : '',
    !generated && typeof column.default === 'string' ? `default ${column.default}` : '',
    column.notNull === true ? 'not null' : '',
  ]
    .filter(part => part !== '')
    .join(' ');
}

/** A foreign key or check is added without a long lock, and validated afterwards. */
function constraintStatement(object: CatalogObject, { change }: CatalogDifference): string {
  const table = `alter table ${quoteName(String(object.schema))}.${quoteName(String(object.table))}`;
  const name = quoteName(String(object.name));
  const drop = change === 'missing' ? '' : `drop constraint ${name}, `;
  const stepwise = object.kind === 'foreign key' || object.kind === 'check';
  const definition = String(object.definition).replace(/ NOT VALID$/i, '');
  const add = `${table} ${drop}add constraint ${name} ${definition}${stepwise ? ' not valid' : ''};`;
  return stepwise ? `${add} ${table} validate constraint ${name};` : add;
}

function indexName(object: CatalogObject): string {
  return `${quoteName(String(object.schema))}.${quoteName(String(object.name))}`;
}

function path(object: CatalogObject): string {
  return `${quoteName(String(object.schema))}.${quoteName(String(object.name))}`;
}
