import type { FunctionFacts, ModuleFacts, ParamOwner, Site } from '../read/module-facts.ts';
import { bare, memberName, type SyntaxNode } from '../read/syntax.ts';
import { fillDefaults, paramOwners } from '../values/bind.ts';
import type { Evaluator } from '../values/evaluator.ts';
import { type Arguments, literalOf, NO_ARGUMENTS, NOTHING, optionsOf, type Value } from '../values/value.ts';
import type { CallPlace, CallRecord, Floating, Invocation, Provisional } from './call-record.ts';
import { generatedRequest } from './generated-requests.ts';
import { prefixBefore } from './prefix-before.ts';
import { type RawRequest, requestsOf } from './request-models.ts';
import { readUrl, type UrlTemplate } from './url-template.ts';

/** What the body of a function leaves to its callers. */
interface Summary {
  readonly floating: Floating[];
  readonly invocations: Invocation[];
}

export interface CollectedCalls {
  readonly records: readonly CallRecord[];
  /** Which functions each function calls. */
  readonly callees: ReadonlyMap<FunctionFacts, ReadonlySet<FunctionFacts>>;
}

const MAX_DEPTH = 4;
/** More than a few calls of arguments in one function are a library's way of working, not a wrapper's. */
const MAX_INVOCATIONS = 12;
const MAX_FLOATING = 400;

/**
 * Finds the requests of all calls. Each function is looked at once: what depends on its arguments is handed to its
 * callers, who put theirs in its place and either know enough or hand it on.
 */
export class Collector {
  readonly #evaluator: Evaluator;
  readonly #summaries = new Map<FunctionFacts, Summary>();
  readonly #provisional: Provisional[] = [];
  readonly #floating: Floating[] = [];
  readonly #invocations: Invocation[] = [];
  readonly #callees = new Map<FunctionFacts, Set<FunctionFacts>>();
  readonly #pending = new Set<Site>();
  #constructions: readonly Arguments[] = [];

  constructor(evaluator: Evaluator) {
    this.#evaluator = evaluator;
  }

