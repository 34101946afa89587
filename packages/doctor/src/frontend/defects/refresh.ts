import type { CallRecord } from '../calls/call-record.ts';
import type { FrontendFinding } from '../frontend-map.ts';
import type { FunctionFacts, ModuleFacts, Site } from '../read/module-facts.ts';
import { bare, calleeName, chainText, contains, keyName, type SyntaxNode } from '../read/syntax.ts';
import { findBinding } from '../values/evaluator.ts';
import { handlerAround } from './handlers.ts';
import {
  conditionsAround,
  finding,
  functionsAround,
  type Inspect,
  type Inspection,
  sourceOf,
  withCallers,
} from './inspection.ts';

const REFRESH_PATH = /(?:^|\/)(?:refresh(?:[-_]?tokens?)?|renew(?:[-_]?tokens?)?)\/?$/i;
const TRIGGER =
  /\b401\b|interceptors|beforeRequest|beforeRetry|afterResponse|onResponseError|onRequest\b|is\w*Expired|expires/i;
const TOOLS =
  /navigator\.locks|new Mutex|runExclusive|singleFlight|pMemoize|p-memoize|createAuthRefreshInterceptor|dedupe/i;
const CALLER_LEVELS = 3;

/** Many requests that fail together each ask for a new token; with rotation all but one are refused and the user is signed out. */
export const refreshWithoutSingleFlight: Inspect = inspection =>
  inspection.records.filter(isRefresh).flatMap((record): FrontendFinding[] => {
    const { site } = record;
    const around = functionsAround(site.fn);
    const involved = withCallers(inspection, around.length === 0 ? [] : around, CALLER_LEVELS);
    if (!involved.some(fn => TRIGGER.test(`${fn.name} ${sourceOf(fn.module, fn.node)}`) || isInterceptor(fn)))
      return [];
    if (involved.some(fn => sharesPromise(fn) || TOOLS.test(sourceOf(fn.module, fn.node)))) return [];
    return [
      finding(
        'refresh_without_single_flight',
        site.module,
        site.node,
        'Requests that fail with 401 at the same time each start a refresh of their own.',
        'Keep the promise of the running refresh and let everybody wait for it.',
      ),
    ];
  });

/** Whether a call asks for a new access token. */
export function isRefresh({ template, method }: CallRecord): boolean {
  return REFRESH_PATH.test(template.known) && method !== 'DELETE';
}

function isInterceptor(fn: FunctionFacts): boolean {
  const around = fn.frame?.parent?.node;
  return (
    around?.type === 'CallExpression' && /interceptors\.re\w+\.use$/.test(chainText(around.callee) ?? '')
  );
}

