import type { ClassFacts, ParamOwner, Scope } from '../read/module-facts.ts';
import { bare, type CallNode, calleeName, memberName, type SyntaxNode } from '../read/syntax.ts';
import type { Evaluation } from './evaluation.ts';
import { client } from './globals.ts';
import { readMember } from './members.ts';
import { textMethod } from './text-methods.ts';
import {
  type Arguments,
  choice,
  type Hole,
  literalOf,
  NOTHING,
  native,
  optionsOf,
  unknown,
  type Value,
} from './value.ts';

type Call = Extract<CallNode, { type: 'CallExpression' }>;
type New = Extract<CallNode, { type: 'NewExpression' }>;

/** Functions that hand their first argument back, perhaps wrapped. */
const KEEPS = new Set([
  'useCallback',
  'debounce',
  'throttle',
  'memoize',
  'freeze',
  'markRaw',
  'cache',
  'toRaw',
  'unref',
]);
/** Functions that call their first argument and hand its result back. */
const RUNS = new Set(['useMemo', 'once', 'computed', 'lazy', 'createMemo']);

/** What a call hands back. */
export function callValue(evaluator: Evaluation, node: Call, scope: Scope): Value {
  const callee = bare(node.callee);
  const args = () => evaluator.argumentsOf(node.arguments as SyntaxNode[], scope);
  if (callee.type === 'MemberExpression') {
    const method = memberName(callee);
    const object = evaluator.evaluate(callee.object, scope);
    const changed = method === undefined ? undefined : textMethod(evaluator, object, method, args);
    if (changed !== undefined) return changed;
  }
  const called = optionsOf(evaluator.evaluate(callee, scope));
  const results = called.flatMap(option => applied(evaluator, option, args, node, scope.module.path) ?? []);
  return results.length > 0 ? choice(results) : byName(evaluator, node, args);
}

function applied(
  evaluator: Evaluation,
  callee: Value,
  args: () => readonly Value[],
  node: CallNode,
  path: string,
): Value | undefined {
  if (callee.kind === 'function') {
    const bound: Arguments = new Map<ParamOwner, readonly Value[]>([...callee.bound, [callee.fn, args()]]);
    return evaluator.bind(evaluator.resultOf(callee.fn), bound);
  }
  if (callee.kind === 'verb') return clientMade(evaluator, callee, args, node, path);
  if (callee.kind === 'native') return nativeResult(evaluator, callee.name, args(), node, path);
  return undefined;
}

/** `axios.create({ baseURL })`, `ky.extend({ prefixUrl })`: another client, with what it inherits. */
function clientMade(
  evaluator: Evaluation,
  { client, verb }: Extract<Value, { kind: 'verb' }>,
  args: () => readonly Value[],
  node: CallNode,
  path: string,
): Value | undefined {
  if (verb !== 'create' && verb !== 'extend') return undefined;
  const [options = NOTHING] = args();
  return newClient(
    evaluator,
    client.library,
    options,
    node,
    path,
    verb === 'extend' ? client.base : undefined,
  );
}

const MAX_CONSTRUCTIONS = 4;
const BASE_OPTIONS = ['baseURL', 'baseUrl', 'prefixUrl', 'prefix'];

function newClient(
  evaluator: Evaluation,
  library: string,
  options: Value,
  { start }: { readonly start: number },
  path: string,
  inherited?: Value,
): Value {
  const given = BASE_OPTIONS.map(name => readMember(evaluator, options, name)).find(
    value => value.kind !== 'nothing' && !(value.kind === 'unknown'),
  );
  const credentials = ['withCredentials', 'credentials'].some(name => {
    const value = literalOf(readMember(evaluator, options, name));
    return value === 'true' || value === 'include';
  });
  return {
    kind: 'client',
    client: { library, base: given ?? inherited, credentials, at: { path, offset: start } },
  };
}

function nativeResult(
  evaluator: Evaluation,
  name: string,
  args: readonly Value[],
  node: CallNode,
  path: string,
): Value | undefined {
  const [first = NOTHING] = args;
  switch (name) {
    case 'String':
    case 'encodeURIComponent':
    case 'encodeURI':
    case 'Object.freeze':
    case 'useState':
      return first;
    case 'Object.assign':
      return args.findLast(({ kind }) => kind === 'object') ?? first;
    case 'inject':
      return injected(evaluator, first);
    case 'generatePath':
      return first.kind === 'text' ? namedHoles(first) : undefined;
    case 'openapi-fetch.create':
      return newClient(evaluator, 'openapi-fetch', first, node, path);
    case 'openapi-react-query.create':
      return first.kind === 'client'
        ? { kind: 'client', client: { ...first.client, library: 'openapi-react-query' } }
        : undefined;
    case '$fetch.create':
      return newClient(evaluator, 'ofetch', first, node, path);
    case 'localStorage.getItem':
    case 'sessionStorage.getItem': {
      const key = literalOf(first) ?? 'item';
      return { kind: 'unknown', name: key, nullable: `${name}(${key})` };
    }
    default:
      return undefined;
  }
}

