import type { ParamOwner } from '../read/module-facts.ts';
import type { Evaluation } from './evaluation.ts';
import { globalValue } from './globals.ts';
import {
  type Arguments,
  choice,
  NOTHING,
  native,
  type ParamValue,
  text,
  unknown,
  type Value,
} from './value.ts';

const ENVIRONMENTS = new Set(['import.meta.env', 'process.env']);
/** What the tools set themselves, whatever `.env` says. */
const BUILT_IN: Readonly<Record<string, Value>> = {
  BASE_URL: text(''),
  MODE: unknown('MODE'),
  NODE_ENV: unknown('NODE_ENV'),
  DEV: unknown('DEV'),
  PROD: unknown('PROD'),
  SSR: unknown('SSR'),
};

/** The property of a value. */
export function readMember(evaluator: Evaluation, value: Value, name: string): Value {
  switch (value.kind) {
    case 'object':
      return objectMember(evaluator, value.entries, name);
    case 'list':
      return value.items[Number(name)] ?? unknown(name);
    case 'param':
      return paramMember(evaluator, value, name);
    case 'choice':
      return choice(
        value.options
          .filter(({ kind }) => kind !== 'nothing')
          .map(option => readMember(evaluator, option, name)),
      );
    case 'instance':
      return instanceMember(evaluator, value, name);
    case 'class':
      return evaluator.classMember(value.cls, name, new Map()) ?? unknown(name);
    case 'client':
      return clientMember(value, name);
    case 'native':
      return nativeMember(evaluator, value.name, name);
    case 'function':
      return name === 'value' ? value : unknown(name);
    case 'unknown':
      return name === '$axios' || name === '$http'
        ? thisClient()
        : { ...value, name: memberHoleName(value.name, name) };
    case 'nothing':
      return NOTHING;
    default:
      return unknown(name);
  }
}

function paramMember(evaluator: Evaluation, param: ParamValue, name: string): Value {
  const { owner, index, path, fallback, cls } = param;
  if (cls !== undefined && path.length === 0) return evaluator.ownMember(cls, name, param);
  const own = fallback === undefined ? {} : { fallback: readMember(evaluator, fallback, name) };
  return { kind: 'param', owner, index, path: [...path, name], name, ...own };
}

/** A hole reads better as `user.id` than as `id`, and as `token` than as `0`. */
function memberHoleName(object: string, name: string): string {
  return /^(?:id|uuid|slug|key|name|code)$/.test(name) && /^[a-z]\w*$/i.test(object) && object !== 'value'
    ? `${object}${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`
    : name;
}

function thisClient(): Value {
  return { kind: 'client', client: { library: 'axios', base: undefined, credentials: false, at: undefined } };
}

function objectMember(evaluator: Evaluation, entries: ReadonlyMap<string, Value>, name: string): Value {
  const own = entries.get(name);
  const spread = entries.get('...');
  if (own !== undefined || spread === undefined) return own ?? NOTHING;
  return readMember(evaluator, spread, name);
}

/** A member of an instance knows what its constructor and its `this` were. */
function instanceMember(
  evaluator: Evaluation,
  instance: Extract<Value, { kind: 'instance' }>,
  name: string,
): Value {
  const bound = instanceArguments(evaluator, instance);
  return evaluator.classMember(instance.cls, name, bound) ?? unknown(name);
}

function instanceArguments(evaluator: Evaluation, instance: Extract<Value, { kind: 'instance' }>): Arguments {
  const bound = new Map<ParamOwner, readonly Value[]>(instance.bound);
  for (
    let cls = instance.cls as typeof instance.cls | undefined;
    cls !== undefined;
    cls = evaluator.superclassOf(cls)
  )
    bound.set(cls.self, [instance]);
  return bound;
}

function clientMember({ client }: Extract<Value, { kind: 'client' }>, name: string): Value {
  if (name === '$base') return client.base ?? NOTHING;
  if (name === 'default' || name === 'axios') return { kind: 'client', client };
  return { kind: 'verb', client, verb: name };
}

function nativeMember(evaluator: Evaluation, object: string, name: string): Value {
  if (object === 'window') return name === 'location' ? native('location') : globalValue(name);
  if (object.startsWith('module:')) return evaluator.exported(object.slice('module:'.length), name);
  if (ENVIRONMENTS.has(object)) return BUILT_IN[name] ?? { kind: 'text', parts: [{ kind: 'env', name }] };
  if (object === 'location' && name === 'origin') return text('');
  if (object === 'location') return unknown(`location.${name}`);
  return native(`${object}.${name}`);
}