/** Whether a function keeps a promise outside of itself and hands it out again, or queues callers behind a flag. */
function sharesPromise(fn: FunctionFacts): boolean {
  const own = sourceOf(fn.module, fn.node);
  return fn.module.marks.some(({ kind, node, scope }) => {
    if (kind !== 'assignment' || node.type !== 'AssignmentExpression' || !isInside(node, fn.node))
      return false;
    const target = chainText(node.left as SyntaxNode);
    if (target === undefined || isLocal(node.left as SyntaxNode, fn, scope.bindings.has(target)))
      return false;
    const name = target.replace(/[.$]/g, '\\$&');
    const tested = new RegExp(
      `if\\s*\\(\\s*!?\\s*${name}|${name}\\s*(?:\\?\\?|\\|\\|)|return\\s+${name}|!\\s*${name}\\b`,
    ).test(own);
    if (!tested) return false;
    const right = bare(node.right);
    if (right.type === 'Literal') return right.value === true && /\.push\(/.test(own);
    return contains(right, inner => inner.type === 'CallExpression' || inner.type === 'NewExpression');
  });
}

function isInside(node: SyntaxNode, outer: SyntaxNode): boolean {
  return node.start >= outer.start && node.end <= outer.end;
}

function isLocal(left: SyntaxNode, fn: FunctionFacts, inBlock: boolean): boolean {
  return left.type === 'Identifier' && (inBlock || fn.scope.bindings.has(left.name));
}

/** A request that is repeated as often as it fails. */
export const retryWithoutCap: Inspect = inspection => [
  ...inspection.modules.flatMap(module => {
    const mayRetry = /retr/i.test(module.text);
    return module.sites.flatMap(site => repeatsItself(inspection, module, site, mayRetry));
  }),
  ...inspection.modules.flatMap(module => endlessLoops(inspection, module)),
];

function repeatsItself(
  inspection: Inspection,
  module: ModuleFacts,
  site: Site,
  mayRetry: boolean,
): readonly FrontendFinding[] {
  const again =
    recursionOf(inspection, site) ??
    repetitionOf(module, site) ??
    (mayRetry ? retriesForEver(inspection, module, site) : undefined);
  return again ? [uncapped(module, site.node)] : [];
}

function uncapped(module: ModuleFacts, node: SyntaxNode): FrontendFinding {
  return finding(
    'retry_without_cap',
    module,
    node,
    'The request is repeated for as long as it fails, by every client at once.',
    'Count the attempts, stop after a few, and wait longer before each.',
  );
}

/** A function that asks the API and calls itself when that fails; undefined when the call is something else. */
function recursionOf(inspection: Inspection, site: Site): boolean | undefined {
  const around = functionsAround(site.fn);
  const calling = around.filter(fn => inspection.callees.get(fn)?.has(fn) === true);
  if (calling.length === 0) return undefined;
  const callee = inspection.evaluator.evaluate(site.node.callee, site.scope);
  const own = callee.kind === 'function' ? calling.find(fn => fn === callee.fn) : undefined;
  if (own === undefined || !asksApi(inspection, own)) return undefined;
  const afterFailure =
    handlerAround(site.frame.parent) !== undefined ||
    conditionsAround(site.frame, own.node).some(({ test }) =>
      /status|\.ok\b|error/i.test(sourceOf(site.module, test)),
    );
  return afterFailure && !isCounted(own, site);
}

function asksApi({ records }: Inspection, fn: FunctionFacts): boolean {
  return records.some(({ site, origin }) => isInside(site.node, fn.node) || isInside(origin.node, fn.node));
}

/** Whether an argument changes from call to call and decides whether there is another. */
function isCounted(fn: FunctionFacts, { node }: Site): boolean {
  const text = sourceOf(fn.module, fn.node);
  const names = [...fn.scope.bindings].flatMap(([name, binding]) =>
    binding.kind === 'param' ? [{ name, index: binding.index, path: binding.path }] : [],
  );
  return names.some(({ name, index, path }) => {
    const given = givenAt(node.arguments[index] as SyntaxNode | undefined, path);
    if (given === undefined || (given.type === 'Identifier' && given.name === name)) return false;
    return new RegExp(
      `\\b${name}\\s*(?:[<>]=?|={2,3}|!==?|\\)|&&)|[<>]=?\\s*${name}\\b|!\\s*${name}\\b`,
    ).test(text);
  });
}

/** What an argument has at a path; undefined when an object that is written out has nothing there. */
function givenAt(argument: SyntaxNode | undefined, path: readonly string[]): SyntaxNode | undefined {
  const [step, ...rest] = path;
  if (step === undefined || argument?.type !== 'ObjectExpression') return argument;
  const found = argument.properties.find(
    property => property.type === 'Property' && keyOf(property) === step,
  );
  return found?.type === 'Property' ? givenAt(found.value, rest) : undefined;
}

/** `return api(error.config)` in an error handler; undefined when the call is something else. */
function repetitionOf(module: ModuleFacts, { node, frame, fn }: Site): boolean | undefined {
  const [first] = node.arguments;
  const handler = handlerAround(frame.parent);
  if (first === undefined || fn === undefined || handler?.errorName === undefined) return undefined;
  const text = sourceOf(module, handler.node);
  const argument = chainText(first as SyntaxNode);
  const config = `${handler.errorName}.config`;
  const isConfig =
    argument === config ||
    (argument !== undefined &&
      new RegExp(`\\b${argument}\\s*=\\s*${config.replace('.', '\\??\\.')}\\b`).test(text));
  if (!isConfig) return undefined;
  return !COUNTED.test(text.replaceAll(/\b(?:retry|refresh)\w*\(/gi, '('));
}

/** A mark on the request that it was sent before; to read one without ever setting it is no cap. */
const COUNTED =
  /(?:retr|sent|attempt|refreshed|count)\w*['"]?\]?\s*(?:[+|?]{0,2}=(?!=)|\+\+|:|\.(?:add|set)\()|\+\+[\w.]*(?:retr|attempt|count)/i;
const RETRIES = /^(?:retry|retries|maxRetries)$/;

/** The settings of a library that mean "for ever": rxjs's `retry()` after a request, `retry: true` of a query, `retries: Infinity`. */
function retriesForEver({ records }: Inspection, module: ModuleFacts, site: Site): boolean | undefined {
  const { node, scope, frame } = site;
  const name = calleeName(node) ?? '';
  if (name === 'retry') {
    const binding = findBinding(scope, name);
    if (binding?.kind !== 'import' || !binding.request.startsWith('rxjs')) return undefined;
    const pipe = frame.parent?.node;
    const asks =
      pipe !== undefined &&
      records.some(call => call.site.module === module && isInside(call.site.node, pipe));
    const [first] = node.arguments as SyntaxNode[];
    const isCounted =
      first !== undefined && (first.type !== 'ObjectExpression' || contains(first, isCount, false));
    return asks && !isCounted;
  }
  const isQuery = /(?:Query|Mutation|QueryClient|queryOptions|mutationOptions)$/.test(name);
  const found = (node.arguments as SyntaxNode[]).some(
    argument =>
      argument.type === 'ObjectExpression' &&
      contains(argument, inner => isEndlessSetting(inner, isQuery), false),
  );
  return found ? true : undefined;
}

function isCount(node: SyntaxNode): boolean {
  return node.type === 'Property' && keyOf(node) === 'count' && !isInfinity(node.value);
}

function isEndlessSetting(node: SyntaxNode, isQuery: boolean): boolean {
  if (node.type !== 'Property') return false;
  const key = keyOf(node);
  if (key === 'retry' && isQuery && node.value.type === 'Literal') return node.value.value === true;
  if (key === 'retry' && node.value.type === 'ObjectExpression')
    return contains(
      node.value,
      inner => inner.type === 'Property' && keyOf(inner) === 'limit' && isInfinity(inner.value),
    );
  return RETRIES.test(key) && isInfinity(node.value);
}

function keyOf({ key, computed }: Extract<SyntaxNode, { type: 'Property' }>): string {
  return keyName(key as SyntaxNode, computed) ?? '';
}

function isInfinity(node: SyntaxNode): boolean {
  return ['Infinity', 'Number.POSITIVE_INFINITY'].includes(chainText(node) ?? '');
}

function endlessLoops({ records }: Inspection, module: ModuleFacts): readonly FrontendFinding[] {
  return module.marks.flatMap(({ kind, node }) => {
    if (kind !== 'loop' || !isEndless(node)) return [];
    const text = sourceOf(module, node);
    const asks = records.some(({ site }) => site.module === module && isInside(site.node, node));
    const gives =
      /catch\s*(?:\([^)]*\))?\s*\{[^}]*\b(?:throw|return|break)\b/.test(text) ||
      /(?:attempt|retr|tries|count)\w*\s*[<>]=?/i.test(text);
    return asks && /\bcatch\b/.test(text) && !gives ? [uncapped(module, node)] : [];
  });
}

function isEndless(node: SyntaxNode): boolean {
  if (node.type === 'ForStatement') return node.test === null;
  if (node.type !== 'WhileStatement' && node.type !== 'DoWhileStatement') return false;
  return node.test.type === 'Literal' && node.test.value === true;
}