/** What Angular's `inject(…)` hands out: its HttpClient, or the one instance of a class. */
function injected(evaluator: Evaluation, wanted: Value): Value | undefined {
  if (wanted.kind === 'native' && wanted.name === 'HttpClient') return client('angular');
  return wanted.kind === 'class' ? instanceOf(evaluator, wanted.cls, []) : undefined;
}

/** `/users/:id` of a router as a template of ours. */
function namedHoles(value: Extract<Value, { kind: 'text' }>): Value {
  const parts = value.parts.flatMap((part): (string | Hole)[] =>
    typeof part !== 'string'
      ? [part]
      : part.split(/(:\w+\??)/).map(piece =>
          piece.startsWith(':')
            ? ({
                kind: 'unknown',
                name: piece.replace(/[:?]/g, ''),
                optional: piece.endsWith('?'),
              } as const)
            : piece,
        ),
  );
  return { kind: 'text', parts };
}

function byName(evaluator: Evaluation, node: Call, args: () => readonly Value[]): Value {
  const name = calleeName(node) ?? 'value';
  if (KEEPS.has(name)) return args()[0] ?? unknown(name);
  if (RUNS.has(name)) {
    const [first] = args();
    if (first?.kind === 'function') return evaluator.bind(evaluator.resultOf(first.fn), first.bound);
  }
  if (name === 'get' && /cookies?/i.test(textOf(node)))
    return { kind: 'unknown', name: 'cookie', nullable: 'cookie' };
  if (name === 'ref' || name === 'shallowRef')
    return { kind: 'object', entries: new Map([['value', args()[0] ?? NOTHING]]) };
  if (name === 'axios' || name === 'useNuxtApp') return unknown('nuxtApp');
  return unknown(name);
}

function textOf(node: Call): string {
  const callee = bare(node.callee);
  return callee.type === 'MemberExpression' && callee.object.type === 'Identifier' ? callee.object.name : '';
}

/** What `new` makes. */
export function newValue(evaluator: Evaluation, node: New, scope: Scope): Value {
  const callee = evaluator.evaluate(node.callee, scope);
  const args = evaluator.argumentsOf(node.arguments as SyntaxNode[], scope);
  if (callee.kind === 'class') {
    const construct = constructorOf(evaluator, callee.cls);
    if (construct !== undefined) {
      const known = evaluator.constructed.get(construct) ?? [];
      if (known.length < MAX_CONSTRUCTIONS) evaluator.constructed.set(construct, [...known, args]);
    }
    return instanceOf(evaluator, callee.cls, args);
  }
  if (callee.kind !== 'native') return unknown(calleeName(node) ?? 'value');
  const [first = NOTHING, second = NOTHING] = args;
  switch (callee.name) {
    case 'Request':
      return { kind: 'request', url: first, init: second };
    case 'URL':
      return joinUrl(first, second);
    case 'URLSearchParams':
      return unknown('search');
    case 'XMLHttpRequest':
      return native('xhr');
    default:
      return unknown(callee.name);
  }
}

function instanceOf(evaluator: Evaluation, cls: ClassFacts, args: readonly Value[]): Value {
  const construct = constructorOf(evaluator, cls);
  return { kind: 'instance', cls, bound: construct === undefined ? new Map() : new Map([[construct, args]]) };
}

function constructorOf(evaluator: Evaluation, cls: Parameters<Evaluation['superclassOf']>[0]) {
  for (let at = cls as typeof cls | undefined; at !== undefined; at = evaluator.superclassOf(at))
    if (at.construct !== undefined) return at.construct;
  return undefined;
}

/** `new URL(path, base)`: an absolute path replaces the path of the base, a relative one its last segment. */
function joinUrl(path: Value, base: Value): Value {
  if (base.kind === 'nothing') return path;
  return choice(optionsOf(path).flatMap(one => optionsOf(base).map(other => joinOne(one, other))));
}

function joinOne(path: Value, base: Value): Value {
  const [lead] = path.kind === 'text' ? path.parts : [];
  if (typeof lead === 'string' && /^[a-z]+:\/\//i.test(lead)) return path;
  const parts = base.kind === 'text' ? base.parts : [{ kind: 'unknown' as const, name: 'base' }];
  const own = path.kind === 'text' ? path.parts : [{ kind: 'unknown' as const, name: 'path' }];
  if (typeof lead !== 'string') return { kind: 'text', parts: [...parts, ...own] };
  const rooted = lead.startsWith('/');
  const [first, ...rest] = parts;
  if (typeof first === 'string') {
    const origin = /^[a-z]+:\/\/[^/]+/i.exec(first)?.[0] ?? '';
    const directory = rooted ? origin : first.replace(/[^/]*$/, '');
    return { kind: 'text', parts: [directory + lead, ...own.slice(1)] };
  }
  const head: (string | Hole)[] = first === undefined ? [] : [first, ...(rooted ? [] : rest)];
  return { kind: 'text', parts: [...head, rooted ? lead : `/${lead}`, ...own.slice(1)] };
}
