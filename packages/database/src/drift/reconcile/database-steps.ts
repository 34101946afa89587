import { accessRights } from '../objects/access-rights.ts';
import type { PropertyValue, SchemaObject } from '../objects/schema-object.ts';
import { quoteName, quotePath, quoteRole, quoteText } from './quote.ts';
import { listOf, type PlanContext, type Step, textOf } from './step.ts';

export function createExtension(object: SchemaObject): Step[] {
  const { version, schema } = object.properties;
  const name = quoteName(object.path[1] ?? '');
  const sql = `create extension ${name} with schema ${quoteName(String(schema))} version ${quoteText(String(version))}`;
  return [{ sql }];
}

export function alterExtension({ object }: PlanContext, property: string): Step[] {
  const target = `alter extension ${quoteName(object.path[1] ?? '')}`;
  if (property === 'version') {
    const allow = ['untrusted-extension', 'the expected database has this version'] as const;
    return [{ sql: `${target} update to ${quoteText(textOf(object, property))}`, allow }];
  }
  return [{ sql: `${target} set schema ${quoteName(textOf(object, property))}` }];
}

export function createCollation(object: SchemaObject): Step[] {
  const { provider, locale, deterministic } = object.properties;
  const options = [
    `provider = ${provider}`,
    `locale = ${quoteText(String(locale))}`,
    ...(deterministic === false ? ['deterministic = false'] : []),
  ];
  return [{ sql: `create collation ${quotePath(object.path.slice(1))} (${options.join(', ')})` }];
}

export function createPublication(object: SchemaObject): Step[] {
  const { properties } = object;
  const name = quoteName(object.path[1] ?? '');
  const what = properties['all tables'] === true ? ' for all tables' : published(object, ' for ');
  const options = [
    `publish = ${quoteText(listOf(object, 'operations').join(', '))}`,
    `publish_via_partition_root = ${properties['via root']}`,
  ];
  return [{ sql: `create publication ${name}${what} with (${options.join(', ')})` }];
}

function published(object: SchemaObject, before: string): string {
  const tables = listOf(object, 'tables');
  const schemas = listOf(object, 'schemas');
  const parts = [
    ...(tables.length === 0 ? [] : [`table ${tables.join(', ')}`]),
    ...(schemas.length === 0 ? [] : [`tables in schema ${schemas.map(quoteName).join(', ')}`]),
  ];
  return parts.length === 0 ? '' : `${before}${parts.join(', ')}`;
}

/** SET with nothing to publish is not allowed: then what is published too much is dropped from it. */
export function alterPublication({ object, live }: PlanContext, property: string): Step[] {
  const target = `alter publication ${quoteName(object.path[1] ?? '')}`;
  if (property === 'operations')
    return [{ sql: `${target} set (publish = ${quoteText(listOf(object, property).join(', '))})` }];
  if (property === 'via root')
    return [{ sql: `${target} set (publish_via_partition_root = ${object.properties[property]})` }];
  const set = published(object, ' set ');
  if (set !== '') return [{ sql: `${target}${set}` }];
  const before = live(object.key);
  return before === undefined ? [] : [{ sql: `${target}${published(before, ' drop ')}` }];
}

export function createEventTrigger(object: SchemaObject): Step[] {
  const { properties } = object;
  const tags = listOf(object, 'tags');
  const filter = tags.length === 0 ? '' : ` when tag in (${tags.map(quoteText).join(', ')})`;
  const name = quoteName(object.path[1] ?? '');
  const sql = `create event trigger ${name} on ${properties.event}${filter} execute function ${properties.function}()`;
  return [{ sql }, ...(properties.enabled === 'origin' ? [] : alterEventTrigger(object))];
}

export function alterEventTrigger(object: SchemaObject): Step[] {
  const { enabled } = object.properties;
  const verb = enabled === 'disabled' ? 'disable' : enabled === 'origin' ? 'enable' : `enable ${enabled}`;
  return [{ sql: `alter event trigger ${quoteName(object.path[1] ?? '')} ${verb}` }];
}

type Rights = Readonly<Record<string, string>>;

/** What holds without an entry: in a schema nothing is added, in the database PostgreSQL's own defaults count. */
function withoutEntry([, role = '', schema = '', objects = '']: readonly string[], other: Rights): Rights {
  if (schema !== '') return {};
  const publicRights = objects === 'functions' ? 'EXECUTE' : objects === 'types' ? 'USAGE' : undefined;
  const own = other['@owner'];
  return {
    ...(own === undefined || role === '' ? {} : { '@owner': own }),
    ...(publicRights === undefined ? {} : { PUBLIC: publicRights }),
  };
}

export function defaultPrivilegeSteps(
  expected: SchemaObject | undefined,
  live: SchemaObject | undefined,
): Step[] {
  const object = expected ?? live;
  if (object === undefined) return [];
  const rights = (item: SchemaObject | undefined, other: SchemaObject | undefined): Rights =>
    item === undefined ? withoutEntry(object.path, rightsOf(other)) : rightsOf(item);
  const [before, after] = [rights(live, expected), rights(expected, live)];
  const [, role = '', schema = '', objects = ''] = object.path;
  const scope = schema === '' ? '' : ` in schema ${quoteName(schema)}`;
  const target = `alter default privileges for role ${quoteName(role)}${scope}`;
  const roles = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return roles.flatMap(grantee => {
    if (before[grantee] === after[grantee]) return [];
    const name = grantee === '@owner' ? quoteName(role) : quoteRole(grantee);
    return [
      ...(before[grantee] === undefined ? [] : [{ sql: `${target} revoke all on ${objects} from ${name}` }]),
      ...grantSteps(target, objects, name, after[grantee]),
    ];
  });
}

function rightsOf(object: SchemaObject | undefined): Rights {
  return (object?.properties.privileges ?? accessRights([]) ?? {}) as Rights;
}

function grantSteps(target: string, objects: string, name: string, rights: string | undefined): Step[] {
  const items = (rights ?? '').split(', ').filter(item => item !== '');
  const list = (all: readonly string[]): string =>
    all.map(item => item.replace('*', '').toLowerCase()).join(', ');
  const [plain, handed] = [
    items.filter(item => !item.endsWith('*')),
    items.filter(item => item.endsWith('*')),
  ];
  return [
    ...(plain.length === 0 ? [] : [{ sql: `${target} grant ${list(plain)} on ${objects} to ${name}` }]),
    ...(handed.length === 0
      ? []
      : [{ sql: `${target} grant ${list(handed)} on ${objects} to ${name} with grant option` }]),
  ];
}

/** Settings that hold a list of names, stored as they are to be written. */
const LISTS = ['local_preload_libraries', 'search_path', 'session_preload_libraries', 'temp_tablespaces'];

/** The name of the database is not written down: the same file must do for another one. */
export function settingStep(
  { path, properties }: SchemaObject,
  value: PropertyValue = properties.value ?? null,
): Step {
  const [, role = '', database = '', name = ''] = path;
  const text = LISTS.includes(name) ? String(value) : quoteText(String(value));
  const change = value === null ? `reset ${name}` : `set ${name} to ${text}`;
  if (database === '') return { sql: `alter role ${quoteName(role)} ${change}` };
  const target = role === '' ? 'alter database %I' : `alter role ${quoteName(role)} in database %I`;
  const format = quoteText(`${target} ${change.replaceAll('%', '%%')}`);
  const body = `begin execute pg_catalog.format(${format}, pg_catalog.current_database()); end`;
  return {
    sql: `do $holdfast$ ${body} $holdfast$`,
    allow: ['opaque-block', 'it changes one setting of the database'],
  };
}