  collect(modules: Iterable<ModuleFacts>): CollectedCalls {
    const all = [...modules];
    for (const fn of all.flatMap(({ functions }) => functions)) this.#summary(fn);
    for (const site of all.flatMap(({ sites }) => sites)) if (site.fn === undefined) this.#visit(site);
    this.#constructions = constructions(this.#evaluator.constructed);
    for (const invocation of [...this.#invocations]) this.#settleInvocation(invocation);
    for (const floating of [...this.#floating]) this.#settle(floating);
    const records = this.#provisional
      .filter(({ specialised, generic }) => generic || !specialised)
      .map(({ record }) => record);
    return { records: distinctRecords(records), callees: this.#callees };
  }

  /** What nobody calls with arguments that are known is told with the defaults, or as it stands. */
  #settle({ consumed, recorded, request, site, origin, via }: Floating): void {
    if (consumed || recorded !== undefined || site.module.generated) return;
    for (const made of this.#constructions) {
      const bound = this.#bindRequest(request, made);
      const base = bound.base === undefined ? undefined : fillDefaults(bound.base);
      const filled = { ...bound, url: fillDefaults(bound.url), base };
      const [urls, hasFallback] = withoutFallbacks(filled);
      for (const [method, url] of combinations(optionsOf(fillDefaults(bound.method)), urls)) {
        const settled = { ...filled, method, url, hasFallback };
        this.#record(settled, readUrl(url, base), { site, origin, via });
      }
    }
  }

  #settleInvocation({ consumed, callee, args, at }: Invocation): void {
    if (consumed) return;
    const [constructed = NO_ARGUMENTS] = this.#constructions;
    const called = fillDefaults(this.#evaluator.bind(callee, constructed));
    if (called.kind === 'param' || called.kind === 'unknown') return;
    const given = args.map(value => fillDefaults(this.#evaluator.bind(value, constructed)));
    for (const option of optionsOf(called)) this.#call(option, given, at);
  }

  /** What calling a function does, found once. */
  #summary(fn: FunctionFacts): Summary {
    const known = this.#summaries.get(fn);
    if (known !== undefined) return known;
    const summary: Summary = { floating: [], invocations: [] };
    this.#summaries.set(fn, summary);
    for (const inner of fn.inner) this.#summary(inner);
    for (const site of fn.sites) this.#visit(site);
    const generated = generatedRequest(this.#evaluator, fn);
    if (generated !== undefined && fn.sites[0] !== undefined)
      this.#place(generated, { site: fn.sites[0], origin: fn.sites[0], via: [] }, undefined);
    return summary;
  }

  #visit(site: Site): void {
    if (this.#pending.has(site)) return;
    this.#pending.add(site);
    const { node, scope } = site;
    const callee = this.#evaluator.evaluate(node.callee, scope);
    if (callee.kind === 'unknown' && !mayTakeQuery(node)) return;
    const args = this.#evaluator.argumentsOf(node.arguments as SyntaxNode[], scope);
    for (const option of optionsOf(callee)) this.#call(option, args, { site, origin: site, via: [] });
  }

  #call(callee: Value, args: readonly Value[], at: CallPlace, depth = 0): void {
    if (depth > MAX_DEPTH) return;
    const requests = requestsOf(this.#evaluator, callee, args);
    if (requests !== undefined) {
      for (const request of requests) this.#expand(request, at, undefined);
      return;
    }
    if (callee.kind === 'function') this.#callFunction(callee.fn, callee.bound, args, at, depth);
    else if (callee.kind === 'class') this.#construct(callee, args, at, depth);
    else if (callee.kind === 'param') {
      const invocation: Invocation = { callee, args, at, consumed: false };
      const waiting = this.#enclosing(at.site, new Set([callee.owner]))?.invocations;
      if (waiting === undefined || waiting.length >= MAX_INVOCATIONS) return;
      waiting.push(invocation);
      this.#invocations.push(invocation);
    } else if (callee.kind === 'native' && callee.name === 'useSWR') this.#callFetcher(args, at, depth);
  }

  /** `useSWR(key, fetcher)` calls the fetcher with the key. */
  #callFetcher([key = NOTHING, fetcher]: readonly Value[], at: CallPlace, depth: number): void {
    if (fetcher?.kind !== 'function') return;
    const first = key.kind === 'list' ? (key.items[0] ?? NOTHING) : key;
    const called = key.kind === 'function' ? this.#evaluator.resultOf(key.fn) : first;
    for (const option of optionsOf(called))
      if (option.kind !== 'nothing') this.#callFunction(fetcher.fn, fetcher.bound, [option], at, depth + 1);
  }

  #construct(
    callee: Extract<Value, { kind: 'class' }>,
    args: readonly Value[],
    at: CallPlace,
    depth: number,
  ): void {
    const { construct } = callee.cls;
    if (construct !== undefined) this.#callFunction(construct, new Map(), args, at, depth);
  }

  #callFunction(
    fn: FunctionFacts,
    closure: Arguments,
    args: readonly Value[],
    at: CallPlace,
    depth: number,
  ): void {
    this.#connect(at.site.fn, fn);
    // A function that calls itself asks for nothing that its first call does not ask for.
    for (let outer = at.site.fn; outer !== undefined; outer = outer.parent) if (outer === fn) return;
    const bound = new Map<ParamOwner, readonly Value[]>([...closure, [fn, args]]);
    const summary = this.#summary(fn);
    for (const floating of [...summary.floating]) {
      floating.consumed = true;
      const request = this.#bindRequest(floating.request, bound);
      const via = fn.name === '' ? floating.via : [fn.name, ...floating.via];
      this.#expand(request, { site: at.site, origin: floating.origin, via }, floating.recorded);
    }
    for (const invocation of [...summary.invocations]) {
      invocation.consumed = true;
      const inner = invocation.args.map(value => this.#evaluator.bind(value, bound));
      const callee = this.#evaluator.bind(invocation.callee, bound);
      const { site, origin, via } = invocation.at;
      // A factory that is handed a client does not decide what its functions ask for.
      const isCallers = invocation.args.some(value => paramOwners(value).has(fn));
      const place = isCallers
        ? { site: at.site, origin, via: fn.name === '' ? via : [fn.name, ...via] }
        : { site, origin, via };
      this.#call(callee, inner, place, depth + 1);
    }
  }

  #connect(from: FunctionFacts | undefined, to: FunctionFacts): void {
    for (let at = from; at !== undefined; at = at.parent) {
      const known = this.#callees.get(at) ?? new Set();
      this.#callees.set(at, known.add(to));
    }
  }

  #bindRequest(request: RawRequest, bound: Arguments): RawRequest {
    const put = (value: Value) => this.#evaluator.bind(value, bound);
    const client =
      request.client?.base === undefined
        ? request.client
        : { ...request.client, base: put(request.client.base) };
    const url = put(request.url);
    if (url.kind === 'object' && client !== undefined) {
      const [configured] = requestsOf(this.#evaluator, { kind: 'client', client }, [url]) ?? [];
      if (configured !== undefined) return configured;
    }
    const method = put(request.method);
    return {
      ...{
        library: request.library,
        client,
        credentials: request.credentials,
        hasFallback: request.hasFallback === true,
      },
      method:
        literalOf(method) === undefined
          ? method
          : { kind: 'text', parts: [(literalOf(method) ?? '').toUpperCase()] },
      url: url.kind === 'request' ? url.url : url,
      base: request.base === undefined ? undefined : put(request.base),
      init: url.kind === 'request' && request.init.kind === 'nothing' ? url.init : put(request.init),
    };
  }

  /** Every combination of a few known methods and URLs is a request of its own. */
  #expand(request: RawRequest, at: CallPlace, recorded: Provisional | undefined): void {
    const bases: readonly (Value | undefined)[] =
      request.base === undefined ? [undefined] : optionsOf(request.base).slice(0, 1);
    const [urls, hasFallback] = withoutFallbacks(request);
    for (const [method, url] of combinations(optionsOf(request.method), urls))
      for (const base of bases)
        if (url.kind !== 'nothing') this.#place({ ...request, method, url, base, hasFallback }, at, recorded);
  }

  /** Records a request, hands it to the callers of the function around it, or both. */
  #place(request: RawRequest, at: CallPlace, recorded: Provisional | undefined): void {
    const template = readUrl(request.url, request.base);
    const inMethod = paramOwners(request.method);
    const needs = new Set([...template.open, ...inMethod]);
    const offers = new Set([...needs, ...template.segments, ...template.openBase]);
    const generated = at.site.module.generated;
    const enclosing = this.#enclosing(at.site, offers, generated);
    const mustWait = generated || (needs.size > 0 && enclosing !== undefined);
    const own = mustWait ? undefined : this.#recordOrRefine(request, template, at, recorded);
    if (enclosing === undefined || (!generated && offers.size === 0)) return;
    const floating: Floating = { request, ...at, recorded: own, consumed: false };
    if (enclosing.floating.length >= MAX_FLOATING) return;
    enclosing.floating.push(floating);
    this.#floating.push(floating);
  }

  #recordOrRefine(
    request: RawRequest,
    template: UrlTemplate,
    at: CallPlace,
    recorded: Provisional | undefined,
  ): Provisional | undefined {
    if (recorded === undefined) return this.#record(request, template, at);
    const { first } = recorded;
    const prefix = prefixBefore(first, template);
    if (prefix === undefined) {
      recorded.specialised = true;
      return this.#record(request, template, at);
    }
    recorded.generic = true;
    if (first.openBase.length > 0 && template.openBase.length === 0)
      this.#addBase(recorded, request, {
        ...{ ...first, base: template.base, openBase: [] },
        path: prefix + (first.path ?? ''),
        known: prefix + first.known,
      });
    return recorded;
  }

  /** What a caller knows of the base belongs to the place where the path is written; each further base is a call of its own. */
  #addBase(recorded: Provisional, request: RawRequest, template: UrlTemplate): void {
    const key = `${template.base.kind} ${template.base.value} ${template.known}`;
    if (recorded.bases.has(key)) return;
    recorded.bases.add(key);
    const { hasFallback = false } = request;
    const own = recorded.record.request;
    const record = { ...recorded.record, template, request: { ...own, client: request.client, hasFallback } };
    if (recorded.bases.size === 1) recorded.record = record;
    else this.#provisional.push({ ...recorded, record, first: template });
  }

  #record(request: RawRequest, template: UrlTemplate, at: CallPlace): Provisional {
    const own = request.method.kind === 'param' ? request.method.fallback : request.method;
    const record: CallRecord = { method: literalOf(own), template, request, ...at };
    const provisional: Provisional = {
      ...{ record, first: template, bases: new Set<string>() },
      ...{ specialised: false, generic: false },
    };
    this.#provisional.push(provisional);
    return provisional;
  }

  /** The innermost function around a place that has one of these arguments. */
  #enclosing(site: Site, owners: ReadonlySet<ParamOwner>, generated = false): Summary | undefined {
    if (generated) return site.fn === undefined ? undefined : this.#summaryOf(publicFunction(site.fn));
    for (let fn = site.fn; fn !== undefined; fn = fn.parent) {
      if (owners.has(fn)) return this.#summaryOf(fn);
      if (fn.parent === undefined && owners.size > 0) {
        const method = methodAround(site.fn);
        return method === undefined ? undefined : this.#summaryOf(method);
      }
    }
    return undefined;
  }

  #summaryOf(fn: FunctionFacts): Summary {
    const known = this.#summaries.get(fn);
    if (known !== undefined) return known;
    return this.#summary(fn);
  }
}

