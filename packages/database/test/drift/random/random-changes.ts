import type { Random } from '@holdfast/core';
import type { Catalog, CatalogTable } from '@holdfast/postgres';
import { ident, literal, path } from './names.ts';

type Named = { readonly schema: string; readonly name: string };
const at = ({ schema, name }: Named): string => path(schema, name);

/** A statement that somebody could have run by hand on what is there; some are refused by PostgreSQL. */
export function randomChange(catalog: Catalog, dice: Random, number: number): string | undefined {
  const kinds = [
    tableChange,
    tableChange,
    columnChange,
    columnChange,
    partOfTable,
    typeChange,
    viewChange,
    functionChange,
    otherChange,
    partitionChange,
  ];
  return dice.pick(kinds)?.(catalog, dice, number);
}

type Maker = (catalog: Catalog, dice: Random, number: number) => string | undefined;

const tableChange: Maker = ({ tables, schemas }, dice, number) => {
  const table = dice.pick(tables);
  if (table === undefined) return undefined;
  const name = at(table);
  return dice.pick([
    `drop table ${name} cascade`,
    `alter table ${name} rename to ${ident(`Renamed ${number}`)}`,
    `create table ${path(dice.pick(schemas) ?? '', `new ${number}`)} (id int primary key, other text)`,
    `alter table ${name} owner to drift_reader`,
    `alter table ${name} ${table.rowSecurity ? 'disable' : 'enable'} row level security`,
    `grant delete on ${name} to drift_app`,
    `revoke all on ${name} from drift_reader`,
    `comment on table ${name} is 'Changed ${number}'`,
    `alter table ${name} set (fillfactor = 70)`,
    `alter table ${name} add column ${ident(`new ${number}`)} int default 1`,
    `alter table ${name} replica identity nothing`,
    `alter table ${name} disable trigger user`,
  ]);
};

const columnChange: Maker = ({ tables }, dice, number) => {
  const table: CatalogTable | undefined = dice.pick(tables);
  const column = dice.pick(table?.columns ?? []);
  if (table === undefined || column === undefined) return undefined;
  const target = `alter table ${at(table)} alter column ${ident(column.name)}`;
  return dice.pick([
    `alter table ${at(table)} drop column ${ident(column.name)} cascade`,
    `alter table ${at(table)} rename column ${ident(column.name)} to ${ident(`Renamed ${number}`)}`,
    `${target} drop default`,
    `${target} set default null`,
    `${target} ${column.notNull ? 'drop' : 'set'} not null`,
    `${target} drop expression`,
    `${target} drop identity`,
    `${target} set statistics 50`,
    `${target} type ${column.type === 'integer' ? 'bigint' : column.type === 'text' ? 'varchar(99)' : 'text'}`,
    `${target} add generated always as identity`,
    `comment on column ${at(table)}.${ident(column.name)} is 'Changed ${number}'`,
    `create index ${ident(`new ${number}`)} on ${at(table)} (${ident(column.name)})`,
    `grant select (${ident(column.name)}) on ${at(table)} to drift_app`,
  ]);
};

const partOfTable: Maker = (
  { indexes, constraints, triggers, policies = [], statistics = [], rules = [] },
  dice,
  number,
) => {
  const index = dice.pick(indexes);
  const constraint = dice.pick(constraints.filter(({ kind }) => kind !== 'not null' && kind !== 'trigger'));
  const trigger = dice.pick(triggers.filter(({ internal }) => !internal));
  const policy = dice.pick(policies);
  const statistic = dice.pick(statistics);
  const rule = dice.pick(rules);
  const on = (item: { readonly schema: string; readonly table: string }): string =>
    path(item.schema, item.table);
  const choices = [
    ...(index
      ? [`drop index ${at(index)}`, `alter index ${at(index)} rename to ${ident(`Renamed ${number}`)}`]
      : []),
    ...(constraint
      ? [
          `alter table ${on(constraint)} drop constraint ${ident(constraint.name)} cascade`,
          `alter table ${on(constraint)} rename constraint ${ident(constraint.name)} to ${ident(`Renamed ${number}`)}`,
          `alter table ${on(constraint)} validate constraint ${ident(constraint.name)}`,
          `comment on constraint ${ident(constraint.name)} on ${on(constraint)} is 'Changed'`,
          `alter table ${on(constraint)} alter constraint ${ident(constraint.name)} deferrable initially deferred`,
        ]
      : []),
    ...(trigger
      ? [
          `drop trigger ${ident(trigger.name)} on ${on(trigger)}`,
          `alter table ${on(trigger)} disable trigger ${ident(trigger.name)}`,
        ]
      : []),
    ...(policy
      ? [
          `drop policy ${ident(policy.name)} on ${on(policy)}`,
          `alter policy ${ident(policy.name)} on ${on(policy)} to drift_app`,
          `alter policy ${ident(policy.name)} on ${on(policy)} using (true)`,
        ]
      : []),
    ...(statistic ? [`drop statistics ${at(statistic)}`] : []),
    ...(rule ? [`drop rule ${ident(rule.name)} on ${on(rule)}`] : []),
  ];
  return dice.pick(choices);
};

