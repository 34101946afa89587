import type { FunctionFacts, ParamOwner } from '../read/module-facts.ts';
import {
  type Arguments,
  choice,
  concatenate,
  type Hole,
  NOTHING,
  type ParamValue,
  type Value,
} from './value.ts';

const MAX_DEPTH = 8;
const MAX_STEPS = 400;

/** How many values one binding may still touch; closures over closures could otherwise go on for ever. */
const budget = { left: 0 };

/** Lets the next binding begin with its whole share. */
export function renewBudget(): void {
  budget.left = MAX_STEPS;
}

/** Whether arguments can make any difference to a value. */
function mayDepend(value: Value): boolean {
  switch (value.kind) {
    case 'text':
      return value.parts.some(part => typeof part !== 'string' && part.param !== undefined);
    case 'native':
    case 'nothing':
    case 'unknown':
    case 'class':
      return false;
    case 'client':
    case 'verb':
      return value.client.base !== undefined;
    default:
      return true;
  }
}

/** Reads a property of a value; the evaluator knows classes and clients, which this file does not. */
export type ReadMember = (value: Value, name: string) => Value;

/** Puts arguments in the place of the parameters they are for. */
export function bind(value: Value, args: Arguments, read: ReadMember, depth = 0): Value {
  if (args.size === 0 || depth > MAX_DEPTH || !mayDepend(value)) return value;
  budget.left -= 1;
  if (budget.left < 0) return value;
  const again = (inner: Value) => bind(inner, args, read, depth + 1);
  switch (value.kind) {
    case 'param':
      return bindParam(value, args, read, depth);
    case 'text':
      return value.parts.some(part => typeof part !== 'string' && part.param !== undefined)
        ? concatenate(value.parts.map(part => bindPart(part, args, read, depth)))
        : value;
    case 'object':
      return {
        kind: 'object',
        entries: new Map([...value.entries].map(([key, inner]) => [key, again(inner)])),
      };
    case 'list':
      return { kind: 'list', items: value.items.map(again) };
    case 'choice':
      return bindChoice(value, args, read, depth);
    case 'function':
      return {
        ...value,
        bound: mergeArguments(value.bound, closureArguments(value.fn, args), args, read, depth),
      };
    case 'instance':
      return { ...value, bound: mergeArguments(value.bound, [], args, read, depth) };
    case 'client':
    case 'verb': {
      const { base } = value.client;
      return base === undefined ? value : { ...value, client: { ...value.client, base: again(base) } };
    }
    case 'request':
      return { ...value, url: again(value.url), init: again(value.init) };
    default:
      return value;
  }
}

/** An argument that decides between two options takes one of them away, unless it is itself still open. */
function bindChoice(
  { options, decision }: Extract<Value, { kind: 'choice' }>,
  args: Arguments,
  read: ReadMember,
  depth: number,
): Value {
  const again = (inner: Value) => bind(inner, args, read, depth + 1);
  if (decision === undefined) return choice(options.map(again));
  const by = bindParam(decision.by, args, read, depth);
  if (by.kind === 'nothing') return again(decision.missing);
  const isPassedOn = by.kind === 'param' && by !== decision.by && by.optional !== true;
  if (isPassedOn || by.kind === 'text' || by.kind === 'object') return again(decision.given);
  const either = choice(options.map(again));
  return either.kind === 'choice' && by.kind === 'param'
    ? { ...either, decision: { ...decision, by } }
    : either;
}

/** What a closure has bound already may itself refer to the arguments of the call around it. */
function mergeArguments(
  bound: Arguments,
  added: readonly (readonly [ParamOwner, readonly Value[]])[],
  args: Arguments,
  read: ReadMember,
  depth: number,
): Arguments {
  const inner = new Map<ParamOwner, readonly Value[]>(added);
  for (const [owner, values] of bound)
    inner.set(
      owner,
      values.map(value => bind(value, args, read, depth + 1)),
    );
  return inner;
}

/** A closure sees the arguments of the functions it stands in, and of the class. */
function closureArguments(
  fn: FunctionFacts,
  args: Arguments,
): readonly (readonly [ParamOwner, readonly Value[]])[] {
  const seen: [ParamOwner, readonly Value[]][] = [];
  for (let at: FunctionFacts | undefined = fn; at !== undefined; at = at.parent)
    for (const owner of [at.parent, at.cls?.self, at.cls?.construct]) {
      const values = owner === undefined ? undefined : args.get(owner);
      if (owner !== undefined && values !== undefined) seen.push([owner, values]);
    }
  return seen;
}

function bindParam(param: ParamValue, args: Arguments, read: ReadMember, depth: number): Value {
  const values = args.get(param.owner);
  if (values === undefined) return param;
  if (param.path[0] === '...') return { kind: 'list', items: values.slice(param.index) };
  let value: Value = values[param.index] ?? NOTHING;
  for (const name of param.path) value = value.kind === 'nothing' ? value : read(value, name);
  if (value.kind === 'nothing' && param.fallback !== undefined)
    return bind(param.fallback, args, read, depth + 1);
  return value;
}

function bindPart(part: string | Hole, args: Arguments, read: ReadMember, depth: number): Value {
  if (typeof part === 'string' || part.param === undefined) return { kind: 'text', parts: [part] };
  const value = bindParam(part.param, args, read, depth);
  if (value.kind === 'nothing' && part.optional !== true && !args.has(part.param.owner))
    return { kind: 'text', parts: [part] };
  return value;
}

/** Puts defaults in the place of the parameters that have one and got no argument. */
export function fillDefaults(value: Value, depth = 0): Value {
  if (depth > MAX_DEPTH) return value;
  if (value.kind === 'param')
    return value.fallback === undefined ? value : fillDefaults(value.fallback, depth + 1);
  if (value.kind === 'choice') return choice(value.options.map(option => fillDefaults(option, depth + 1)));
  if (value.kind !== 'text') return value;
  return concatenate(
    value.parts.map(part => {
      const fallback = typeof part === 'string' ? undefined : part.param?.fallback;
      return fallback === undefined || (typeof part !== 'string' && part.optional)
        ? { kind: 'text', parts: [part] }
        : fillDefaults(fallback, depth + 1);
    }),
  );
}

/** The functions and classes whose arguments a value still waits for. */
export function paramOwners(
  value: Value | undefined,
  found = new Set<ParamOwner>(),
  depth = 0,
): Set<ParamOwner> {
  if (value === undefined || depth > MAX_DEPTH) return found;
  if (value.kind === 'param') found.add(value.owner);
  if (value.kind === 'text')
    for (const part of value.parts) if (typeof part !== 'string' && part.param) found.add(part.param.owner);
  if (value.kind === 'choice') for (const option of value.options) paramOwners(option, found, depth + 1);
  if (value.kind === 'request') paramOwners(value.url, found, depth + 1);
  return found;
}