/** One set of arguments for each way in which classes are made, a few at most. */
function constructions(
  constructed: ReadonlyMap<ParamOwner, readonly (readonly Value[])[]>,
): readonly Arguments[] {
  const ways = Math.max(1, ...[...constructed.values()].map(({ length }) => length));
  return Array.from(
    { length: ways },
    (_, index) => new Map([...constructed].map(([owner, lists]) => [owner, lists[index] ?? lists[0] ?? []])),
  );
}

/** `request(id ? 'PUT' : 'POST', id ? a : b)`: as many methods as URLs belong together in their order; else every pair. */
function combinations(
  methods: readonly Value[],
  urls: readonly Value[],
): readonly (readonly [Value, Value])[] {
  if (methods.length === urls.length) return methods.map((method, index) => [method, urls[index] ?? NOTHING]);
  return methods.flatMap(method => urls.map(url => [method, url] as const));
}

/** One record for each place and target, however many ways lead to it. */
function distinctRecords(records: readonly CallRecord[]): readonly CallRecord[] {
  const seen = new Map<Site['node'], Set<string>>();
  return records.filter(({ site, method, template }) => {
    const known = seen.get(site.node) ?? new Set();
    seen.set(site.node, known);
    const key = `${method} ${template.base.kind} ${template.base.value} ${template.known}`;
    return !known.has(key) && known.add(key);
  });
}

