import type { ObjectType, PropertyValue, SchemaObject } from '../objects/schema-object.ts';
import { quoteName, quotePath, quoteRole, quoteText, relationOf } from './quote.ts';
import { type Step, textOf } from './step.ts';

type Rights = ReadonlyMap<string, ReadonlyMap<string, boolean>>;

/** Grants and revokes that turn one list of rights into another, as {@link accessRights} writes them. */
export function rightsSteps(object: SchemaObject, from: PropertyValue, to: PropertyValue): Step[] {
  const [before, after] = [parseRights(from), parseRights(to)];
  const roles = [...new Set([...before.keys(), ...after.keys()])].sort();
  return roles.flatMap(role => roleSteps(object, role, before.get(role), after.get(role)));
}

function roleSteps(
  object: SchemaObject,
  role: string,
  before: ReadonlyMap<string, boolean> = ownerAll(role),
  after: ReadonlyMap<string, boolean> = ownerAll(role),
): Step[] {
  const owner = textOf(object, 'owner');
  const name = role === '@owner' ? (owner === '' ? 'current_user' : quoteName(owner)) : quoteRole(role);
  const everything = after.has('ALL');
  const gone = [...before.keys()].filter(
    privilege => privilege !== 'ALL' && !everything && !after.has(privilege),
  );
  const lessened = [...before].filter(
    ([privilege, grantable]) => grantable && after.get(privilege) === false,
  );
  const added = [...after].filter(
    ([privilege, grantable]) => before.get(privilege) !== grantable && (grantable || !before.has(privilege)),
  );
  const plain = added.filter(([, grantable]) => !grantable).map(([privilege]) => privilege);
  const withOption = added.filter(([, grantable]) => grantable).map(([privilege]) => privilege);
  const what = rightsTarget(object);
  const revoked = before.has('ALL') && !everything ? ['ALL'] : gone;
  return [
    ...(revoked.length === 0 ? [] : [{ sql: `revoke ${what(revoked)} from ${name}` }]),
    ...(lessened.length === 0
      ? []
      : [{ sql: `revoke grant option for ${what(lessened.map(([privilege]) => privilege))} from ${name}` }]),
    ...(plain.length === 0 ? [] : [{ sql: `grant ${what(plain)} to ${name}` }]),
    ...(withOption.length === 0 ? [] : [{ sql: `grant ${what(withOption)} to ${name} with grant option` }]),
  ];
}

/** An owner that is not listed has all rights. */
function ownerAll(role: string): ReadonlyMap<string, boolean> {
  return role === '@owner' ? new Map([['ALL', false]]) : new Map();
}

function parseRights(value: PropertyValue): Rights {
  if (typeof value !== 'object' || value === null) return new Map();
  return new Map(
    Object.entries(value).map(([role, text]) => {
      const privileges = String(text)
        .split(', ')
        .filter(privilege => privilege !== '');
      return [role, new Map(privileges.map(item => [item.replace('*', ''), item.endsWith('*')]))];
    }),
  );
}

/** `select, insert on table app.people`; of a column `select (name) on table app.people`. */
function rightsTarget(object: SchemaObject): (privileges: readonly string[]) => string {
  const { type, path } = object;
  const list = (privileges: readonly string[], suffix = ''): string =>
    privileges.map(privilege => `${privilege.toLowerCase()}${suffix}`).join(', ');
  if (type === 'column') {
    return privileges => `${list(privileges, ` (${quoteName(path[3] ?? '')})`)} on table ${relationOf(path)}`;
  }
  return privileges => `${list(privileges)} on ${grantKeyword(type)} ${objectReference(object)}`;
}

function grantKeyword(type: ObjectType): string {
  if (type === 'view' || type === 'materialized view') return 'table';
  if (type === 'function') return 'routine';
  return type;
}

/** The object as ALTER, DROP and COMMENT name it after the keyword. */
export function objectReference({ type, path, properties }: SchemaObject): string {
  const [, ...names] = path;
  if (type === 'function') {
    const [schema = '', name = '', parameters = ''] = names;
    const none = properties.kind === 'aggregate' && parameters === '' ? '*' : parameters;
    return `${quotePath([schema, name])}(${none})`;
  }
  if (['constraint', 'trigger', 'policy', 'rule'].includes(type)) {
    return `${quoteName(names[2] ?? '')} on ${quotePath(names.slice(0, 2))}`;
  }
  return quotePath(names);
}

/** The keyword of ALTER, DROP and COMMENT. */
export function objectKeyword({ type, properties }: SchemaObject): string {
  if (type === 'type') return properties.kind === 'domain' ? 'domain' : 'type';
  if (type === 'table') return properties.kind === 'foreign' ? 'foreign table' : 'table';
  if (type !== 'function') return type;
  if (properties.kind === 'procedure') return 'procedure';
  return properties.kind === 'aggregate' ? 'aggregate' : 'function';
}

export function ownerStep(object: SchemaObject): Step[] {
  const owner = textOf(object, 'owner');
  if (owner === '') return [];
  return [{ sql: `alter ${objectKeyword(object)} ${objectReference(object)} owner to ${quoteName(owner)}` }];
}

export function commentStep(object: SchemaObject): Step {
  const { comment } = object.properties;
  const text = typeof comment === 'string' ? quoteText(comment) : 'null';
  return { sql: `comment on ${objectKeyword(object)} ${objectReference(object)} is ${text}` };
}
