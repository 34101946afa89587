import type { ClassFacts, FunctionFacts, ParamOwner } from '../read/module-facts.ts';

/** A part of a text that is only known at run time. */
export interface Hole {
  readonly kind: 'param' | 'env' | 'unknown';
  readonly name: string;
  /** Whether it may be empty. */
  readonly optional?: boolean;
  /** The argument that fills it, when it is one. */
  readonly param?: ParamValue;
}

export interface ParamValue {
  readonly kind: 'param';
  readonly owner: ParamOwner;
  readonly index: number;
  readonly path: readonly string[];
  readonly name: string;
  /** The name of its declared type. */
  readonly type?: string | undefined;
  readonly fallback?: Value | undefined;
  /** Whether callers may leave it out. */
  readonly optional?: boolean;
  /** The class whose `this` it is. */
  readonly cls?: ClassFacts;
}

/** An argument that decides between the two options of a choice by being there. */
export interface Decision {
  readonly by: ParamValue;
  readonly given: Value;
  readonly missing: Value;
}

/** The arguments of calls, by the function that was called. */
export type Arguments = ReadonlyMap<ParamOwner, readonly Value[]>;

/** A client of a library, such as an axios instance. */
export interface Client {
  readonly library: string;
  readonly base: Value | undefined;
  readonly credentials: boolean;
  readonly at: { readonly path: string; readonly offset: number } | undefined;
}

/** What an expression can stand for, as far as it matters to calls. */
export type Value =
  | { readonly kind: 'text'; readonly parts: readonly (string | Hole)[] }
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, Value> }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'function'; readonly fn: FunctionFacts; readonly bound: Arguments }
  | { readonly kind: 'class'; readonly cls: ClassFacts }
  | { readonly kind: 'instance'; readonly cls: ClassFacts; readonly bound: Arguments }
  | { readonly kind: 'client'; readonly client: Client }
  | { readonly kind: 'verb'; readonly client: Client; readonly verb: string }
  | { readonly kind: 'native'; readonly name: string }
  | { readonly kind: 'request'; readonly url: Value; readonly init: Value }
  | ParamValue
  | { readonly kind: 'choice'; readonly options: readonly Value[]; readonly decision?: Decision }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly name: string; readonly nullable?: string };

export const NOTHING: Value = { kind: 'nothing' };
export const NO_ARGUMENTS: Arguments = new Map();
const MAX_OPTIONS = 8;

export const text = (value: string): Value => ({ kind: 'text', parts: value === '' ? [] : [value] });
export const unknown = (name: string): Value => ({ kind: 'unknown', name });
export const native = (name: string): Value => ({ kind: 'native', name });

/** One of several values; equal ones and choices inside are merged, and more than a few become unknown. */
export function choice(values: readonly Value[]): Value {
  const [only, ...others] = values;
  if (only !== undefined && others.length === 0) return only;
  const flat = values.flatMap(optionsOf);
  const different = flat.filter((value, index) => flat.findIndex(other => sameText(value, other)) === index);
  const [first] = different;
  if (first === undefined) return unknown('value');
  if (different.length === 1) return first;
  return different.length > MAX_OPTIONS ? unknown('value') : { kind: 'choice', options: different };
}

export function optionsOf(value: Value): readonly Value[] {
  return value.kind === 'choice' ? value.options : [value];
}

function sameText(a: Value, b: Value): boolean {
  if (a === b || (a.kind === 'nothing' && b.kind === 'nothing')) return true;
  if (a.kind !== 'text' || b.kind !== 'text' || a.parts.length !== b.parts.length) return false;
  return a.parts.every((part, index) => samePart(part, b.parts[index]));
}

function samePart(a: string | Hole, b: string | Hole | undefined): boolean {
  if (typeof a === 'string' || typeof b === 'string' || b === undefined) return a === b;
  return a.kind === b.kind && a.name === b.name && a.param?.owner === b.param?.owner;
}

/** The whole of a text when every part is known. */
export function literalOf(value: Value | undefined): string | undefined {
  if (value?.kind !== 'text') return undefined;
  return value.parts.every(part => typeof part === 'string') ? value.parts.join('') : undefined;
}

/** The parts that a value adds to a text. */
export function partsOf(value: Value): readonly (string | Hole)[] {
  switch (value.kind) {
    case 'text':
      return value.parts;
    case 'nothing':
      return [];
    case 'param':
      return [{ kind: 'param', name: value.name, param: value, ...mayBeEmpty(value.fallback) }];
    case 'unknown':
      return [{ kind: 'unknown', name: value.name }];
    case 'choice':
      return [holeOfChoice(value.options)];
    default:
      return [{ kind: 'unknown', name: value.kind === 'native' ? value.name : 'value' }];
  }
}

function mayBeEmpty(fallback: Value | undefined): { optional?: true } {
  return fallback?.kind === 'nothing' || literalOf(fallback) === '' ? { optional: true } : {};
}

function holeOfChoice(options: readonly Value[]): Hole {
  const empty = options.some(option => option.kind === 'nothing' || literalOf(option) === '');
  const holes = options.flatMap(partsOf).filter(part => typeof part !== 'string');
  const [first] = holes;
  return { ...(first ?? { kind: 'unknown', name: 'value' }), ...(empty ? { optional: true } : {}) };
}

/** Joins texts; where parts have a few known alternatives, every combination is an alternative of the whole. */
export function concatenate(values: readonly Value[]): Value {
  let texts: readonly (readonly (string | Hole)[])[] = [[]];
  for (const value of values) {
    const options = alternativesOf(value);
    texts =
      texts.length * options.length > MAX_OPTIONS
        ? texts.map(parts => [...parts, ...partsOf(value)])
        : texts.flatMap(parts => options.map(option => [...parts, ...option]));
  }
  return choice(texts.map(parts => ({ kind: 'text', parts: merge(parts) })));
}

/** A value that may be empty and is otherwise unknown stays one optional hole. */
function alternativesOf(value: Value): readonly (readonly (string | Hole)[])[] {
  if (value.kind !== 'choice') return [partsOf(value)];
  const known = value.options.filter(option => option.kind !== 'nothing' && literalOf(option) !== '');
  const simple = known.every(
    option => option.kind !== 'text' || (option.parts.length <= 1 && typeof option.parts[0] !== 'string'),
  );
  return simple ? [[holeOfChoice(value.options)]] : value.options.map(partsOf);
}

function merge(parts: readonly (string | Hole)[]): (string | Hole)[] {
  const merged: (string | Hole)[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part;
    else if (part !== '') merged.push(part);
  }
  return merged;
}
