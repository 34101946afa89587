import type { CallRecord } from '../calls/call-record.ts';
import type { CollectedCalls } from '../calls/collector.ts';
import type { BaseUrl } from '../calls/url-template.ts';
import type { FindingCode, FrontendFinding, Place } from '../frontend-map.ts';
import { type Frame, type FunctionFacts, type ModuleFacts, positionOf } from '../read/module-facts.ts';
import type { TreeSettings } from '../read/read-settings.ts';
import { isFunction, type SyntaxNode } from '../read/syntax.ts';
import type { Evaluator } from '../values/evaluator.ts';

/** All that a check of the source has to go by. */
export interface Inspection {
  readonly modules: readonly ModuleFacts[];
  readonly evaluator: Evaluator;
  /** The calls of the own API. */
  readonly records: readonly CallRecord[];
  readonly callees: CollectedCalls['callees'];
  readonly settings: TreeSettings;
}

/** Where a base leads: the value of a variable that the build sets counts as written out. */
export function hostOf({ settings }: Pick<Inspection, 'settings'>, base: BaseUrl): string {
  const value = base.kind === 'env' ? settings.variables.get(base.value) : undefined;
  const origin = value === undefined ? undefined : /^(?:https?:)?\/\/[^/]+/i.exec(value)?.[0];
  return origin ?? `${base.kind === 'env' ? '$' : ''}${base.value}`;
}

export type Inspect = (inspection: Inspection) => readonly FrontendFinding[];

export function placeOf(module: ModuleFacts, node: { readonly start: number }): Place {
  return { file: module.path, ...positionOf(module.text, node.start) };
}

export function finding(
  code: FindingCode,
  module: ModuleFacts,
  node: { readonly start: number },
  message: string,
  advice: string,
): FrontendFinding {
  return { code, ...placeOf(module, node), message, advice };
}

export function sourceOf(
  module: ModuleFacts,
  node: { readonly start: number; readonly end: number },
): string {
  return module.text.slice(node.start, node.end);
}

/** A condition that decides whether a place is reached, and on which side of it the place is. */
export interface Condition {
  readonly test: SyntaxNode;
  readonly holds: boolean;
}

/** The conditions around a place and the early exits before it, up to the function or `stop` that it stands in. */
export function conditionsAround(frame: Frame, stop?: SyntaxNode): readonly Condition[] {
  const conditions: Condition[] = [];
  let inner: SyntaxNode = frame.node;
  for (let at: Frame | undefined = frame; at !== undefined; at = at.parent) {
    conditions.push(...conditionOf(at.node, inner), ...exitsBefore(at.node, inner));
    if (at.node === stop || (isFunction(at.node) && at.node !== frame.node)) break;
    inner = at.node;
  }
  return conditions;
}

function conditionOf(node: SyntaxNode, inner: SyntaxNode): readonly Condition[] {
  const inside = (part: SyntaxNode | null) =>
    part !== null && inner.start >= part.start && inner.end <= part.end;
  if (node === inner) return [];
  if (node.type === 'IfStatement' || node.type === 'ConditionalExpression') {
    if (inside(node.test)) return [];
    return [{ test: node.test, holds: inside(node.consequent) }];
  }
  if (node.type === 'LogicalExpression' && inside(node.right))
    return [{ test: node.left, holds: node.operator === '&&' }];
  if (node.type === 'SwitchCase' && node.test !== null && !inside(node.test))
    return [{ test: node.test, holds: true }];
  return [];
}

function exitsBefore(node: SyntaxNode, inner: SyntaxNode): readonly Condition[] {
  const body = statementsOf(node);
  const conditions: Condition[] = [];
  for (const statement of body) {
    if (statement.start >= inner.start) break;
    if (statement.type === 'IfStatement' && exits(statement.consequent))
      conditions.push({ test: statement.test, holds: false });
  }
  return conditions;
}

function statementsOf(node: SyntaxNode): readonly SyntaxNode[] {
  if (node.type === 'BlockStatement') return node.body as SyntaxNode[];
  if (node.type === 'CatchClause') return node.body.body;
  if (isFunction(node) && node.body?.type === 'BlockStatement') return node.body.body as SyntaxNode[];
  return [];
}

function exits(node: SyntaxNode): boolean {
  const last = node.type === 'BlockStatement' ? (node.body.at(-1) as SyntaxNode | undefined) : node;
  return last !== undefined && /^(?:Return|Throw|Continue|Break)Statement$/.test(last.type);
}

/** The functions that call one of these, directly or through up to `levels` others, and the functions themselves. */
export function withCallers(
  { callees }: Inspection,
  start: readonly FunctionFacts[],
  levels: number,
): readonly FunctionFacts[] {
  const callers = callersOf(callees);
  const found = new Set(start);
  let newest: readonly FunctionFacts[] = start;
  for (let level = 0; level < levels; level += 1) {
    newest = newest.flatMap(fn => callers.get(fn) ?? []).filter(fn => !found.has(fn));
    for (const fn of newest) found.add(fn);
  }
  return [...found];
}

const inverted = new WeakMap<Inspection['callees'], ReadonlyMap<FunctionFacts, readonly FunctionFacts[]>>();

/** The same graph the other way round, made once. */
function callersOf(callees: Inspection['callees']): ReadonlyMap<FunctionFacts, readonly FunctionFacts[]> {
  const known = inverted.get(callees);
  if (known !== undefined) return known;
  const callers = new Map<FunctionFacts, FunctionFacts[]>();
  for (const [caller, called] of callees)
    for (const fn of called) {
      const list = callers.get(fn);
      if (list === undefined) callers.set(fn, [caller]);
      else list.push(caller);
    }
  inverted.set(callees, callers);
  return callers;
}

/** A function and those around it, from the inside out. */
export function functionsAround(fn: FunctionFacts | undefined): readonly FunctionFacts[] {
  const found: FunctionFacts[] = [];
  for (let at = fn; at !== undefined; at = at.parent) found.push(at);
  return found;
}