/** `${env ?? 'http://localhost'}/users` is one request with a base that is always set. */
function withoutFallbacks({
  url,
  base,
  hasFallback,
}: RawRequest): readonly [urls: readonly Value[], hasFallback: boolean] {
  const urls = optionsOf(url);
  if (urls.length === 1)
    return [urls, hasFallback === true || (base !== undefined && optionsOf(base).length > 1)];
  const read = urls.map(option => ({ option, template: readUrl(option, base) }));
  const paths = read.flatMap(({ template }) => (template.base.kind === 'env' ? [template.known] : []));
  const fallen = read.flatMap(({ option, template }) =>
    template.base.kind !== 'env' && paths.some(path => template.known.endsWith(path)) ? [option] : [],
  );
  const set = hasFallback === true || (base !== undefined && optionsOf(base).length > 1) || fallen.length > 0;
  return [urls.filter(option => !fallen.includes(option)), set];
}

/** What is open in `this` or in a constructor waits for the callers of the method. */
function methodAround(site: FunctionFacts | undefined): FunctionFacts | undefined {
  let fn = site;
  while (fn?.parent !== undefined && fn.parent.cls === fn.cls) fn = fn.parent;
  return fn;
}

/** The function of a generated file that programs call: not the closures that it hands to a library. */
function publicFunction(fn: FunctionFacts): FunctionFacts {
  let at = fn;
  while (at.parent !== undefined && !isNamedProperty(at)) at = at.parent;
  return at;
}

function isNamedProperty(fn: FunctionFacts): boolean {
  const around = fn.frame?.parent?.node;
  if (around?.type !== 'Property' || around.key.type !== 'Identifier') return false;
  return !/^(?:queryFn|mutationFn|fn|fetcher)$/.test(around.key.name);
}

/** Whether a call of something unknown can still be a hook that takes a function with a request in it. */
function mayTakeQuery(node: Site['node']): boolean {
  const callee = bare(node.callee);
  return callee.type === 'Identifier' ? callee.name === 'useSWR' : memberName(callee) === 'useSWR';
}