const typeChange: Maker = ({ types }, dice, number) => {
  const type = dice.pick(types);
  if (type === undefined) return undefined;
  const name = at(type);
  const target = `alter ${type.kind === 'domain' ? 'domain' : 'type'} ${name}`;
  const common = [
    `${target} rename to ${ident(`Renamed ${number}`)}`,
    `${target} owner to drift_app`,
    `drop type ${name} cascade`,
    `comment on type ${name} is 'Changed'`,
  ];
  if (type.kind === 'enum') {
    const label = literal(dice.pick(type.labels ?? []) ?? '');
    return dice.pick([
      ...common,
      `${target} add value 'added ${number}' before ${label}`,
      `${target} add value 'added ${number}'`,
      `${target} rename value ${label} to 'renamed ${number}'`,
    ]);
  }
  if (type.kind === 'domain') {
    return dice.pick([
      ...common,
      `${target} add constraint ${ident(`new ${number}`)} check (value is not null) not valid`,
      `${target} drop constraint ${ident(type.domain?.constraints[0]?.name ?? 'none')}`,
      `${target} set default null`,
      `${target} drop default`,
    ]);
  }
  return dice.pick([...common, `${target} add attribute ${ident(`new ${number}`)} int`]);
};

const viewChange: Maker = ({ views }, dice, number) => {
  const view = dice.pick(views);
  if (view === undefined) return undefined;
  const kind = view.materialized ? 'materialized view' : 'view';
  return dice.pick([
    `drop ${kind} ${at(view)} cascade`,
    `alter ${kind} ${at(view)} rename to ${ident(`Renamed ${number}`)}`,
    `alter ${kind} ${at(view)} owner to drift_app`,
    `create or replace view ${at(view)} as ${(view.definition ?? '').trim().replace(/;$/, '')} limit 5`,
    `create view ${path(view.schema, `new ${number}`)} as select * from ${at(view)}`,
    `refresh materialized view ${at(view)} with no data`,
    `alter view ${at(view)} set (security_invoker = true)`,
    `comment on ${kind} ${at(view)} is null`,
    `alter ${kind} ${at(view)} rename column ${ident(view.columns?.[0]?.name ?? '')} to ${ident(`Renamed ${number}`)}`,
  ]);
};

const functionChange: Maker = ({ functions }, dice, number) => {
  const item = dice.pick(functions);
  if (item === undefined) return undefined;
  const kind = item.kind === 'procedure' ? 'procedure' : item.kind === 'aggregate' ? 'aggregate' : 'function';
  const name = `${kind} ${at(item)}(${item.arguments})`;
  return dice.pick([
    `drop ${name} cascade`,
    `alter ${name} rename to ${ident(`Renamed ${number}`)}`,
    `alter ${name} owner to drift_app`,
    `alter ${name} cost 7`,
    `alter ${name} security definer`,
    `grant execute on ${name} to drift_reader`,
    `create function ${path(item.schema, item.name)}(a text, b text, c text) returns int language sql as 'select 1'`,
  ]);
};

const otherChange: Maker = ({ schemas, sequences }, dice, number) => {
  const schema = dice.pick(schemas) ?? '';
  const sequence = dice.pick(sequences);
  return dice.pick([
    `alter schema ${ident(schema)} rename to ${ident(`Renamed ${number}`)}`,
    `alter schema ${ident(schema)} owner to drift_app`,
    `grant usage on schema ${ident(schema)} to drift_reader`,
    `create schema ${ident(`new ${number}`)}`,
    `create sequence ${path(schema, `new ${number}`)}`,
    `alter default privileges in schema ${ident(schema)} grant select on tables to drift_reader`,
    ...(sequence
      ? [
          `alter sequence ${at(sequence)} increment by 3`,
          `alter sequence ${at(sequence)} rename to ${ident(`Renamed ${number}`)}`,
          `drop sequence ${at(sequence)} cascade`,
        ]
      : []),
  ]);
};

const partitionChange: Maker = ({ tables }, dice, number) => {
  const part = dice.pick(
    tables.filter(({ partitionOf }) => partitionOf !== null && partitionOf !== undefined),
  );
  if (part?.partitionOf === undefined || part.partitionOf === null) return undefined;
  const parent = path(...part.partitionOf.parent.slice(1));
  return dice.pick([
    `alter table ${parent} detach partition ${at(part)}`,
    `drop table ${at(part)}`,
    `alter table ${at(part)} add constraint ${ident(`new ${number}`)} check (true)`,
    `create index ${ident(`new ${number}`)} on ${at(part)} (${ident(part.columns[0]?.name ?? '')})`,
  ]);
};
